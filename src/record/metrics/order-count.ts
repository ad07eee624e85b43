import { DRIFT_TAG, isBookkeeping, MARK_TAG } from '../../order/bookkeeping.ts';
import { CANARY_TAG, isCanary } from '../../order/canary.ts';
import type { Recorded } from '../../order/event.ts';
import { advance, laneOf, type OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { FlakeCount } from './flakes.ts';
import { EMPTY, type Group, NO_GROUP, type Reviews, reviewsWith, type Tally } from './tally.ts';
import { measured, UsageCount } from './usage.ts';
import { WaiverCount } from './waivers.ts';

/** Orders of items of a backlog are called so; the one that only marks an item as done is none. */
const ITEM = /^BL-.*(?<!-done)$/i;

/** What the station said of itself when it took the order. */
export interface StationSaid {
  /** It only shows things. */
  readonly isDemo: boolean;
  /** The files of its backlog. */
  readonly backlog: readonly string[];
}

/** One order as its records pass: its life, and what is counted of it. */
export class OrderCount {
  #life: OrderLife | null = null;
  readonly #station: StationSaid;
  #admittedAt: string | null = null;
  #decisions = 0;
  #asks = 0;
  #isAgain = false;
  #isPurged = false;
  readonly #reviews = new Map<string, Reviews>();
  readonly #flakes = new FlakeCount();
  readonly #waivers = new WaiverCount();
  readonly #usage = new UsageCount();

  constructor(station: StationSaid) {
    this.#station = station;
  }

  /** How it stands after what was folded in; null before its first record. */
  get life(): OrderLife | null {
    return this.#life;
  }

  /** Why it counts nowhere, as far as its records go; null where it counts. */
  get leftOut(): keyof Tally['leftOut'] | null {
    return this.#life === null ? null : this.#leftOut(this.#life);
  }

  get lane(): string {
    return this.#life === null ? '' : laneOf(this.#life);
  }

  /** Ended, as far as its records go. */
  get isEnded(): boolean {
    return this.#life !== null && isTerminal(this.#life.status);
  }

  /** Whether it can never be anything else. */
  get isFinal(): boolean {
    return this.#life?.status === 'done';
  }

  /** When it ended. Null for an order that goes on. */
  get endedAt(): string | null {
    return this.isEnded ? (this.#life?.finishedAt ?? null) : null;
  }

  /** Folds in one record of the order. Throws ILLEGAL_TRANSITION. */
  take(record: Recorded): void {
    const before = this.#life;
    this.#flakes.take(before, record);
    this.#waivers.take(before, record);
    this.#usage.take(record);
    this.#decisions += isDecision(before, record) ? 1 : 0;
    this.#isPurged ||= record.purged === true;
    this.#life = advance(before, record);
    switch (record.event) {
      case 'admitted':
        this.#admittedAt = record.ts;
        break;
      case 'revised':
        // from a rejection: it is the first that was admitted
        if (before?.status === 'rejected') this.#admittedAt = record.ts;
        else this.#isAgain = true;
        break;
      case 'waits':
        this.#asks += record.data.ask === undefined ? 0 : 1;
        break;
      case 'retried':
        this.#isAgain = true;
        break;
      case 'failed':
        this.#isAgain ||= record.to === 'parked';
        break;
      case 'stepped': {
        const { step, ok, failure, verdict } = record.data;
        this.#isAgain ||= (!ok && failure !== null) || (verdict !== null && verdict !== 'approved');
        if (ok && verdict !== null) this.#reviews.set(step, reviewsWith(this.#reviews.get(step), verdict));
        break;
      }
    }
  }

  /** What the order adds, as it stands now. A drop that was rejected is no order yet, and adds nothing here. */
  get tally(): Tally {
    const life = this.#life;
    if (life === null || life.admitted === null || life.status === 'rejected') return EMPTY;
    if (!this.isEnded) return this.#station.isDemo ? EMPTY : { ...EMPTY, unfinished: 1 };
    const leftOut = this.#leftOut(life);
    if (leftOut !== null) return { ...EMPTY, leftOut: { ...EMPTY.leftOut, [leftOut]: 1 } };
    const group = this.#group(life);
    const isMission = life.admitted.type === 'mission';
    const isDone = life.status === 'done';
    return {
      ...EMPTY,
      groups: {
        orders: group,
        missions: isMission ? group : NO_GROUP,
        items: ITEM.test(life.woId) ? group : NO_GROUP,
      },
      reviews: this.#reviews,
      failures: isDone ? new Map() : new Map([[life.lastError?.code ?? null, 1]]),
      flakes: this.#flakes.counts,
      waivers: { failed: this.#waivers.failed, waived: this.#waivers.waived },
      ...(isMission && isDone && this.#usage.isAny ? { tokens: this.#usage.tokens, usd: this.#usage.usd } : {}),
      purged: this.#isPurged ? 1 : 0,
    };
  }

  /** Why its end counts nowhere; null where it counts. */
  #leftOut(life: OrderLife): keyof Tally['leftOut'] | null {
    if (this.#station.isDemo) return 'demos';
    const tagged = this.#isPurged ? withTags(life) : life;
    if (isCanary(tagged)) return 'canaries';
    if (isBookkeeping(tagged, this.#station.backlog)) return 'bookkeeping';
    if (life.admitted?.dry_run === true) return 'dry_runs';
    return life.admitted?.type === 'ping' ? 'pings' : null;
  }

  #group(life: OrderLife): Group {
    const isDone = life.status === 'done';
    const seconds = (Date.parse(life.finishedAt ?? '') - Date.parse(this.#admittedAt ?? '')) / 1000;
    return {
      ended: 1,
      done: isDone ? 1 : 0,
      unattended: isDone && this.#decisions === 0 ? 1 : 0,
      firstPass: isDone && !this.#isAgain ? 1 : 0,
      asks: this.#asks,
      // a clock that was set back in between tells nothing
      close: isDone ? measured(seconds >= 0 ? seconds : null) : NO_GROUP.close,
    };
  }
}

/** What was purged has no tags any more; all else that makes a canary, or bookkeeping, is still there. */
function withTags(life: OrderLife): OrderLife {
  const tags = [CANARY_TAG, MARK_TAG, DRIFT_TAG];
  return life.admitted === null ? life : { ...life, admitted: { ...life.admitted, tags } };
}

/** Whether a person, or somebody whom the station cannot tell from one, decided how the order goes on. */
function isDecision(before: OrderLife | null, record: Recorded): boolean {
  switch (record.event) {
    case 'approved':
    case 'denied':
    case 'retried':
    case 'cancelled':
      return true;
    case 'revised':
      return before?.status !== 'rejected';
    case 'released':
      // a hold without an end is ended by a person alone
      return record.data.why.startsWith('released by ') || (before?.waitingFor === 'hold' && before.until === null);
    default:
      return false;
  }
}
