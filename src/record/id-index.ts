import { hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Recorded } from '../order/event.ts';
import { ensureDir, readIfThere, removeTree, syncDir, writeAll, writeProjection } from '../platform/durable.ts';
import { errno, fs, ifThere, O_APPEND, O_CREAT, O_WRONLY } from '../platform/fs.ts';
import type { Log } from '../platform/log.ts';
import type { FileLedger } from './ledger.ts';

/** Bits of the hash by which ids are spread: 1,024 files of some 40 KB at a million orders, each read whole to find one. */
const BUCKET_BITS = 10;
/** So many files may wait to be synced; fewer are synced at once when the station comes to rest. */
const FEW = 32;
/** So many births may not be marked: after a power loss the ledger is read again from the mark on. */
const MOST_UNMARKED = 4096;
/** So many births are gathered when the index is built again: some eight for each time a bucket is opened. */
const GATHERED = 8192;
const TOLD_EVERY = 64;
/** More records than a station leaves behind on its own: the index is missing, or of an older copy. */
const STALE = 2 * MOST_UNMARKED;

/**
 * Finds an order of any age by its id: which record it was born with, and so where the journal holds it. A look-up reads one small file of
 * many. Rebuildable from the ledger, and never trusted further than `upTo`.
 */
export class IdIndex {
  readonly #folder: string;
  /** Files written since the last mark: synced before it, so that no power loss leaves a mark without its entries. */
  readonly #unsynced = new Set<string>();
  #unmarked = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The sequence number up to which the index holds the ledger; 0 when it must be rebuilt. */
  get upTo(): number {
    const text = readIfThere(join(this.#folder, 'marked'))?.toString('utf8') ?? '';
    return /^\d+\n$/.test(text) ? Number(text) : 0;
  }

  /** Nothing of it is trusted any more: the next catchUp() begins with the first record. */
  discard(): void {
    removeTree(this.#folder);
  }

  /**
   * Notes every order born in these records, then that the index holds the ledger up to `upTo`: the last of them, unless told. `tell` hears
   * every now and then how far it is.
   */
  catchUp(records: Iterable<Recorded>, upTo: number | null = null, tell: (seq: number) => void = () => {}): void {
    if (this.upTo === 0) removeTree(this.#folder);
    let last = this.upTo;
    let gathered = new Map<string, string[]>();
    let count = 0;
    const write = () => {
      for (const [path, lines] of gathered) this.#append(path, lines.join(''));
      gathered = new Map();
      count = 0;
    };
    for (const record of records) {
      last = record.seq;
      if (count % TOLD_EVERY === 0) tell(last);
      const line = lineOf(record);
      if (line === null || record.wo_id === null) continue;
      const path = this.#bucket(record.wo_id);
      const lines = gathered.get(path) ?? [];
      gathered.set(path, lines);
      lines.push(line);
      if (++count >= GATHERED) write();
    }
    write();
    this.#mark(upTo ?? last);
  }

  note(record: Recorded): void {
    const line = lineOf(record);
    if (line === null || record.wo_id === null) return;
    this.#append(this.#bucket(record.wo_id), line);
    this.#unmarked++;
  }

  #append(path: string, lines: string): void {
    let fd: number;
    try {
      fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND, 0o644);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      ensureDir(dirname(path));
      fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND, 0o644);
    }
    try {
      writeAll(fd, Buffer.from(lines));
      this.#unsynced.add(path);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** The ledger is in it up to here. That is put on the disk when it costs little, or when too much would be to read again. */
  noted(seq: number): void {
    if (this.#unsynced.size <= FEW || this.#unmarked >= MOST_UNMARKED) this.#mark(seq);
  }

  #mark(seq: number): void {
    for (const path of this.#unsynced) {
      const fd = ifThere(() => fs.openSync(path, O_WRONLY));
      if (fd === undefined) continue;
      fs.fdatasyncSync(fd);
      fs.closeSync(fd);
    }
    if (this.#unsynced.size > 0) ifThere(() => syncDir(this.#folder));
    this.#unsynced.clear();
    this.#unmarked = 0;
    writeProjection(join(this.#folder, 'marked'), `${seq}\n`);
  }

  /** The record an order was born with, or null when there never was one of this id. */
  born(woId: string): { id: string; born: number } | null {
    const bytes = readIfThere(this.#bucket(woId));
    if (bytes === undefined) return null;
    const beginning = `\n${JSON.stringify({ key: woId.toLowerCase() }).slice(0, -1)},`;
    for (let at = bytes.indexOf(beginning); at >= 0; at = bytes.indexOf(beginning, at + 1)) {
      const end = bytes.indexOf(10, at + 1);
      const entry: unknown = end === -1 ? null : parse(bytes.toString('utf8', at + 1, end));
      if (isEntry(entry)) return { id: entry.id, born: entry.born };
    }
    return null;
  }

  #bucket(woId: string): string {
    const bucket = hash('sha256', woId.toLowerCase(), 'buffer').readUInt16BE(0) >>> (16 - BUCKET_BITS);
    return join(this.#folder, `${bucket.toString(16).padStart(3, '0')}.jsonl`);
  }
}

/** Told how many of so many records were read. */
export type Progress = (done: number, total: number) => void;

/**
 * Brings the index up to the ledger's head. One that is missing, stands far behind or, since the ledger was exchanged for an older one, ahead,
 * is built from the records again, and that is told: to `progress` where somebody looks on, else to the log.
 */
export function catchUpIndex(
  ids: IdIndex,
  ledger: Pick<FileLedger, 'head' | 'births'>,
  log: Log,
  progress: Progress | null,
): void {
  const { seq: head } = ledger.head;
  if (ids.upTo > head) ids.discard();
  const from = ids.upTo;
  const total = head - from;
  if (total === 0 || (from > 0 && total <= STALE)) {
    ids.catchUp(ledger.births(from + 1), head);
    return;
  }
  const begun = Date.now();
  if (progress === null) log.info({ records: total }, 'the index of order ids is missing or old: it is built again');
  ids.catchUp(ledger.births(from + 1), head, (seq) => progress?.(seq - from - 1, total));
  if (progress === null) log.info({ records: total, ms: Date.now() - begun }, 'the index of order ids is built');
  else progress(total, total);
}

/** A birth as it stands in a bucket: a line of its own, whatever a process that died in the middle left before it. Null for other records. */
function lineOf(record: Recorded): string | null {
  if (record.wo_id === null || (record.event !== 'admitted' && record.event !== 'rejected')) return null;
  return `\n${JSON.stringify({ key: record.wo_id.toLowerCase(), id: record.wo_id, born: record.seq })}\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // written by a process that died in the middle; the next start notes it again
  }
}

function isEntry(value: unknown): value is { id: string; born: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'born' in value &&
    typeof value.born === 'number'
  );
}
