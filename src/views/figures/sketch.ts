/** Each bucket reaches so many times as far as the one before it: a quantile is off by at most a tenth. */
const GROWTH = 1.2;
/** Everything below is one bucket, in seconds. */
const LEAST = 0.001;
/** Buckets: the last one begins after some thousand years. */
const MOST = 180;

/** How values are spread, in buckets that grow with them: a few hundred bytes whatever comes, and two of them added up are one. Seconds. */
export class Sketch {
  readonly #counts = new Map<number, number>();
  #n = 0;

  get n(): number {
    return this.#n;
  }

  add(seconds: number): void {
    const at = bucketOf(seconds);
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
    this.#n++;
  }

  /** Adds what another one has counted. */
  merge(other: Sketch): void {
    for (const [at, n] of other.#counts) this.#counts.set(at, (this.#counts.get(at) ?? 0) + n);
    this.#n += other.#n;
  }

  /** The value that this share of all is not above, within a tenth; null where there is none. `share` from 0 to 1. */
  quantile(share: number): number | null {
    if (this.#n === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#n));
    let below = 0;
    for (const at of [...this.#counts.keys()].sort((a, b) => a - b)) {
      below += this.#counts.get(at) ?? 0;
      if (below >= rank) return middleOf(at);
    }
    return null;
  }
}

function bucketOf(seconds: number): number {
  if (!(seconds > LEAST)) return 0;
  return Math.min(MOST, Math.ceil(Math.log(seconds / LEAST) / Math.log(GROWTH)));
}

/** The middle of a bucket, by ratio. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : LEAST * GROWTH ** (bucket - 0.5);
}
