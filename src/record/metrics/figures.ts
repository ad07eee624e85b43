import type { MetricsDocument } from '../../order/generated.ts';
import type { Flakes, Group, GroupName, Measured, Tally } from './tally.ts';

type Figures = Omit<MetricsDocument, 'v' | 'ok' | 'since' | 'until' | 'lane' | 'ledger'>;

/** A tally as people read it. Every rate has its n; what is of nothing is null. The same tally gives the same figures, in the same order. */
export function figuresOf(tally: Tally): Figures {
  const { groups, flakes, waivers } = tally;
  const failed = groups.orders.ended - groups.orders.done;
  const rejected = codes(tally.rejections);
  return {
    unattended_completion: byGroup(groups, ({ ended, unattended }) => share(ended, unattended)),
    first_pass: byGroup(groups, ({ ended, firstPass }) => share(ended, firstPass)),
    escalations: byGroup(groups, ({ ended, asks }) => ({ n: ended, count: asks, mean: ratio(ended, asks) })),
    selection_to_close_seconds: byGroup(groups, ({ close }) => spread(close)),
    reviews: [...tally.reviews]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([step, said]) => {
        const n = said.approved + said.needs_revision + said.rejected + said.escalate;
        return { step, n, ...said, rejection_rate: ratio(n, n - said.approved) };
      }),
    failures: { ...share(groups.orders.ended, failed), by_code: codes(tally.failures) },
    flakes: { checks: flakesOf(flakes.checks), steps: flakesOf(flakes.steps) },
    waivers: share(waivers.failed, waivers.waived),
    usage: { tokens: spread(tally.tokens), usd: spread(tally.usd) },
    rejections: { n: rejected.reduce((sum, { count }) => sum + count, 0), by_code: rejected },
    unfinished: tally.unfinished,
    left_out: tally.leftOut,
    purged: tally.purged,
    lost_records: tally.lostRecords,
  };
}

function byGroup<T>(groups: Tally['groups'], of: (group: Group) => T): Record<GroupName, T> {
  return { orders: of(groups.orders), missions: of(groups.missions), items: of(groups.items) };
}

function share(n: number, count: number) {
  return { n, count, rate: ratio(n, count) };
}

function flakesOf({ failed, flaky, sameCommit }: Flakes) {
  return { ...share(failed, flaky), same_commit: sameCommit };
}

function ratio(n: number, count: number): number | null {
  return n === 0 ? null : rounded(count / n);
}

/** The median is between the two in the middle; p90 is the smallest that nine of ten are not above. */
function spread({ values, unknown }: Measured) {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const at = (index: number) => sorted[index] ?? 0;
  const half = Math.floor(n / 2);
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    n,
    unknown,
    median: n === 0 ? null : rounded(n % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2),
    p90: n === 0 ? null : rounded(at(Math.ceil(n * 0.9) - 1)),
    mean: n === 0 ? null : rounded(sum / n),
  };
}

/** No digits that only the order of adding up has made. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function codes<C extends string | null>(counts: ReadonlyMap<C, number>): { code: C; count: number }[] {
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .sort((a, b) => b.count - a.count || ((a.code ?? '') < (b.code ?? '') ? -1 : 1));
}
