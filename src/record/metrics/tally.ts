import type { Verdict } from '../../order/mission.ts';

/**
 * What orders add to the metrics. Everything in it is counted, so that tallies of single orders, added up, are the tally of all of them; what
 * is computed of it (rates, medians) stands in figures.ts alone.
 */
export interface Tally {
  readonly groups: Readonly<Record<GroupName, Group>>;
  /** By the id of the step. */
  readonly reviews: ReadonlyMap<string, Reviews>;
  /** Orders that ended otherwise than done, by the code of their error; null where none is on record. */
  readonly failures: ReadonlyMap<string | null, number>;
  /** Drops that never became an order, by code. */
  readonly rejections: ReadonlyMap<string, number>;
  readonly flakes: Readonly<Record<'checks' | 'steps', Flakes>>;
  readonly waivers: { readonly failed: number; readonly waived: number };
  /** Of missions that are done. */
  readonly tokens: Measured;
  readonly usd: Measured;
  readonly leftOut: LeftOut;
  readonly unfinished: number;
  readonly purged: number;
  /** Records that the ledger lost, as far as anything tells. */
  readonly lostRecords: number;
}

/** Every order; of these the missions; and those of items of a backlog. */
export type GroupName = 'orders' | 'missions' | 'items';

export interface Group {
  readonly ended: number;
  readonly done: number;
  /** Done, and no person decided anything on the way. */
  readonly unattended: number;
  /** Done at the first try, with nothing sent back and nothing failed. */
  readonly firstPass: number;
  /** How often people were asked. */
  readonly asks: number;
  /** Seconds from admitted to done. */
  readonly close: Measured;
}

/** Numbers, and how many more are not known. */
export interface Measured {
  readonly values: readonly number[];
  readonly unknown: number;
}

export type Reviews = Readonly<Record<Verdict, number>>;

export interface Flakes {
  readonly failed: number;
  /** Of these: passed later, with the same changes. */
  readonly flaky: number;
  /** Of these again: on the same commit. */
  readonly sameCommit: number;
}

export interface LeftOut {
  readonly canaries: number;
  readonly bookkeeping: number;
  readonly demos: number;
  readonly dry_runs: number;
  readonly pings: number;
}

const NOTHING: Measured = { values: [], unknown: 0 };
export const NO_GROUP: Group = { ended: 0, done: 0, unattended: 0, firstPass: 0, asks: 0, close: NOTHING };
const NO_REVIEWS: Reviews = { approved: 0, needs_revision: 0, rejected: 0, escalate: 0 };

export const EMPTY: Tally = {
  groups: { orders: NO_GROUP, missions: NO_GROUP, items: NO_GROUP },
  reviews: new Map(),
  failures: new Map(),
  rejections: new Map(),
  flakes: { checks: { failed: 0, flaky: 0, sameCommit: 0 }, steps: { failed: 0, flaky: 0, sameCommit: 0 } },
  waivers: { failed: 0, waived: 0 },
  tokens: NOTHING,
  usd: NOTHING,
  leftOut: { canaries: 0, bookkeeping: 0, demos: 0, dry_runs: 0, pings: 0 },
  unfinished: 0,
  purged: 0,
  lostRecords: 0,
};

/** Adds up tallies one by one; costs what is added, not what was added before. */
export class Sum {
  #total: Tally = EMPTY;
  readonly #lists = new Map<string, { values: number[]; unknown: number }>();

  add(tally: Tally): void {
    const { groups, flakes, waivers, leftOut } = this.#total;
    const group = (name: GroupName): Group => {
      const { close, ...counts } = tally.groups[name];
      return { ...plus(groups[name], counts), close: this.#append(name, close) };
    };
    this.#total = {
      groups: { orders: group('orders'), missions: group('missions'), items: group('items') },
      reviews: merged(this.#total.reviews, tally.reviews, (a = NO_REVIEWS, b) => plus(a, b)),
      failures: merged(this.#total.failures, tally.failures, (a = 0, b) => a + b),
      rejections: merged(this.#total.rejections, tally.rejections, (a = 0, b) => a + b),
      flakes: { checks: plus(flakes.checks, tally.flakes.checks), steps: plus(flakes.steps, tally.flakes.steps) },
      waivers: plus(waivers, tally.waivers),
      tokens: this.#append('tokens', tally.tokens),
      usd: this.#append('usd', tally.usd),
      leftOut: plus(leftOut, tally.leftOut),
      unfinished: this.#total.unfinished + tally.unfinished,
      purged: this.#total.purged + tally.purged,
      lostRecords: this.#total.lostRecords + tally.lostRecords,
    };
  }

  get total(): Tally {
    return this.#total;
  }

  #append(name: string, { values, unknown }: Measured): Measured {
    const list = this.#lists.get(name) ?? { values: [], unknown: 0 };
    this.#lists.set(name, list);
    for (const value of values) list.values.push(value);
    list.unknown += unknown;
    return list;
  }
}

/** The first with every number of the second added. */
function plus<T extends object>(a: T, b: { readonly [K in keyof T]?: T[K] }): T {
  const sums = Object.entries(b).map(([key, n]) => [key, Number(a[key as keyof T] ?? 0) + Number(n)]);
  return { ...a, ...(Object.fromEntries(sums) as Partial<T>) };
}

function merged<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  add: (a: V | undefined, b: V) => V,
): ReadonlyMap<K, V> {
  if (b.size === 0) return a;
  const both = new Map(a);
  for (const [key, value] of b) both.set(key, add(both.get(key), value));
  return both;
}

export function reviewsWith(reviews: Reviews | undefined, verdict: Verdict): Reviews {
  return plus(reviews ?? NO_REVIEWS, { [verdict]: 1 });
}
