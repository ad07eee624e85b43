import type { MetricsDocument } from '../../order/generated.ts';
import { readLedger, readLedgerBackwards } from '../ledger.ts';
import { figuresOf } from './figures.ts';
import { MetricsFold, type Wanted } from './fold.ts';

export interface MetricsAsked extends Wanted {
  /** As the ledger stood at this time, in milliseconds since 1970; null: as it stands. */
  readonly until: number | null;
}

/** The records by which an order that ended is taken up again. A line that begins unlike those we write is read, whatever it is. */
const RETURNS = /^(?!\{"v":1,"seq":\d{1,16},"ts":"[^"]{1,40}","event":"(?!retried"|revised")\w+")/;

/**
 * The metrics of a ledger folder, and of nothing else on disk: also of a copy, and while a station writes to it. Reads all of it, and holds the
 * orders that are alive. Throws LEDGER_BROKEN, NEWER_VERSION.
 */
export function readMetrics(ledger: string, asked: MetricsAsked): MetricsDocument {
  const newest = readLedgerBackwards(ledger).next().value?.seq ?? 0;
  const fold = new MetricsFold(asked, returning(ledger));
  let head: MetricsDocument['ledger'] = null;
  for (const record of readLedger(ledger, 1)) {
    // what came since then is not known to the look before; and a ledger as it stood has no records of later
    if (record.seq > newest || (asked.until !== null && Date.parse(record.ts) >= asked.until)) break;
    fold.take(record);
    head = { seq: record.seq, hash: record.hash };
  }
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    v: 1,
    ok: true,
    since: time(asked.since),
    until: time(asked.until),
    lane: asked.lane,
    ledger: head,
    ...figuresOf(fold.finish()),
  };
}

/** Tells of an order that just ended whether it is taken up again; each is asked once for each end. */
function returning(ledger: string): (woId: string) => boolean {
  const times = new Map<string, number>();
  for (const { event, wo_id: woId } of readLedger(ledger, 1, RETURNS))
    if (woId !== null && (event === 'retried' || event === 'revised'))
      times.set(woId.toLowerCase(), (times.get(woId.toLowerCase()) ?? 0) + 1);
  return (woId) => {
    const left = times.get(woId) ?? 0;
    if (left <= 1) times.delete(woId);
    else times.set(woId, left - 1);
    return left > 0;
  };
}
