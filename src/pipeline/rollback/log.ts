import { dirname, join } from 'node:path';
import { now } from '../../platform/clock.ts';
import { LineAppender } from '../../platform/jsonl.ts';
import type { Station } from '../../station/station.ts';

/** What became of one path. */
export interface RollbackLine {
  readonly outcome: string;
  readonly path: string;
}

/** The log of today's rollbacks, beside the alerts, where the seed's history looks for it. */
export function rollbackLogPath(station: Station, at = now()): string {
  return join(dirname(station.layout.alerts), `rollback_${at.slice(0, 10)}.log`);
}

/**
 * Appends one line a path, synced: `[time] rollback WHAT by USER order WO-ROLLBACK-…: restored PATH`. No value can start a line of its own.
 */
export function logRollback(
  station: Station,
  about: { readonly what: string; readonly by: string; readonly order: string | null },
  lines: readonly RollbackLine[],
): void {
  const at = now();
  const log = new LineAppender(rollbackLogPath(station, at));
  try {
    const start = `[${at}] rollback ${about.what} by ${about.by} order ${about.order ?? 'none'}`;
    log.append(lines.map(({ outcome, path }) => `${start}: ${outcome} ${path}`.replace(/\p{Cc}/gu, '\ufffd')));
    log.sync();
  } finally {
    log.close();
  }
}
