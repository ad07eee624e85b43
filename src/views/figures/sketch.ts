/** Each bucket reaches so many times as far as the one before it: a quantile is off by at most a tenth. */
const GROWTH = 1.2;
/** Everything below is one bucket, in seconds. */
const LEAST = 0.001;
/** Buckets: the last one begins after some thousand years. */
const MOST = 180;

/** How values are spread, in buckets that grow with them: less than a kilobyte whatever comes, and two of them added up are one. Seconds. */
export class Sketch {
  /** Made with the first value: most cells of a chart have none. */
  #counts: Uint32Array | null = null;
  #n = 0;

  get n(): number {
    return this.#n;
  }

  add(seconds: number): void {
    this.#counts ??= new Uint32Array(MOST + 1);
    const at = bucketOf(seconds);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#n++;
  }

  /** Adds what another one has counted. */
  merge(other: Sketch): void {
    if (other.#counts === null) return;
    this.#counts ??= new Uint32Array(MOST + 1);
    for (let at = 0; at <= MOST; at++) this.#counts[at] = (this.#counts[at] ?? 0) + (other.#counts[at] ?? 0);
    this.#n += other.#n;
  }

  /** The value that this share of all is not above, within a tenth; null where there is none. `share` from 0 to 1. */
  quantile(share: number): number | null {
    const rank = Math.max(1, Math.ceil(share * this.#n));
    let below = 0;
    for (const [at, n] of this.#counts?.entries() ?? []) {
      below += n;
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
