import { basename, join } from 'node:path';
import { blobBytes, blobs } from '../git/history.ts';
import type { FileEntry } from '../git/objects/pack-writer.ts';
import type { Repository } from '../git/repository.ts';
import type { Recorded } from '../order/event.ts';
import { claimOf, type OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import { exists, namesIn, readIfThere } from '../platform/durable.ts';
import { redactorOf } from '../station/redactor.ts';
import { POLICY_FILE, SETTINGS_FILE } from '../station/settings.ts';
import type { Station } from '../station/station.ts';
import { type EvidenceFile, filesBelow } from './evidence.ts';
import type { LedgerHead } from './ledger.ts';
import { stateDocument, stateText } from './state.ts';

/**
 * The journal: a ref of the station's own that carries ledger, evidence and state where no reset, checkout, clean or stash reaches.
 * Laid out by sequence number, at most 256 entries a folder, so that a commit costs the same at any history.
 */

/** Folder of sealed evidence in a claim folder, one below it for each attempt, for evidence that no landing carries. */
const SEALED = '.sealed';
/** Settings and policy as they were at the last flush, for a station that is restored on an empty machine. */
export const SETTINGS_COPY = `station/${SETTINGS_FILE}`;
export const POLICY_COPY = `station/${POLICY_FILE}`;

/** Each is what one flush wrote, in general a megabyte or two, at most some hundred. */
const CHUNKS_AT_ONCE = 8;

export function sealedFolder(claimFolder: string, attempt: number): string {
  return join(claimFolder, SEALED, String(attempt));
}

/** `orders/0000/1f/WO-1`: by the record the order was born with. */
export function journalFolder(born: number, woId: string): string {
  return `orders/${bucket(born)}/${woId}`;
}

function bucket(seq: number): string {
  return `${Math.floor(seq / 65536)
    .toString(16)
    .padStart(4, '0')}/${(Math.floor(seq / 256) % 256).toString(16).padStart(2, '0')}`;
}

/** Evidence of one attempt, as journal entries. */
export function evidenceEntries(life: OrderLife, attempt: number, files: readonly EvidenceFile[]): FileEntry[] {
  const folder = attemptFolder(life, attempt);
  return files.map((f) => ({ path: `${folder}/${f.path}`, mode: '100644', bytes: f.bytes }));
}

/** What a flush writes: the ledger's new lines, the orders they touched, and the bytes of what was refused. */
export function flushEntries(station: Station, records: readonly Recorded[], lives: readonly OrderLife[]): FileEntry[] {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) return [];
  const entries: FileEntry[] = [];
  const lines = records.map((r) => `${JSON.stringify(r)}\n`).join('');
  entries.push(
    text(
      `ledger/${bucket(first.seq)}/${String(first.seq).padStart(12, '0')}-${String(last.seq).padStart(12, '0')}.jsonl`,
      lines,
    ),
  );
  for (const life of lives) {
    const folder = journalFolder(life.born, life.woId);
    entries.push(text(`${folder}/life.json`, `${JSON.stringify(life)}\n`));
    entries.push(text(`${folder}/state.json`, stateText(stateDocument(station, life))));
    entries.push(...sealedEntries(station, life), ...claimEntries(station, life));
  }
  for (const [name, path] of [
    [SETTINGS_FILE, SETTINGS_COPY],
    [POLICY_FILE, POLICY_COPY],
  ] as const) {
    const bytes = readIfThere(join(station.layout.root, name));
    if (bytes !== undefined) entries.push({ path, mode: '100644', bytes });
  }
  for (const record of records) if (record.event === 'rejected') entries.push(...refusedEntries(station, record));
  return entries;
}

/** Sealed evidence as the claim folder holds it. */
export function readSealed(claimFolder: string, attempt: number): EvidenceFile[] {
  const folder = sealedFolder(claimFolder, attempt);
  return filesBelow(folder).map((path) => ({ path, bytes: readIfThere(join(folder, path)) ?? Buffer.alloc(0) }));
}

function sealedEntries(station: Station, life: OrderLife): FileEntry[] {
  const claim = join(station.layout.claimed, claimOf(life));
  // in general a landing carries it, and looking for a folder costs less than listing none
  if (!exists(join(claim, SEALED))) return [];
  return namesIn(join(claim, SEALED)).flatMap((attempt) =>
    evidenceEntries(life, Number(attempt), readSealed(claim, Number(attempt))),
  );
}

