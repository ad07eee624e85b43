import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfThere } from '../platform/durable.ts';

/** From src/web/ and from dist/chunks/ alike. */
const FOLDER = fileURLToPath(new URL('../../dist/assets/', import.meta.url));

const [CSS, SCRIPT] = ['text/css; charset=utf-8', 'text/javascript; charset=utf-8'];

/** What every page is styled by: what all share, then a file for each page. A browser gets them as one. */
const STYLES = ['base', 'overview', 'orders', 'order', 'approvals', 'missions', 'guardrail', 'telemetry'];

/** What browsers may have, and the files it is made of. */
const FILES = {
  'style.css': { type: CSS, paths: STYLES.map((name) => `styles/${name}.css`) },
  'client.js': { type: SCRIPT, paths: ['client.js'] },
  'icon.svg': { type: 'image/svg+xml', paths: ['icon.svg'] },
  'charts.css': { type: CSS, paths: ['styles/charts.css'] },
  'charts.js': { type: SCRIPT, paths: ['charts.js'] },
  'uplot.css': { type: CSS, paths: ['vendor/uPlot.min.css'] },
  'uplot.js': { type: SCRIPT, paths: ['vendor/uPlot.iife.min.js'] },
} as const;
type Name = keyof typeof FILES;

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly hash: string;
}

const loaded = new Map<string, Asset>();

/** A file that browsers get as it is; null for names that are none of ours. */
export function asset(name: string): Asset | null {
  if (!Object.hasOwn(FILES, name)) return null;
  let found = loaded.get(name);
  if (found === undefined) {
    const { type, paths } = FILES[name as Name];
    const parts = paths.map((path) => readIfThere(join(FOLDER, path)));
    if (parts.includes(undefined)) return null;
    const bytes = Buffer.concat(parts.filter((part) => part !== undefined));
    found = { type, bytes, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
    loaded.set(name, found);
  }
  return found;
}

/** Its address, which is another one when its bytes are. */
export function assetUrl(name: Name): string {
  return `/assets/${name}?v=${asset(name)?.hash ?? ''}`;
}
