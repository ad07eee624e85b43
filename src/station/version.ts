import { fileURLToPath } from 'node:url';
import { fs } from '../platform/fs.ts';

/** Waybill's own version, from its package.json. */
export const VERSION: string = readVersion();

/** The program itself, absolute: what a service runs. */
export const ENTRY: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function readPackage(): unknown {
  return JSON.parse(fs.readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
}

/** The oldest Node that Waybill runs on, as its package.json has it: [20, 19] for `>=20.19`. */
export function oldestNode(): readonly [major: number, minor: number] {
  const [, major, minor] = /"node":">=(\d+)\.(\d+)/.exec(JSON.stringify(readPackage())) ?? [];
  return [Number(major ?? 20), Number(minor ?? 0)];
}

function readVersion(): string {
  const value = readPackage();
  return typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string'
    ? value.version
    : '0.0.0';
}
