/** One line of the table: what is measured, against what, and what must come of it. */
export interface Row {
  readonly name: string;
  /** What it is held against, in the same run. */
  readonly against: string;
  readonly unit: 'orders/s' | 'orders' | 'ms' | 'MB' | 'kB' | '%';
  /** What the ratio of ours to theirs has to be. */
  readonly goal: { readonly at: 'least' | 'most'; readonly ratio: number };
  /** Runs that --quick takes; the others take at least five. */
  readonly quick: number;
  /** Where five tell no more than fewer: all or nothing is measured, or a history of hours. */
  readonly runs?: number;
  /** Needs a long history, and so only runs with --large. */
  readonly large?: boolean;
  /** One run of both, in a folder of its own. Throws where anything was not delivered exactly once, or `verify` finds something. */
  readonly measure: (folder: string, isQuick: boolean, histories: Histories) => Promise<Pair>;
}

/** Stations with many finished orders. Made once for all rows and runs, because that takes long: each run goes on where the last one ended. */
export interface Histories {
  /** The root of a station with at least so many. */
  of(finished: number): string;
}

export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** A row's figures over its runs. */
export interface Result {
  readonly name: string;
  readonly against: string;
  readonly unit: Row['unit'];
  readonly goal: Row['goal'];
  readonly runs: readonly Pair[];
  readonly ours: Spread;
  readonly theirs: Spread;
  readonly ratio: Spread;
  readonly met: boolean;
  /** The day of the measurement. */
  readonly at: string;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function resultOf(row: Row, runs: readonly Pair[], at: string): Result {
  const ratio = spread(runs.map(({ ours, theirs }) => ours / theirs));
  const { name, against, unit, goal } = row;
  const met = goal.at === 'least' ? ratio.median >= goal.ratio : ratio.median <= goal.ratio;
  return {
    name,
    against,
    unit,
    goal,
    runs,
    ours: spread(runs.map((run) => run.ours)),
    theirs: spread(runs.map((run) => run.theirs)),
    ratio,
    met,
    at,
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
  return { median, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}
