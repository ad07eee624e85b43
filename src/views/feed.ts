import type { Recorded } from '../order/event.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { readLines } from '../platform/jsonl.ts';
import { parseRecord, segmentPath, segments } from '../record/ledger.ts';

/** A line of the ledger, parsed only as far as most readers need it: a record of an order with many files is large. */
export interface FeedLine {
  readonly seq: number;
  readonly ts: string;
  readonly event: string;
  readonly woId: string | null;
  /** The first sequence number of the segment it stands in. */
  readonly segment: number;
  readonly text: string;
}

/** What a follower gets: lines in their order, or word that the ledger was exchanged and all that was told of it counts for nothing. */
export type FeedPiece =
  | { readonly kind: 'lines'; readonly lines: readonly FeedLine[] }
  | { readonly kind: 'exchanged' };

/** What wakes a follower that came to the end. */
export interface Wake {
  /** Resolves when the ledger may have moved, or the signal is aborted. */
  moved(signal: AbortSignal): Promise<void>;
}

/** Lines in one piece: what a follower holds at most. */
const PIECE = 500;

/**
 * The ledger from record `from` on, as it grows, until aborted. Level-triggered (rule 6): each look reads what stands behind the last line that
 * was given, so nothing is lost however late a wake comes, and a slow reader costs no memory. A segment that was written anew (a purge, a
 * restore) is told as `exchanged`; then it begins again with the first record. Throws LEDGER_BROKEN.
 */
export async function* followLedger(
  folder: string,
  from: number,
  wake: Wake,
  signal: AbortSignal,
): AsyncGenerator<FeedPiece> {
  let reader = new Reader(folder, from);
  while (!signal.aborted) {
    const lines = reader.next(PIECE);
    if (lines === null) {
      reader = new Reader(folder, 1);
      yield { kind: 'exchanged' };
    } else if (lines.length > 0) yield { kind: 'lines', lines };
    else await wake.moved(signal);
  }
}

/** Where a follower stands: a segment's file, and the byte behind the last line of it that was read. */
class Reader {
  readonly #folder: string;
  readonly #from: number;
  #segment: number | null = null;
  #offset = 0;
  #ino = 0;
  #seq = 0;

  constructor(folder: string, from: number) {
    this.#folder = folder;
    this.#from = from;
  }

  /** At most so many lines; none at the end; null where what was read is not there any more. */
  next(most: number): FeedLine[] | null {
    if (this.#segment === null && !this.#begin()) return [];
    const lines: FeedLine[] = [];
    for (;;) {
      const path = segmentPath(this.#folder, this.#segment ?? 1);
      const stat = ifThere(() => fs.statSync(path));
      if (stat === undefined || stat.ino !== this.#ino || stat.size < this.#offset)
        return lines.length > 0 ? lines : null;
      for (const line of stat.size === this.#offset ? [] : readLines(path, this.#offset)) {
        if (!line.whole) break;
        const read = feedLine(line.text, this.#segment ?? 1, path);
        if (this.#seq !== 0 && read.seq !== this.#seq + 1) return lines.length > 0 ? lines : null;
        this.#seq = read.seq;
        this.#offset = line.end;
        if (read.seq >= this.#from) lines.push(read);
        if (lines.length >= most) return lines;
      }
      if (!this.#nextSegment()) return lines;
    }
  }

  #begin(): boolean {
    const firsts = segments(this.#folder);
    const first = firsts.findLast((n) => n <= this.#from) ?? firsts[0];
    return first !== undefined && this.#open(first);
  }

  /** A segment is sealed once the next one is there, and that begins where it ends. */
  #nextSegment(): boolean {
    return this.#seq > 0 && this.#open(this.#seq + 1);
  }

  #open(first: number): boolean {
    if (first === this.#segment) return false;
    const stat = ifThere(() => fs.statSync(segmentPath(this.#folder, first)));
    if (stat === undefined) return false;
    [this.#segment, this.#offset, this.#ino] = [first, 0, stat.ino];
    return true;
  }
}

/** How a line begins that a station wrote; another one is parsed whole. */
const BEGINNING =
  /^\{"v":1,"seq":(\d{1,16}),"ts":"([^"]{1,40})","event":"(\w{1,20})","wo_id":(?:null|"([A-Za-z0-9._-]{1,200})"),/;

/** A line parsed as far as its beginning. Throws LEDGER_BROKEN. */
export function feedLine(text: string, segment: number, path: string): FeedLine {
  const [whole, seq, ts, event, woId] = BEGINNING.exec(text.slice(0, 400)) ?? [];
  if (whole !== undefined && seq !== undefined && ts !== undefined && event !== undefined)
    return { seq: Number(seq), ts, event, woId: woId ?? null, segment, text };
  const record = parseRecord(text, path);
  return { seq: record.seq, ts: record.ts, event: record.event, woId: record.wo_id, segment, text };
}

/** Whether what follows record `seq` can be read, or nothing follows it yet. */
export function canReadOn(folder: string, seq: number): boolean {
  try {
    for (const line of new Reader(folder, seq + 1).next(PIECE) ?? []) recordOfLine(line);
    return true;
  } catch {
    return false;
  }
}

/** The record of a line. Throws LEDGER_BROKEN. */
export function recordOfLine(line: FeedLine): Recorded {
  return parseRecord(line.text, `record ${line.seq} of the ledger`);
}
