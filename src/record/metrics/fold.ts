import { BACKLOG_FILES } from '../../order/bookkeeping.ts';
import type { Recorded } from '../../order/event.ts';
import { OrderCount, type StationSaid } from './order-count.ts';
import { EMPTY, Sum, type Tally } from './tally.ts';

/** Which orders count. */
export interface Wanted {
  /** Those that ended at this time or later, in milliseconds since 1970; null: all. */
  readonly since: number | null;
  /** Those of this lane; null: of every lane. */
  readonly lane: string | null;
}

/**
 * The records of a ledger, one after the other, as a tally of the orders in them. Holds the orders that are alive, and of those that ended the
 * ones that `returns` says are taken up again, asked once for each end; without it, every one that could be.
 */
export class MetricsFold {
  readonly #wanted: Wanted;
  readonly #returns: (woId: string) => boolean;
  readonly #held = new Map<string, OrderCount>();
  readonly #sum = new Sum();
  /** As the station said at the start of the run that is being read. */
  #station: StationSaid = { isDemo: false, backlog: BACKLOG_FILES };

  constructor(wanted: Wanted, returns: (woId: string) => boolean = () => true) {
    this.#wanted = wanted;
    this.#returns = returns;
  }

  /** How many orders are held in memory. */
  get held(): number {
    return this.#held.size;
  }

  /** Folds in one record. Throws ILLEGAL_TRANSITION for records that no station writes. */
  take(record: Recorded): void {
    if (record.event === 'opened')
      this.#station = { isDemo: record.data.demo === true, backlog: record.data.backlog ?? BACKLOG_FILES };
    if (record.event === 'rejected') this.#rejected(record);
    if (record.event === 'gap' && this.#isInTime(record.ts))
      this.#sum.add({ ...EMPTY, lostRecords: Math.max(0, record.data.seen_seq - record.data.after) });
    if (record.wo_id === null) return;
    const key = record.wo_id.toLowerCase();
    const isBirth = record.event === 'admitted' || record.event === 'rejected';
    // what is still told of one that ended, and was counted: that it was dropped again, or purged
    const count = this.#held.get(key) ?? (isBirth ? new OrderCount(this.#station) : null);
    if (count === null) return;
    const wasEnded = count.isEnded;
    count.take(record);
    this.#held.set(key, count);
    // one that is held though it ended is taken up again: what is told of it meanwhile is no other end
    if (wasEnded || !count.isEnded || (!count.isFinal && this.#returns(key))) return;
    this.#count(count);
    this.#held.delete(key);
  }

  /** All that was counted, with those that are alive. The fold is over after that. */
  finish(): Tally {
    for (const count of this.#held.values()) this.#count(count);
    this.#held.clear();
    return this.#sum.total;
  }

  #count(count: OrderCount): void {
    if (this.#wanted.lane !== null && count.lane !== this.#wanted.lane) return;
    if (count.endedAt !== null && !this.#isInTime(count.endedAt)) return;
    this.#sum.add(count.tally);
  }

  #rejected({ ts, data }: Extract<Recorded, { event: 'rejected' }>): void {
    if (this.#station.isDemo || !this.#isInTime(ts)) return;
    if (this.#wanted.lane !== null && data.lane !== this.#wanted.lane) return;
    this.#sum.add({ ...EMPTY, rejections: new Map([[data.error.code, 1]]) });
  }

  #isInTime(ts: string): boolean {
    return this.#wanted.since === null || Date.parse(ts) >= this.#wanted.since;
  }
}
