/**
 * Builds dist/: src/ and what it needs of npm in a few files, because each start of a process would read some five hundred otherwise, and
 * schemas/ as code, because compiling them takes longer than most commands. What dist/ holds: docs/decisions/0024-bundle.md.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { FormatsPlugin } from 'ajv-formats';
import { build } from 'esbuild';
import { BUNDLE } from './bundle.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
// as deep as dist/ itself
const FRESH = join(ROOT, 'dist.new');
const OLD = join(ROOT, 'dist.old');
const SCHEMAS = join(ROOT, 'schemas');
/** Packages that browsers get as they are, with their licences. */
const VENDOR = join(ROOT, 'src/web/assets/vendor');
const require = createRequire(import.meta.url);

for (const folder of [FRESH, OLD]) rmSync(folder, { recursive: true, force: true });
mkdirSync(FRESH);
const { metafile } = await build({
  ...BUNDLE,
  entryPoints: ['cli/main.ts', 'torture/victim.ts'].map((file) => join(ROOT, 'src', file)),
  outbase: join(ROOT, 'src'),
  outdir: FRESH,
  metafile: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
});
for (const file of readdirSync(SCHEMAS).filter((name) => name.endsWith('.schema.json'))) await buildValidator(file);
// what a browser gets, as it is
cpSync(join(ROOT, 'src/web/assets'), join(FRESH, 'assets'), { recursive: true });
writeFileSync(join(FRESH, 'THIRD-PARTY.txt'), notices(Object.keys(metafile.inputs)));
// a station may run from dist/ meanwhile: it has read its code, and schemas are away for an instant only
if (existsSync(DIST)) renameSync(DIST, OLD);
renameSync(FRESH, DIST);
rmSync(OLD, { recursive: true, force: true });

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
    outfile: join(FRESH, 'schemas', file.replace('.schema.json', '.cjs')),
  });
}

/** What the licences of the packages in the bundle ask for, and of what browsers get: their texts go with every copy. */
function notices(inputs: readonly string[]): string {
  const names = new Set(inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const bundled = [...names].sort().map((name) => {
    const folder = join(ROOT, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    if (texts.length === 0 && license === undefined) throw new Error(`${name} has no licence`);
    const text = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  // named <package>-<version>.LICENSE.txt
  const served = readdirSync(VENDOR)
    .filter((file) => file.endsWith('.LICENSE.txt'))
    .map((file) => {
      const name = file.replace('.LICENSE.txt', '').replace('-', ' ');
      return `${name}\n\n${readFileSync(join(VENDOR, file), 'utf8').trim()}\n`;
    });
  return [...bundled, ...served].join(`\n${'-'.repeat(80)}\n\n`);
}
