import { join } from 'node:path';
import type { Station } from '../station/station.ts';

/** Where the answer to an order stands. */
export function resultPath(station: Station, lane: string, woId: string): string {
  return join(station.layout.outbox, lane, `${woId}.result.json`);
}
