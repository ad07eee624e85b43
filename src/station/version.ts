import { fileURLToPath } from 'node:url';
import { fs } from '../platform/fs.ts';

/** Waybill's own version, from its package.json. */
export const VERSION: string = readVersion();

/** The program itself, absolute: what a service runs. */
export const ENTRY: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function readVersion(): string {
  const value: unknown = JSON.parse(
    fs.readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
  );
  return typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string'
    ? value.version
    : '0.0.0';
}
