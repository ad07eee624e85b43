/**
 * Builds dist/: src/ and what it needs of npm in a few files, because each start of a process would read some five hundred otherwise, and
 * schemas/ as code, because compiling them takes longer than most commands. What dist/ holds: docs/decisions/0024-bundle.md.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { FormatsPlugin } from 'ajv-formats';
import { build } from 'esbuild';
import { BUNDLE } from './bundle.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const SCHEMAS = join(ROOT, 'schemas');
const require = createRequire(import.meta.url);

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST, { recursive: true });
await build({
  ...BUNDLE,
  entryPoints: ['cli/main.ts', 'torture/victim.ts'].map((file) => join(ROOT, 'src', file)),
  outbase: join(ROOT, 'src'),
  outdir: DIST,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
});
for (const file of readdirSync(SCHEMAS).filter((name) => name.endsWith('.schema.json'))) await buildValidator(file);

/** A file without imports that exports the validator of one schema. */
async function buildValidator(file: string): Promise<void> {
  const { Ajv2020: Ajv } = require('ajv/dist/2020.js') as { Ajv2020: new (options: object) => Ajv2020 };
  const ajv = new Ajv({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
    discriminator: true,
    verbose: true,
    code: { source: true, lines: true },
  });
  (require('ajv-formats') as { default: FormatsPlugin }).default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as object);
  const { default: standaloneCode } = require('ajv/dist/standalone/index.js') as {
    default: (ajv: Ajv2020, validate: unknown) => string;
  };
  await build({
    stdin: { contents: standaloneCode(ajv, validate), resolveDir: ROOT },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: BUNDLE.target,
    logLevel: 'warning',
    outfile: join(DIST, 'schemas', file.replace('.schema.json', '.cjs')),
  });
}
