import { hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Recorded } from '../order/event.ts';
import { ensureDir, readIfThere, removeTree, syncDir, writeAll, writeProjection } from '../platform/durable.ts';
import { errno, fs, ifThere, O_APPEND, O_CREAT, O_WRONLY } from '../platform/fs.ts';

/** Bits of the hash by which ids are spread: 1,024 files of some 40 KB at a million orders, each read whole to find one. */
const BUCKET_BITS = 10;
/** So many files may wait to be synced; fewer are synced at once when the station comes to rest. */
const FEW = 32;
/** So many births may not be marked: after a power loss the ledger is read again from the mark on. */
const MOST_UNMARKED = 4096;

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

  /** Notes every order born in these records, then that the index holds them. */
  catchUp(records: Iterable<Recorded>): void {
    if (this.upTo === 0) removeTree(this.#folder);
    let last = this.upTo;
    for (const record of records) {
      this.note(record);
      last = record.seq;
    }
    this.#mark(last);
  }

  note(record: Recorded): void {
    if (record.wo_id === null || (record.event !== 'admitted' && record.event !== 'rejected')) return;
    const path = this.#bucket(record.wo_id);
    // begins a line of its own, whatever a process that died in the middle left before it
    const line = Buffer.from(
      `\n${JSON.stringify({ key: record.wo_id.toLowerCase(), id: record.wo_id, born: record.seq })}\n`,
    );
    let fd: number;
    try {
      fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND, 0o644);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      ensureDir(dirname(path));
      fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND, 0o644);
    }
    try {
      writeAll(fd, line);
      this.#unsynced.add(path);
      this.#unmarked++;
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
