import type { Recorded } from '../../order/event.ts';
import { type Anchor, JournalReader, ledgerTrailers } from '../../record/journal.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { accountedBy } from '../restore/marks.ts';
import type { Finding } from './finding.ts';

/** What one anchor tells: `commit` says that the ledger has, or had, a record `seq` with this hash. */
export type Told = Pick<Anchor, 'commit' | 'seq' | 'hash' | 'at'>;

/** Bytes of a commit's id, and of a record's hash behind it. */
const [ID, HASH] = [20, 32];
const ROW = ID + HASH;

/**
 * All anchors of a ledger. There is one for each order and each flush, so they are kept as bytes; and they are held against the records
 * while those pass, so that nobody has to remember the records.
 */
export class Anchors {
  #rows = Buffer.alloc(ROW * 1024);
  readonly #seqs: number[] = [];
  readonly #times: number[] = [];
  /** By their records' numbers. */
  #order: Uint32Array | null = null;
  #next = 0;
  readonly #isMet: boolean[] = [];

  get size(): number {
    return this.#seqs.length;
  }

  add({ commit, seq, hash, at }: Told): void {
    const start = this.size * ROW;
    if (start === this.#rows.length) this.#rows = Buffer.concat([this.#rows, Buffer.alloc(start)]);
    this.#rows.write(commit, start, ID, 'hex');
    this.#rows.write(hash.slice('sha256:'.length), start + ID, HASH, 'hex');
    this.#seqs.push(seq);
    this.#times.push(at);
    // before the first record there is nothing to compare
    this.#isMet.push(seq === 0);
  }

  /** Takes note of a record. They come in their order, and after the last anchor was added. */
  meet(seq: number, hash: string): void {
    this.#order ??= Uint32Array.from(this.#seqs.keys()).sort((a, b) => this.#seq(a) - this.#seq(b));
    for (let i = this.#order[this.#next]; i !== undefined && this.#seq(i) <= seq; i = this.#order[++this.#next])
      if (this.#seq(i) === seq && this.#told(i).hash === hash) this.#isMet[i] = true;
  }

  /** What no record has met, in the order in which it was added. */
  *unmet(): Generator<Told> {
    for (const [i, isMet] of this.#isMet.entries()) if (!isMet) yield this.#told(i);
  }

  #seq(i: number): number {
    return this.#seqs[i] ?? 0;
  }

  #told(i: number): Told {
    const start = i * ROW;
    const commit = this.#rows.toString('hex', start, start + ID);
    const hash = `sha256:${this.#rows.toString('hex', start + ID, start + ROW)}`;
    return { commit, hash, seq: this.#seq(i), at: this.#times[i] ?? 0 };
  }
}

/** The anchors in the journal and in the station's own order commits. */
export async function readAnchors(station: Station): Promise<Anchors> {
  const anchors = new Anchors();
  const journal = new JournalReader(station.repo, refsOf(station.id).journal);
  for await (const anchor of journal.anchors()) anchors.add(anchor);
  for await (const anchor of commitAnchors(station)) anchors.add(anchor);
  return anchors;
}

/** The anchors in the station's own order commits, wherever they are on HEAD's branch. */
export async function* commitAnchors(station: Station): AsyncGenerator<Told> {
  const { refs, git } = station.repo;
  const tip = refs.checkedOut();
  if (tip === null) return;
  const log = git.pieces([
    'log',
    '--fixed-strings',
    `--grep=Ledger: ${station.id} `,
    '--format=%H %at %(trailers:key=Ledger,valueonly,separator=%x20)',
    tip,
  ]);
  for await (const line of log) {
    const [commit = '', at] = line.split(' ', 2);
    for (const told of ledgerTrailers(line, station.id)) yield { commit, ...told, at: Number(at) * 1000 };
  }
}

/** The first anchor that the ledger contradicts; `last`: its last record's number. */
export function contradicted(anchors: Anchors, gaps: readonly Recorded<'gap'>[], last: number): Finding[] {
  for (const told of anchors.unmet()) {
    // it belongs to records that were lost, which the gap record tells
    if (accountedBy(gaps, told) !== undefined) continue;
    const { seq, commit } = told;
    const what =
      seq > last
        ? `the ledger ends at record ${last}, but had a record ${seq}: its tail was cut`
        : `record ${seq} is another one than it was: the ledger was rewritten`;
    const message = `${what}, as commit ${commit.slice(0, 10)} tells`;
    return [{ severity: 'error', kind: 'anchor', subject: `ledger record ${seq}`, message }];
  }
  return [];
}
