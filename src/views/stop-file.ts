import { join } from 'node:path';
import { exists, readIfThere } from '../platform/durable.ts';
import { lstatIfThere } from '../platform/fs.ts';
import type { Station } from '../station/station.ts';

/** The stop file, where it is there, and what stands in it. */
export function stopFileOf(station: Station): { path: string; text: string } | null {
  const path = join(station.layout.root, station.settings.missions.stopFile);
  if (!exists(path)) return null;
  const isFile = lstatIfThere(path)?.isFile() === true;
  return { path, text: isFile ? (readIfThere(path)?.toString('utf8').slice(0, 2000) ?? '') : '' };
}
