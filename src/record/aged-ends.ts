import { isTerminal, type Status } from '../order/transition.ts';
import { clearProjection, readIfThere, writeProjection } from '../platform/durable.ts';
import { readLedger } from './ledger.ts';

/** Each walk reads a segment of the ledger: a station that ended an order a second a month ago takes no such step for each of them. */
const PAUSE_MS = 60_000;

/** How far a walk came. */
interface Mark {
  /** The last record that was looked at. */
  readonly seq: number;
  readonly ageMs: number;
  /** Before that (milliseconds since 1970) nothing can have become old enough. */
  readonly dueMs: number;
}

/**
 * Finds orders as it becomes so long ago that they ended: walks the ledger forward and remembers how far, so that a folder with all of them
 * is never looked through. The mark is a projection: where it is lost the walk begins again, and finds most of its work done.
 */
export class AgedEnds {
  readonly #path: string;
  readonly #ledger: string;
  #mark: Mark;
  #notBefore = 0;

  /** `path` is where the mark lies, `ledger` the ledger's folder. */
  constructor(path: string, ledger: string) {
    this.#path = path;
    this.#ledger = ledger;
    clearProjection(path);
    this.#mark = readMark(path);
  }

  /** Ids of orders that ended longer ago than that, and were not returned before; at most so many. The caller says done() when it acted on them. */
  next(ageMs: number, nowMs: number, limit: number): { woIds: string[]; done(): void } {
    const { seq, ageMs: known, dueMs } = this.#mark;
    if ((known === ageMs && nowMs < dueMs) || nowMs < this.#notBefore) return { woIds: [], done: () => {} };
    const woIds = new Set<string>();
    let mark: Mark = { seq, ageMs, dueMs: nowMs + ageMs };
    for (const record of readLedger(this.#ledger, seq + 1)) {
      const oldAt = Date.parse(record.ts) + ageMs;
      if (oldAt > nowMs || woIds.size >= limit) {
        mark = { ...mark, dueMs: Math.min(oldAt, mark.dueMs) };
        break;
      }
      if (record.wo_id !== null && record.to !== null && isTerminal(record.to as Status)) woIds.add(record.wo_id);
      mark = { ...mark, seq: record.seq };
    }
    return {
      woIds: [...woIds],
      done: () => {
        this.#mark = mark;
        if (woIds.size < limit) this.#notBefore = nowMs + PAUSE_MS;
        writeProjection(this.#path, `${JSON.stringify({ v: 1, seq: mark.seq, age_ms: ageMs, due_ms: mark.dueMs })}\n`);
      },
    };
  }
}

function readMark(path: string): Mark {
  try {
    const value = JSON.parse(readIfThere(path)?.toString('utf8') ?? '') as Record<string, unknown>;
    const { seq, age_ms: ageMs, due_ms: dueMs } = value;
    if (Number.isSafeInteger(seq) && typeof ageMs === 'number' && typeof dueMs === 'number')
      return { seq: Number(seq), ageMs, dueMs };
  } catch {
    // none yet, or half of one
  }
  return { seq: 0, ageMs: 0, dueMs: 0 };
}
