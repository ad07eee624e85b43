import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { BUNDLE } from '../scripts/bundle.ts';

/** A program of this folder as node can run it, bundled as `waybill` is, so that both start alike. */
export function program(name: string): string {
  const outfile = resolve(import.meta.dirname, '../.programs/bench', `${name}.js`);
  buildSync({ ...BUNDLE, entryPoints: [join(import.meta.dirname, `${name}.ts`)], outfile });
  return outfile;
}
