import { Sketch } from './sketch.ts';

/** The times for which charts are drawn, by name. */
export const RANGES = {
  '3h': { step: 60, points: 180 },
  '7d': { step: 3600, points: 168 },
  '1y': { step: 86_400, points: 365 },
} as const;
export type Range = keyof typeof RANGES;

/** What happened in one step of time in one lane. */
export interface Cell {
  received: number;
  done: number;
  failed: number;
  rejected: number;
  cancelled: number;
  /** From being received to the start. */
  readonly waiting: Sketch;
  /** Time in state running, of orders that ended. */
  readonly running: Sketch;
  /** Failed orders by code. */
  readonly failures: Map<string, number>;
  /** By agent. */
  readonly usage: Map<string, { tokens: number; usd: number }>;
}

/** Cells by lane, for each step of time that is still shown; older ones go. So its size is bounded by lanes, codes and agents. */
class Level {
  readonly #step: number;
  readonly #points: number;
  readonly #buckets = new Map<number, Map<string, Cell>>();

  constructor({ step, points }: { readonly step: number; readonly points: number }) {
    this.#step = step;
    this.#points = points;
  }

  /** The cell of a time, or null where that is not shown (any more). Times in ms. */
  cell(at: number, lane: string, now: number): Cell | null {
    const bucket = this.#bucket(at);
    const last = this.#bucket(now);
    if (!(bucket > last - this.#points && bucket <= last)) return null;
    let lanes = this.#buckets.get(bucket);
    if (lanes === undefined) {
      this.#forget(last);
      lanes = new Map();
      this.#buckets.set(bucket, lanes);
    }
    let cell = lanes.get(lane);
    if (cell === undefined) {
      cell = newCell();
      lanes.set(lane, cell);
    }
    return cell;
  }

  /** The steps that are shown, the oldest first, each with the cells of the lane, or of all lanes. */
  read(lane: string | null, now: number): { readonly at: number; readonly cells: readonly Cell[] }[] {
    const last = this.#bucket(now);
    return Array.from({ length: this.#points }, (_, i) => {
      const bucket = last - this.#points + 1 + i;
      const lanes = this.#buckets.get(bucket);
      const cells =
        lane === null ? [...(lanes?.values() ?? [])] : [lanes?.get(lane)].filter((cell) => cell !== undefined);
      return { at: bucket * this.#step, cells };
    });
  }

  #bucket(ms: number): number {
    return Math.floor(ms / 1000 / this.#step);
  }

  #forget(last: number): void {
    for (const bucket of this.#buckets.keys())
      if (bucket <= last - this.#points || bucket > last) this.#buckets.delete(bucket);
  }
}

/** What happened over time, in three widths of step. */
export class Series {
  readonly #levels: ReadonlyMap<Range, Level> = new Map(
    Object.entries(RANGES).map(([range, shape]) => [range as Range, new Level(shape)]),
  );

  /** Changes the cells of a time in each width. Times in ms. */
  at(time: number, lane: string, now: number, change: (cell: Cell) => void): void {
    for (const level of this.#levels.values()) {
      const cell = level.cell(time, lane, now);
      if (cell !== null) change(cell);
    }
  }

  read(range: Range, lane: string | null, now: number): ReturnType<Level['read']> {
    return this.#levels.get(range)?.read(lane, now) ?? [];
  }
}

function newCell(): Cell {
  return {
    received: 0,
    done: 0,
    failed: 0,
    rejected: 0,
    cancelled: 0,
    waiting: new Sketch(),
    running: new Sketch(),
    failures: new Map(),
    usage: new Map(),
  };
}