/**
 * What an order that is alive was claimed with, byte for byte: without it a restored station could not carry it out. With the order's end
 * it goes from the tree, because the evidence holds the request. What holds a secret never gets here: its author has to drop it again then.
 */
function claimEntries(station: Station, life: OrderLife): FileEntry[] {
  const gone: FileEntry = { path: `${journalFolder(life.born, life.woId)}/claim`, remove: true };
  const claim = claimOf(life);
  if (isTerminal(life.status) || claim === '' || life.admitted?.secrets !== undefined) return [gone];
  const folder = join(station.layout.claimed, claim);
  const kept = filesBelow(folder).flatMap((path): FileEntry[] => {
    // sealed evidence stands with its attempt; which processes run now says nothing to another machine
    if (path.startsWith(`${SEALED}/`) || path === 'running.json' || /^\.[^/]*$/.test(path)) return [];
    const bytes = readIfThere(join(folder, path));
    return bytes === undefined ? [] : [{ path: `${keptClaimFolder(life)}/${path}`, mode: '100644', bytes }];
  });
  return [gone, ...kept];
}

/** Where the journal keeps the claim of an order that is alive. */
export function keptClaimFolder(life: OrderLife): string {
  return `${journalFolder(life.born, life.woId)}/claim/${claimOf(life)}`;
}

function attemptFolder(life: OrderLife, attempt: number): string {
  return `${journalFolder(life.born, life.woId)}/attempt-${attempt}`;
}

/** The bytes of input that could not be accepted, so that quarantine can be rebuilt: exact ones, unless they hold a secret, which is cut out. */
function refusedEntries(station: Station, record: Extract<Recorded, { event: 'rejected' }>): FileEntry[] {
  if (record.data.request === null) return [];
  const claim = join(station.layout.claimed, record.data.claim);
  return filesBelow(claim).map((path) => ({
    path: `${refusedFolder(record.seq, record.data.claim)}/${path}`,
    mode: '100644',
    bytes: withoutSecrets(station, record, path, readIfThere(join(claim, path)) ?? Buffer.alloc(0)),
  }));
}

