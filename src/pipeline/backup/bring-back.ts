import { placeOf } from '../../git/exchange.ts';
import { asWaybillError } from '../../order/error.ts';
import type { Log } from '../../platform/log.ts';
import { lastBackup } from '../../record/backup-report.ts';
import type { Station } from '../../station/station.ts';
import { continueFrom } from './continue.ts';

/** A start does not wait longer for what a place that answers has to send. */
const FETCH_MS = 5 * 60_000;

/**
 * Brings back what the backup that settings name, or the last one that was made, has beyond our ledger: for a start that finds its `.git` older than what lies outside.
 * Under the station's lock, before the ledger is open. Null when there is no backup, when it can't be reached in 30 seconds, and when it has
 * nothing newer, or tells another history (which is said); then the ledger is as it was.
 */
export async function bringBack(station: Station, log: Log): Promise<{ records: number; to: string } | null> {
  // a backup that somebody made by hand is as good
  const to = station.settings.backup.to ?? lastBackup(station)?.to ?? null;
  if (to === null) {
    log.warn('no backup is known that could have them');
    return null;
  }
  log.info({ from: to }, 'the backup is asked for them');
  try {
    const place = await placeOf(station.repo.git, to, station.layout.root);
    const { records, missing } = await continueFrom(station, place, { timeoutMs: FETCH_MS });
    if (missing.length > 0) log.warn({ orders: missing }, 'the backup does not hold the requests of these orders');
    return records === 0 ? null : { records, to: place.shown };
  } catch (thrown) {
    const error = asWaybillError(thrown);
    // a fault of this disk is no answer about the backup
    if (error.code === 'IO_ERROR' || error.code === 'INTERNAL') throw thrown;
    log.warn({ code: error.code }, `nothing was brought back from the backup: ${error.message}`);
    return null;
  }
}
