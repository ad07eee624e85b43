import { ERROR_CODES } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type {
  DigestCode,
  DigestDocument,
  DigestLane,
  DigestOrder,
  DigestSlow,
  DigestTotals,
} from '../../order/generated.ts';
import { laneOf, type OrderLife } from '../../order/life.ts';
import { OrderCount, type StationSaid } from '../../record/metrics/order-count.ts';
import { CostCount, OpenStep, rounded } from './cost.ts';

/** The time of a digest, and the one of the same length before it, in ms since 1970. */
export interface Times {
  readonly before: number;
  readonly since: number;
  readonly until: number;
}

/** What the records of both times add up to. */
export type Folded = Pick<
  DigestDocument,
  | 'totals'
  | 'before'
  | 'failures'
  | 'rejections'
  | 'agents'
  | 'missions'
  | 'slowest'
  | 'lanes'
  | 'left_out'
  | 'lost_records'
>;

const MOST_CODES = 20;
const MOST_ORDERS = 5;
const MOST_AGENTS = 20;
const MOST_MISSIONS = 10;
const MOST_SLOW = 5;
const MOST_LANES = 10;

type Period = 'before' | 'now';
type Ended = 'done' | 'failed' | 'cancelled';

/** How an order ended in one of the times. */
interface End {
  readonly period: Period;
  readonly status: Ended;
  readonly code: string | null;
  readonly row: DigestOrder;
  readonly slow: DigestSlow;
}

/** An order while its records pass. */
interface Known {
  readonly count: OrderCount;
  readonly isDemo: boolean;
  readonly step: OpenStep;
  /** The time in which it was admitted. */
  received: Period | null;
}

/**
 * The records of two times of the same length, as a digest: pure, and in memory no more than the orders alive and those that failed in these times. What
 * `metrics` leaves out (canaries, bookkeeping, demos, dry runs, pings) is left out here.
 */
export class DigestFold {
  readonly #times: Times;
  #said: StationSaid;
  readonly #known = new Map<string, Known>();
  readonly #ends = new Map<string, End>();
  readonly #totals: Record<Period, DigestTotals> = { before: noTotals(), now: noTotals() };
  readonly #costs: Record<Period, CostCount> = { before: new CostCount(), now: new CostCount() };
  readonly #rejections = new Map<string, Rows>();
  readonly #lanes = new Map<string, DigestLane>();
  readonly #missions = new Map<string, { title: string; status: string }>();
  #slowest: DigestSlow[] = [];
  readonly #leftOut = { canaries: 0, bookkeeping: 0, demos: 0, dry_runs: 0, pings: 0 };
  #lostRecords = 0;

  /** `said`: what the station said of itself before the first record. */
  constructor(times: Times, said: StationSaid) {
    this.#times = times;
    this.#said = said;
  }

