import type { BuildOptions } from 'esbuild';

/** How src/ is bundled, in dist/ and where a test needs a program of its own made of it. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // native code stays where npm puts it, and so does what holds code under the LGPL
  external: ['fs-native-extensions', 'isomorphic-git'],
  // first the form in which a package can be taken apart; some are CommonJS, and ask for a require that modules don't have
  mainFields: ['module', 'main'],
  banner: {
    js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
  },
  // names of functions and files in stack traces; the sources themselves are in the repository
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;
