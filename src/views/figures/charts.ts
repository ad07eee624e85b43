import { OTHER } from './count.ts';
import type { Figures } from './figures.ts';
import { type Cell, RANGES, type Range } from './series.ts';
import { Sketch } from './sketch.ts';

/** So many codes or agents have a line of their own in a chart. */
const OWN_LINES = 5;

/** How long it took: what half, nine of ten, and all but one of a hundred are not above, in seconds within a tenth; null where there is none. */
export interface Percentiles {
  readonly n: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

export interface Ends {
  readonly received: number;
  readonly done: number;
  readonly failed: number;
  readonly rejected: number;
  readonly cancelled: number;
}

/** One step of time, or all of them together. */
export interface Step extends Ends {
  readonly waiting: Percentiles;
  readonly running: Percentiles;
  /** By the names of `codes`, in their order. */
  readonly failures: readonly number[];
  /** By the names of `agents`, in their order. */
  readonly tokens: readonly number[];
  readonly usd: readonly number[];
}

/** What charts are drawn of. */
export interface ChartData {
  readonly range: Range;
  readonly lane: string | null;
  /** Width of a step in seconds. */
  readonly step: number;
  /** Whether all of the ledger is read; before that, figures are too small. */
  readonly isWhole: boolean;
  /** The most frequent codes of failed orders, and `other` where there are more. */
  readonly codes: readonly string[];
  /** The agents that used most, and `other`. */
  readonly agents: readonly string[];
  readonly total: Step;
  /** The oldest first; `at`: when it begins, in seconds since 1970. */
  readonly steps: readonly (Step & { readonly at: number })[];
}

/** The figures of a range, of one lane or of all. As many steps as the range has, whatever happened. */
export function chartData(figures: Figures, range: Range, lane: string | null): ChartData {
  const read = figures.read(range, lane);
  const cells = read.flatMap((step) => step.cells);
  const codes = topOf(cells.flatMap((cell) => [...cell.failures]));
  const agents = topOf(cells.flatMap((cell) => [...cell.usage].map(([agent, { tokens }]) => [agent, tokens] as const)));
  return {
    range,
    lane,
    step: RANGES[range].step,
    isWhole: figures.isWhole,
    codes,
    agents,
    total: stepOf(cells, codes, agents),
    steps: read.map((step) => ({ at: step.at, ...stepOf(step.cells, codes, agents) })),
  };
}

/** Whether nothing at all happened. */
export function isEmpty({ total }: ChartData): boolean {
  const { received, done, failed, cancelled, tokens, usd } = total;
  return [received, done, failed, cancelled, ...tokens, ...usd].every((n) => n === 0);
}

/** The names with the largest sums, the largest first, and `other` for the rest where there is one. */
function topOf(pairs: readonly (readonly [name: string, n: number])[]): string[] {
  const sums = new Map<string, number>();
  for (const [name, n] of pairs) sums.set(name, (sums.get(name) ?? 0) + n);
  const names = [...sums].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([name]) => name);
  const own = names.filter((name) => name !== OTHER).slice(0, OWN_LINES);
  return own.length === names.length ? own : [...own, OTHER];
}

function stepOf(cells: readonly Cell[], codes: readonly string[], agents: readonly string[]): Step {
  const sum = (of: (cell: Cell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  return {
    received: sum((cell) => cell.received),
    done: sum((cell) => cell.done),
    failed: sum((cell) => cell.failed),
    rejected: sum((cell) => cell.rejected),
    cancelled: sum((cell) => cell.cancelled),
    waiting: percentiles(cells.map((cell) => cell.waiting)),
    running: percentiles(cells.map((cell) => cell.running)),
    failures: byName(
      codes,
      cells.flatMap((cell) => [...cell.failures]),
    ),
    tokens: byName(agents, usageOf(cells, 'tokens')),
    usd: byName(agents, usageOf(cells, 'usd')),
  };
}

function usageOf(cells: readonly Cell[], what: 'tokens' | 'usd'): [string, number][] {
  return cells.flatMap((cell) => [...cell.usage].map(([agent, used]): [string, number] => [agent, used[what]]));
}

/** The sum for each name; what has none of its own is added to `other`, the last one. */
function byName(names: readonly string[], pairs: readonly (readonly [string, number])[]): number[] {
  const sums = names.map(() => 0);
  for (const [name, n] of pairs) {
    const at = names.indexOf(name);
    const index = at < 0 ? names.length - 1 : at;
    sums[index] = (sums[index] ?? 0) + n;
  }
  return sums;
}

function percentiles(sketches: readonly Sketch[]): Percentiles {
  const all = new Sketch();
  for (const sketch of sketches) all.merge(sketch);
  return { n: all.n, p50: all.quantile(0.5), p90: all.quantile(0.9), p99: all.quantile(0.99) };
}