  /** Folds in one record; those of orders that began before the first must have come before. Throws ILLEGAL_TRANSITION for records that no station writes. */
  take(record: Recorded): void {
    const period = this.#periodOf(record.ts);
    if (record.event === 'opened')
      this.#said = { isDemo: record.data.demo === true, backlog: record.data.backlog ?? this.#said.backlog };
    if (record.event === 'gap' && period === 'now')
      this.#lostRecords += Math.max(0, record.data.seen_seq - record.data.after);
    if (record.event === 'rejected' && !this.#said.isDemo) this.#rejected(record, period);
    if (record.wo_id === null) return;
    const key = record.wo_id.toLowerCase();
    const known = this.#known.get(key) ?? this.#begin(record);
    if (known === null) return;
    this.#known.set(key, known);
    const before = known.count.life?.status ?? null;
    const used = known.step.take(record);
    known.count.take(record);
    if (used !== null && period !== null && !known.isDemo)
      this.#costs[period].add(record.wo_id, used.agent, used.usage);
    if (record.event === 'admitted' || (record.event === 'revised' && before === 'rejected')) known.received = period;
    // taken up again: it did not end in this time
    if (record.event === 'retried' || record.event === 'revised') this.#ends.delete(`${period ?? ''} ${key}`);
    if (known.count.isEnded && known.count.life?.status !== before) this.#ended(key, known, period);
  }

  /** All of it. The fold is over after that. */
  finish(): Folded {
    for (const known of this.#known.values()) this.#letGo(known);
    for (const end of this.#ends.values()) this.#countEnd(end);
    const failed = new Map<string, Rows>();
    for (const { period, status, code, row } of this.#ends.values())
      if (period === 'now' && status !== 'done') rowsOf(failed, code ?? '').add(row);
    const { now, before } = this.#costs;
    return {
      totals: withCost(this.#totals.now, now),
      before: withCost(this.#totals.before, before),
      failures: byCode(failed),
      rejections: byCode(this.#rejections),
      agents: now.agents(MOST_AGENTS),
      missions: now.missions(MOST_MISSIONS, (woId) => this.#missions.get(woId) ?? { title: '', status: '' }),
      slowest: this.#slowest,
      lanes: [...this.#lanes.values()].sort(byBusiness).slice(0, MOST_LANES),
      left_out: this.#leftOut,
      lost_records: this.#lostRecords,
    };
  }

  #begin(record: Recorded): Known | null {
    if (record.event !== 'admitted' && record.event !== 'rejected') return null;
    const count = new OrderCount(this.#said);
    return { count, isDemo: this.#said.isDemo, step: new OpenStep(), received: null };
  }

  #periodOf(ts: string): Period | null {
    const at = Date.parse(ts);
    const { before, since, until } = this.#times;
    if (!(at >= before) || at > until) return null;
    return at < since ? 'before' : 'now';
  }

  #rejected({ ts, wo_id: woId, data }: Extract<Recorded, { event: 'rejected' }>, period: Period | null): void {
    if (period === null) return;
    this.#totals[period].rejected++;
    if (period === 'before') return;
    this.#lane(data.lane).rejected++;
    const row = { wo_id: woId ?? data.declared_id, title: data.title ?? data.file, lane: data.lane, at: ts };
    rowsOf(this.#rejections, data.error.code).add({ ...row, message: data.error.message });
  }

  #ended(key: string, known: Known, period: Period | null): void {
    const { life } = known.count;
    if (life === null || life.status === 'rejected') return;
    if (period !== null && known.count.leftOut === null) this.#ends.set(`${period} ${key}`, endOf(life, period));
    if (period === 'now' && known.count.leftOut !== null) this.#leftOut[known.count.leftOut]++;
    if (!known.count.isFinal) return;
    // what is done stays done: nothing of it need be held
    this.#letGo(known);
    this.#known.delete(key);
    const end = this.#ends.get(`${period ?? ''} ${key}`);
    if (end === undefined) return;
    this.#countEnd(end);
    this.#ends.delete(`${period ?? ''} ${key}`);
  }

  /** What an order adds that is not its end. */
  #letGo({ count, received }: Known): void {
    const { life } = count;
    if (life === null || life.admitted === null) return;
    if (this.#costs.now.has(life.woId))
      this.#missions.set(life.woId, { title: life.admitted.title, status: life.status });
    if (received === null || count.leftOut !== null) return;
    this.#totals[received].received++;
    if (received === 'now') this.#lane(laneOf(life)).received++;
  }

  #countEnd({ period, status, slow }: End): void {
    this.#totals[period][status]++;
    if (period === 'before') return;
    this.#lane(slow.lane)[status]++;
    this.#slowest = [...this.#slowest, slow].sort((a, b) => b.seconds - a.seconds).slice(0, MOST_SLOW);
  }

  #lane(lane: string): DigestLane {
    const row = this.#lanes.get(lane) ?? { lane, received: 0, done: 0, failed: 0, cancelled: 0, rejected: 0 };
    this.#lanes.set(lane, row);
    return row;
  }
}

function noTotals(): DigestTotals {
  return { received: 0, done: 0, failed: 0, cancelled: 0, rejected: 0, tokens: 0, usd: 0, unknown_steps: 0 };
}

function withCost(totals: DigestTotals, { total }: CostCount): DigestTotals {
  return { ...totals, tokens: total.tokens, usd: rounded(total.usd), unknown_steps: total.unknown_steps };
}

function endOf(life: OrderLife, period: Period): End {
  const { woId, lastError: error } = life;
  const [title, lane, at] = [life.admitted?.title ?? '', laneOf(life), life.finishedAt ?? life.updatedAt];
  const status = life.status as Ended;
  return {
    period,
    status,
    code: error?.code ?? null,
    row: { wo_id: woId, title, lane, at, message: error?.message ?? '' },
    slow: {
      ...{ wo_id: woId, title, lane, status },
      seconds: secondsBetween(life.admitted?.received_at ?? at, at),
      worked_seconds: life.startedAt === null ? null : secondsBetween(life.startedAt, at),
    },
  };
}

/** A clock that was set back in between tells nothing. */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

/** How many ended with one code, and the newest of them. */
class Rows {
  count = 0;
  newest: DigestOrder[] = [];

  add(row: DigestOrder): void {
    this.count++;
    this.newest = [row, ...this.newest].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MOST_ORDERS);
  }
}

function rowsOf(map: Map<string, Rows>, code: string): Rows {
  const rows = map.get(code) ?? new Rows();
  map.set(code, rows);
  return rows;
}

function byCode(map: ReadonlyMap<string, Rows>): DigestCode[] {
  return [...map]
    .sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
    .slice(0, MOST_CODES)
    .map(([code, { count, newest }]) => ({
      code: code === '' ? null : code,
      what: Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as keyof typeof ERROR_CODES].what : null,
      count,
      orders: newest,
    }));
}

function byBusiness(a: DigestLane, b: DigestLane): number {
  const work = (row: DigestLane) => row.received + row.rejected + row.done + row.failed + row.cancelled;
  return work(b) - work(a) || (a.lane < b.lane ? -1 : 1);
}
