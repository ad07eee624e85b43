import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Recorded } from '../order/event.ts';
import { ensureDir, readIfThere, removeTree, syncDir, writeAll, writeProjection } from '../platform/durable.ts';
import { errno, fs, ifThere, O_APPEND, O_CREAT, O_WRONLY } from '../platform/fs.ts';
import { readLines } from '../platform/jsonl.ts';

/**
 * Finds an order of any age by its id: which record it was born with, and so where the journal holds it. 65,536 small files, so
 * that a look-up costs the same at any history. Rebuildable from the ledger, and never trusted further than `upTo`.
 */
export class IdIndex {
  readonly #folder: string;
  /** Files written since the last mark: synced before it, so that no power loss leaves a mark without its entries. */
  readonly #unsynced = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The sequence number up to which the index holds the ledger; 0 when it must be rebuilt. */
  get upTo(): number {
    const text = readIfThere(join(this.#folder, 'upto'))?.toString('utf8') ?? '';
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
    this.mark(last);
  }

  note(record: Recorded): void {
    if (record.wo_id === null || (record.event !== 'admitted' && record.event !== 'rejected')) return;
    const path = this.#bucket(record.wo_id);
    // begins a line of its own, whatever a process that died in the middle left before it
    const line = Buffer.from(`\n${JSON.stringify({ id: record.wo_id, born: record.seq })}\n`);
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
    } finally {
      fs.closeSync(fd);
    }
  }

  mark(seq: number): void {
    for (const path of this.#unsynced) {
      const fd = ifThere(() => fs.openSync(path, O_WRONLY));
      if (fd === undefined) continue;
      fs.fdatasyncSync(fd);
      fs.closeSync(fd);
    }
    for (const folder of new Set([...this.#unsynced].map(dirname))) ifThere(() => syncDir(folder));
    this.#unsynced.clear();
    writeProjection(join(this.#folder, 'upto'), `${seq}\n`);
  }

  /** The record an order was born with, or null when there never was one of this id. */
  born(woId: string): { id: string; born: number } | null {
    for (const line of readLines(this.#bucket(woId))) {
      const entry: unknown = line.whole ? parse(line.text) : null;
      if (isEntry(entry) && entry.id.toLowerCase() === woId.toLowerCase()) return entry;
    }
    return null;
  }

  #bucket(woId: string): string {
    const hex = createHash('sha256').update(woId.toLowerCase()).digest('hex');
    return join(this.#folder, hex.slice(0, 2), `${hex.slice(2, 4)}.jsonl`);
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