function withoutSecrets(station: Station, record: Recorded<'rejected'>, path: string, bytes: Buffer): Buffer {
  if (record.data.secrets === undefined) return bytes;
  const redactor = redactorOf(station.settings);
  if (path !== 'drop.json') return redactor.redact(bytes);
  // a drop of the command line holds its files in base64
  const text = bytes
    .toString('utf8')
    .replace(/("content": ?")([A-Za-z0-9+/=]*)"/g, (_, key: string, content: string) => {
      const clean = redactor.redact(Buffer.from(content, 'base64'));
      return `${key}${clean.toString('base64')}"`;
    });
  return redactor.redact(Buffer.from(text, 'utf8'));
}

/** The range of records that a file of the journal holds, or null for a file that is no ledger chunk. */
export function chunkRange(path: string): { first: number; last: number } | null {
  const match = /^ledger\/.*\/(\d{12})-(\d{12})\.jsonl$/.exec(path);
  return match === null ? null : { first: Number(match[1]), last: Number(match[2]) };
}

export function refusedFolder(seq: number, claim: string): string {
  return `refused/${bucket(seq)}/${claim}`;
}

function text(path: string, content: string): FileEntry {
  return { path, mode: '100644', bytes: Buffer.from(content, 'utf8') };
}

/** A journal commit's message: `Ledger` anchors the head, `Upto` says which records its tree holds. */
export function journalMessage(what: string, head: LedgerHead, upTo: number): string {
  return `journal: ${what}\n\nLedger: ${head.seq} ${head.hash}\nUpto: ${upTo}\n`;
}

/** An anchor of the ledger outside of it. */
export interface Anchor {
  readonly commit: string;
  readonly seq: number;
  readonly hash: string;
  readonly upTo: number;
  /** When the commit was made, in milliseconds since 1970. */
  readonly at: number;
}

/** What trailers `Ledger: <station> <seq> <hash>` in a text tell of one station. */
export function ledgerTrailers(text: string, stationId: string): { seq: number; hash: string }[] {
  const words = text.split(/\s+/);
  return words.flatMap((word, i) => {
    const [seq = '', hash = ''] = words.slice(i + 1, i + 3);
    return word === stationId && /^\d{1,15}$/.test(seq) && /^sha256:[0-9a-f]{64}$/.test(hash)
      ? [{ seq: Number(seq), hash }]
      : [];
  });
}

/** Reads the journal ref. */
export class JournalReader {
  readonly #repo: Repository;
  readonly #ref: string;

  constructor(repo: Repository, ref: string) {
    this.#repo = repo;
    this.#ref = ref;
  }

  tip(): string | null {
    return this.#repo.refs.read(this.#ref);
  }

  /** Every anchor, newest first. There are as many as there were landings and flushes. */
  anchors(): AsyncGenerator<Anchor> {
    return this.#readAnchors([]);
  }

  async newestAnchor(): Promise<Anchor | null> {
    for await (const anchor of this.#readAnchors(['-1'])) return anchor;
    return null;
  }

  /** The newest anchor whose commit holds the ledger up to it: what a landing wrote after the last flush speaks of records that it does not hold. */
  async newestWhole(): Promise<Anchor | null> {
    for (const limit of [['-20'], []]) {
      for await (const anchor of this.#readAnchors(limit))
        if (anchor.upTo > 0 && anchor.upTo === anchor.seq) return anchor;
    }
    return null;
  }

  async *#readAnchors(limit: readonly string[]): AsyncGenerator<Anchor> {
    if (this.tip() === null) return;
    const log = ['log', ...limit, '--first-parent', '--format=%H %at%n%B%x00', this.#ref];
    for await (const entry of this.#repo.git.pieces(log, '\0')) {
      const [first = '', ...body] = entry.trim().split('\n');
      const [commit = '', at] = first.split(' ');
      const text = body.join('\n');
      const [, seq, hash = ''] = /^Ledger: (\d+) (sha256:[0-9a-f]{64})$/m.exec(text) ?? [];
      if (seq === undefined) continue;
      const upTo = Number(/^Upto: (\d+)$/m.exec(text)?.[1] ?? 0);
      yield { commit, seq: Number(seq), hash, upTo, at: Number(at) * 1000 };
    }
  }

  /**
   * The ledger's lines as the journal holds them, in order, a few chunks in memory at a time: all of them may be more than a string can hold.
   * `wanted`: only those of chunks of which it says that it needs them.
   */
  async *ledgerLines(wanted: (range: { first: number; last: number }) => boolean = () => true): AsyncGenerator<string> {
    const chunks = (await this.#list('ledger', this.#ref)).filter(({ path }) => {
      const range = chunkRange(`ledger/${path}`);
      return range === null || wanted(range);
    });
    chunks.sort((a, b) => (basename(a.path) < basename(b.path) ? -1 : 1));
    for (let at = 0; at < chunks.length; at += CHUNKS_AT_ONCE) {
      const some = chunks.slice(at, at + CHUNKS_AT_ONCE);
      const bytes = await blobs(
        this.#repo.git,
        some.map((c) => c.id),
      );
      for (const { id } of some)
        for (const line of bytes.get(id)?.toString('utf8').split('\n') ?? []) if (line !== '') yield line;
    }
  }

  async file(path: string): Promise<Buffer | null> {
    return this.tip() === null ? null : blobBytes(this.#repo.git, `${this.#ref}:${path}`);
  }

  /** Every file below a folder of the journal, with its bytes; `at` may name a commit that is not on the ref (yet). */
  async filesBelow(folder: string, at = this.#ref): Promise<EvidenceFile[]> {
    const entries = await this.#list(folder, at);
    const bytes = await blobs(
      this.#repo.git,
      entries.map((e) => e.id),
    );
    return entries.map(({ id, path }) => ({ path, bytes: bytes.get(id) ?? Buffer.alloc(0) }));
  }

  async #list(folder: string, at: string): Promise<{ id: string; path: string }[]> {
    if (at === this.#ref && this.tip() === null) return [];
    const listing = await this.#repo.git.run(['ls-tree', '-r', '-z', '--full-tree', at, '--', `${folder}/`]);
    return listing
      .toString('utf8')
      .split('\0')
      .flatMap((line) => {
        const match = /^\d+ blob ([0-9a-f]{40})\t(.+)$/s.exec(line);
        return match === null ? [] : [{ id: match[1] ?? '', path: (match[2] ?? '').slice(folder.length + 1) }];
      });
  }

  /** The life of an order that ended, as the journal keeps it. */
  async life(woId: string, born: number): Promise<OrderLife | null> {
    const bytes = await this.file(`${journalFolder(born, woId)}/life.json`);
    return bytes === null ? null : (JSON.parse(bytes.toString('utf8')) as OrderLife);
  }

  async evidence(life: OrderLife, attempt: number, at?: string): Promise<EvidenceFile[]> {
    return this.filesBelow(attemptFolder(life, attempt), at);
  }
}
