import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { BUNDLE } from '../../scripts/bundle.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const built = new Map<string, string>();

/**
 * A program of tests/pipeline/fixtures/ that is made of src/ itself, bundled as `waybill` is, so that it starts as fast. Returns the path of
 * what node can run, as long as this process lives.
 */
export function program(name: string): string {
  const known = built.get(name);
  if (known !== undefined) return known;
  // as deep as dist/chunks/, so that it finds schemas and package.json by the same relative path
  const outfile = join(ROOT, '.programs/tests', `${name}-${process.pid}.js`);
  buildSync({
    ...BUNDLE,
    sourcemap: 'inline',
    entryPoints: [join(ROOT, 'tests/pipeline/fixtures', `${name}.ts`)],
    outfile,
  });
  process.once('exit', () => rmSync(outfile, { force: true }));
  built.set(name, outfile);
  return outfile;
}
