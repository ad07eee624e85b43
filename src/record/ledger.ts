import { join } from 'node:path';
import { hashOf } from '../order/canonical-json.ts';
import { WaybillError } from '../order/error.ts';
import type { EventData, EventName, Recorded } from '../order/event.ts';
import { entombed, withoutWords } from '../order/tombstone.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, namesIn, readIfThere, writeDurable } from '../platform/durable.ts';
import { LineAppender, readLines, readLinesBackwards } from '../platform/jsonl.ts';
import { conforms } from '../platform/schema.ts';

/** A record that is yet to be written. */
export type Draft = {
  [K in EventName]: {
    event: K;
    woId: string | null;
    attempt: number;
    from: string | null;
    to: string | null;
    data: EventData[K];
  };
}[EventName];

/** Where the chain stands. */
export interface LedgerHead {
  readonly seq: number;
  readonly hash: string;
}

export const GENESIS: LedgerHead = { seq: 0, hash: `sha256:${'0'.repeat(64)}` };

/** Records in a segment before the next one begins; sealed segments never change. */
const SEGMENT_RECORDS = 4096;
/** The same by size: a start reads the newest segment, and a record of an order with thousands of files has a megabyte. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * The ledger behind an interface: append-only, hash-chained, synced before anything repeats it. Laws, tested by its contract suite:
 * append() assigns sequence numbers without gaps; nothing is acknowledged before sync(); a reader sees whole records only.
 */
export interface Ledger {
  readonly head: LedgerHead;
  /** `policy`: hash of the policy.yaml that counts, which every record carries. */
  append(drafts: readonly Draft[], policy?: string | null): Recorded[];
  sync(): void;
  /** All records from `seq` on, read from disk. */
  read(fromSeq: number): Generator<Recorded>;
  close(): void;
}

/** The file ledger: `ledger/<first seq>.jsonl`, segments chained across. */
export class FileLedger implements Ledger {
  readonly #folder: string;
  #appender: LineAppender;
  #head: LedgerHead;
  #inSegment: number;
  #written = 0;
  /** Called before a new segment begins, to write the checkpoint from which the next start reads. */
  readonly #beforeSegment: (head: LedgerHead) => void;
  /** A torn last line that a crash left: never acknowledged, cut off, kept for the curious. */
  readonly torn: Buffer | null;

  /** `checkpoint` is the one before the newest segment, where it was read already: with many orders alive it is large. */
  constructor(folder: string, beforeSegment: (head: LedgerHead) => void, checkpoint = readCheckpoint(folder)) {
    this.#folder = folder;
    this.#beforeSegment = beforeSegment;
    ensureDir(folder);
    const last = segments(folder).at(-1) ?? 1;
    this.#appender = new LineAppender(segmentPath(folder, last));
    this.torn = this.#appender.torn;
    this.#head = headBefore(folder, last, checkpoint);
    this.#inSegment = 0;
    for (const record of this.read(last)) {
      this.#head = { seq: record.seq, hash: record.hash };
      this.#inSegment++;
    }
  }

  get head(): LedgerHead {
    return this.#head;
  }

  /** Bytes that this process has appended. */
  get written(): number {
    return this.#written;
  }

  append(drafts: readonly Draft[], policy: string | null = null): Recorded[] {
    if (drafts.length === 0) return [];
    if (this.#inSegment >= SEGMENT_RECORDS || this.#appender.size >= SEGMENT_BYTES) this.#roll();
    let head = this.#head;
    const records = drafts.map((draft) => {
      const body = {
        v: 1 as const,
        seq: head.seq + 1,
        ts: now(),
        event: draft.event,
        wo_id: draft.woId,
        attempt: draft.attempt,
        from: draft.from,
        to: draft.to,
        data: draft.data,
        ...(policy === null ? {} : { policy }),
        prev: head.hash,
      };
      const record = { ...body, hash: hashOf(body) } as Recorded;
      head = { seq: record.seq, hash: record.hash };
      return record;
    });
    const before = this.#appender.size;
    this.#appender.append(records.map((record) => JSON.stringify(record)));
    this.#written += this.#appender.size - before;
    this.#head = head;
    this.#inSegment += records.length;
    return records;
  }

  sync(): void {
    this.#appender.sync();
  }

  #roll(): void {
    this.#appender.sync();
    this.#beforeSegment(this.#head);
    this.#appender.close();
    this.#appender = new LineAppender(segmentPath(this.#folder, this.#head.seq + 1));
    this.#inSegment = 0;
  }

