import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfThere } from '../platform/durable.ts';

/** From src/web/ and from dist/chunks/ alike. */
const FOLDER = fileURLToPath(new URL('../../dist/assets/', import.meta.url));

const TYPES = {
  'style.css': 'text/css; charset=utf-8',
  'client.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;
type Name = keyof typeof TYPES;

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly hash: string;
}

const loaded = new Map<string, Asset>();

/** A file that browsers get as it is; null for names that are none of ours. */
export function asset(name: string): Asset | null {
  if (!Object.hasOwn(TYPES, name)) return null;
  let found = loaded.get(name);
  if (found === undefined) {
    const bytes = readIfThere(join(FOLDER, name));
    if (bytes === undefined) return null;
    found = { type: TYPES[name as Name], bytes, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
    loaded.set(name, found);
  }
  return found;
}

/** Its address, which is another one when its bytes are. */
export function assetUrl(name: Name): string {
  return `/assets/${name}?v=${asset(name)?.hash ?? ''}`;
}
