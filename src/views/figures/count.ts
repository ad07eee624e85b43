import { plain } from '../words.ts';

/** What stands for all values of a label beyond those that are told apart. */
export const OTHER = 'other';
/** So much of a value is shown. */
const LABEL = 64;

/** A text from records as the value of a label: one line, of bounded length. Texts that differ in nothing but that are one. */
export function labelText(text: string): string {
  return [
    ...plain(text.slice(0, 2 * LABEL))
      .replace(/\s+/g, ' ')
      .trim(),
  ]
    .slice(0, LABEL)
    .join('');
}

/** The values of one label, as many as are told apart: whoever can drop orders could name a new one with each. */
export class LabelValues {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** The value as it is told: itself, or `other` where there are too many. */
  of(text: string): string {
    const value = labelText(text);
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return OTHER;
    this.#known.add(value);
    return value;
  }
}

/** A number that only grows, for each combination of values of its labels. */
export class Count {
  readonly #rows = new Map<string, { readonly values: readonly string[]; n: number }>();

  add(values: readonly string[], n = 1): void {
    const key = values.join('\0');
    const row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, { values, n });
    else row.n += n;
  }

  /** By the values of the labels. */
  rows(): { readonly values: readonly string[]; readonly n: number }[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}

/** Seconds in fixed buckets, as Prometheus counts them: each bucket holds what is not above its bound. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #n = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(seconds: number): void {
    const at = this.bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
    this.#n++;
  }

  get sum(): number {
    return this.#sum;
  }

  get n(): number {
    return this.#n;
  }

  /** How many are not above each bound. */
  cumulated(): number[] {
    let sum = 0;
    return this.#counts.map((n) => {
      sum += n;
      return sum;
    });
  }
}
