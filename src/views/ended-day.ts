import type { Status } from '../order/transition.ts';

const MINUTE_MS = 60_000;
/** What ended longer ago is not counted. */
const MINUTES = 24 * 60;

/** Orders that ended, by how. */
export interface EndedCount {
  readonly done: number;
  readonly failed: number;
  readonly rejected: number;
  readonly cancelled: number;
}

type Counted = { -readonly [K in keyof EndedCount]: EndedCount[K] };

/** What of an order counts here. */
interface End {
  readonly lane: string;
  readonly status: Status;
  /** ISO-8601; null while it is alive, and then it does not count. */
  readonly finishedAt: string | null;
}

/** How many orders ended within the last day, by lane: one count for each minute, so that telling it costs the same however many there were. */
export class EndedDay {
  /** By the minute since 1970, the oldest first but for records whose clock was set back. */
  readonly #minutes = new Map<number, Map<string, Counted>>();

  add(end: End): void {
    this.#change(end, 1);
  }

  /** It was taken up again. */
  remove(end: End): void {
    this.#change(end, -1);
  }

  clear(): void {
    this.#minutes.clear();
  }

  /** By lane, of the day before `now` (ms since 1970). */
  counts(now: number): ReadonlyMap<string, EndedCount> {
    this.#forget(now);
    const lanes = new Map<string, Counted>();
    for (const minute of this.#minutes.values())
      for (const [lane, { done, failed, rejected, cancelled }] of minute) {
        const row = countOf(lanes, lane);
        row.done += done;
        row.failed += failed;
        row.rejected += rejected;
        row.cancelled += cancelled;
      }
    return lanes;
  }

  #change({ lane, status, finishedAt }: End, by: 1 | -1): void {
    if (finishedAt === null) return;
    if (status !== 'done' && status !== 'failed' && status !== 'rejected' && status !== 'cancelled') return;
    const minute = minuteOf(Date.parse(finishedAt));
    let lanes = this.#minutes.get(minute);
    if (lanes === undefined) {
      // what was forgotten, or never counted, is not taken away
      if (by === -1 || minute <= minuteOf(Date.now()) - MINUTES) return;
      this.#forget(Date.now());
      lanes = new Map();
      this.#minutes.set(minute, lanes);
    }
    countOf(lanes, lane)[status] += by;
  }

  #forget(now: number): void {
    const oldest = minuteOf(now) - MINUTES;
    for (const minute of this.#minutes.keys()) if (minute <= oldest) this.#minutes.delete(minute);
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

function countOf(lanes: Map<string, Counted>, lane: string): Counted {
  const known = lanes.get(lane);
  if (known !== undefined) return known;
  const row = { done: 0, failed: 0, rejected: 0, cancelled: 0 };
  lanes.set(lane, row);
  return row;
}