  read(fromSeq: number): Generator<Recorded> {
    return readLedger(this.#folder, fromSeq);
  }

  /** The records that orders are born with, from `seq` on. */
  births(fromSeq: number): Generator<Recorded> {
    return readBirths(this.#folder, fromSeq);
  }

  /**
   * Takes the words out of records that a `purged` record lists, and out of the checkpoints that hold the order. The one exception to
   * "append-only", and only for what that record, which is never touched, vouches for. Safe to repeat.
   */
  empty(seqs: ReadonlySet<number>, woId: string | null): void {
    this.#appender.sync();
    this.#appender.close();
    const firsts = segments(this.#folder);
    try {
      for (const [i, first] of firsts.entries()) {
        const next = firsts[i + 1] ?? Number.POSITIVE_INFINITY;
        if (![...seqs].some((seq) => seq >= first && seq < next)) continue;
        const path = segmentPath(this.#folder, first);
        writeDurable(path, emptiedLines(readIfThere(path)?.toString('utf8') ?? '', seqs, path));
      }
      if (woId !== null) for (const first of firsts) emptyCheckpoint(checkpointPath(this.#folder, first), woId);
    } finally {
      this.#appender = new LineAppender(segmentPath(this.#folder, firsts.at(-1) ?? 1));
    }
  }

  close(): void {
    this.#appender.close();
  }
}

/**
 * Reads records from disk, also for those who only look; `only` passes over lines unread by how they begin. Throws LEDGER_BROKEN for a line
 * that is no record.
 */
export function* readLedger(folder: string, fromSeq: number, only: RegExp | null = null): Generator<Recorded> {
  const firsts = segments(folder);
  const start = firsts.findLastIndex((first) => first <= fromSeq);
  for (const first of firsts.slice(Math.max(0, start)))
    for (const record of readSegment(folder, first, only)) if (record.seq >= fromSeq) yield record;
}

/** The records of one segment, named by its first sequence number; none where it is not there. Throws LEDGER_BROKEN. */
export function* readSegment(folder: string, first: number, only: RegExp | null = null): Generator<Recorded> {
  for (const line of readLines(segmentPath(folder, first))) {
    if (!line.whole) continue; // being written, or torn: not acknowledged
    if (only !== null && !only.test(line.text.slice(0, BEGINNING))) continue;
    yield parseRecord(line.text, segmentPath(folder, first));
  }
}

/** So much of a line tells which event it is of; what follows may be hundreds of kilobytes. */
const BEGINNING = 120;
/** The records that orders are born with. A line that begins unlike those we write is read, whatever it is. */
const BIRTHS = /^(?!\{"v":1,"seq":\d{1,16},"ts":"[^"]{1,40}","event":"(?!admitted"|rejected")\w+")/;

/** The records that orders are born with, from `seq` on. Others are not even parsed: a record of an order with many files is large. */
function readBirths(folder: string, fromSeq: number): Generator<Recorded> {
  return readLedger(folder, fromSeq, BIRTHS);
}

/**
 * Records from disk, the newest first, for those who want to know what happened last: costs what is taken, whatever the ledger's length.
 * `hint`: a text that the line of every record that matters has; others are passed over unread. Throws LEDGER_BROKEN.
 */
export function* readLedgerBackwards(folder: string, hint: RegExp | null = null): Generator<Recorded> {
  for (const first of segments(folder).reverse()) {
    const path = segmentPath(folder, first);
    for (const line of readLinesBackwards(path)) if (hint === null || hint.test(line)) yield parseRecord(line, path);
  }
}

export function parseRecord(line: string, file: string): Recorded {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new WaybillError('LEDGER_BROKEN', `${file} has a line that is no JSON`);
  }
  if (typeof value === 'object' && value !== null && 'v' in value && typeof value.v === 'number' && value.v > 1) {
    throw new WaybillError('NEWER_VERSION', `${file} has records of version ${value.v}`);
  }
  if (!conforms('ledger-record', value))
    throw new WaybillError('LEDGER_BROKEN', `${file} has a line that is no ledger record`);
  return value as Recorded;
}

/** Ledger lines with the words of some records taken out; one that is empty already stays as it is. */
export function emptiedLines(lines: string, seqs: ReadonlySet<number>, file: string): string {
  return lines
    .split('\n')
    .map((line) => {
      if (line === '') return line;
      const record = parseRecord(line, file);
      return seqs.has(record.seq) ? JSON.stringify(entombed(record)) : line;
    })
    .join('\n');
}

function emptyCheckpoint(path: string, woId: string): void {
  const text = readIfThere(path)?.toString('utf8');
  if (text === undefined) return;
  const value = JSON.parse(text) as { live?: { woId?: unknown }[] };
  const live = (value.live ?? []).map((life) =>
    String(life.woId).toLowerCase() === woId.toLowerCase() ? withoutWords(life) : life,
  );
  writeDurable(path, JSON.stringify({ ...value, live }));
}

/** Records from about `sinceMs` on, reading only the segments that can hold them. */
export function* recordsSince(folder: string, sinceMs: number): Generator<Recorded> {
  const firsts = segments(folder);
  let from = 1;
  for (const first of firsts.reverse()) {
    from = first;
    const record = readLedger(folder, first).next().value;
    if (record !== undefined && Date.parse(record.ts) < sinceMs) break;
  }
  yield* readLedger(folder, from);
}

/** The first sequence numbers of the segments, ascending. */
export function segments(folder: string): number[] {
  return namesIn(folder)
    .filter((name) => /^\d{12}\.jsonl$/.test(name))
    .map((name) => Number(name.slice(0, 12)))
    .sort((a, b) => a - b);
}

export function segmentPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(12, '0')}.jsonl`);
}

/** Writes whole segments of lines that were checked, `first` being the number of the first, as large as those that a station writes. */
export function writeSegments(folder: string, first: number, lines: readonly string[]): void {
  for (let from = 0; from < lines.length; ) {
    let [to, size] = [from, 0];
    while (to < lines.length && to - from < SEGMENT_RECORDS && size < SEGMENT_BYTES) size += lines[to++]?.length ?? 0;
    writeDurable(segmentPath(folder, first + from), `${lines.slice(from, to).join('\n')}\n`);
    from = to;
  }
}

function checkpointPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(12, '0')}.checkpoint.json`);
}

/** Writes what a start needs in order to read only the segment that begins after `head`. */
export function writeCheckpoint(folder: string, head: LedgerHead, live: unknown): void {
  writeDurable(checkpointPath(folder, head.seq + 1), JSON.stringify({ v: 1, head, live }));
}

/** The checkpoint before the newest segment, or null: then everything is read from the first record. */
export function readCheckpoint(folder: string): { head: LedgerHead; live: unknown } | null {
  const last = segments(folder).at(-1);
  const text = last === undefined ? undefined : readIfThere(checkpointPath(folder, last))?.toString('utf8');
  if (text === undefined) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && 'head' in value && 'live' in value)
    return value as { head: LedgerHead; live: unknown };
  return null;
}

function headBefore(folder: string, first: number, checkpoint: { head: LedgerHead } | null): LedgerHead {
  if (first === 1) return GENESIS;
  if (checkpoint !== null && checkpoint.head.seq === first - 1) return checkpoint.head;
  let head = GENESIS;
  for (const record of readLedger(folder, 1)) if (record.seq < first) head = { seq: record.seq, hash: record.hash };
  return head;
}
