import { join } from 'node:path';
import type { TrustDocument, TrustEntry } from '../../order/generated.ts';
import { readIfThere, writeDurable } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import type { FileLedger } from '../../record/ledger.ts';
import type { Layout } from '../../station/layout.ts';

/** What one asking was about, as far as it can be promoted. */
export interface Pattern {
  readonly pattern: string;
  readonly text: string;
  /** Whether approvals in a row promote it. What is written to a path is another thing each time: only somebody who says always makes that safe. */
  readonly isCounted: boolean;
}

/**
 * Trust: approvals in a row of the same pattern for the same requester and lane make it safe; one denial begins anew. It lies outside of
 * policy, and never counts alone: a promotion is good only where the ledger has the approval that made it, so writing into this file gives
 * nobody anything.
 */
export class Trust {
  readonly #path: string;
  #entries: TrustEntry[];
  /** Promotions that were held against the ledger already. */
  readonly #proved = new Set<string>();

  constructor(layout: Pick<Layout, 'live'>) {
    this.#path = join(layout.live, 'trust.json');
    this.#entries = readTrust(layout);
  }

  /** Whether approvals made a pattern safe for this requester in this lane. */
  isTrusted(ledger: Pick<FileLedger, 'read'>, pattern: string, uid: number, lane: string): boolean {
    const entry = this.#find(pattern, uid, lane);
    if (entry === undefined || entry.promoted === null) return false;
    const key = `${entry.promoted.seq} ${pattern} ${uid} ${lane}`;
    if (this.#proved.has(key)) return true;
    if (!isPromotion(ledger, entry, entry.promoted)) return false;
    this.#proved.add(key);
    return true;
  }

  /** The patterns that one more approval promotes: `after` in a row, or at once where a person says always. */
  promotedBy(
    ask: string,
    patterns: readonly Pattern[],
    uid: number,
    lane: string,
    after: number,
    always: boolean,
  ): string[] {
    return patterns
      .filter(({ pattern, isCounted }) => {
        const entry = this.#find(pattern, uid, lane);
        if (entry?.promoted != null) return false;
        const asks = new Set([...(entry?.asks ?? []), ask]);
        return always || (isCounted && after > 0 && asks.size >= after);
      })
      .map(({ pattern }) => pattern);
  }

  /** Counts an approval that is on the ledger. */
  approved(
    record: { seq: number; hash: string; ts: string; data: { ask: string; by: string; promoted: readonly string[] } },
    patterns: readonly Pattern[],
    uid: number,
    lane: string,
  ): void {
    const { seq, hash, ts: at, data } = record;
    for (const { pattern, text } of patterns) {
      const entry = this.#find(pattern, uid, lane) ?? this.#add({ pattern, text, uid, lane, asks: [], promoted: null });
      if (!entry.asks.includes(data.ask)) entry.asks.push(data.ask);
      if (data.promoted.includes(pattern)) entry.promoted = { seq, hash, at, by: data.by };
    }
    this.#write();
  }

  /** One denial begins anew, also for what was promoted. */
  denied(patterns: readonly Pattern[], uid: number, lane: string): void {
    const gone = new Set(patterns.map(({ pattern }) => pattern));
    this.#keep((entry) => !(gone.has(entry.pattern) && entry.uid === uid && entry.lane === lane));
  }

  /** Takes a promotion back, for every requester and lane; returns what it was, null where there is none. */
  distrust(pattern: string): TrustEntry | null {
    const entry = this.#entries.find((e) => e.pattern === pattern);
    if (entry === undefined) return null;
    this.#keep((e) => e.pattern !== pattern);
    return entry;
  }

  #find(pattern: string, uid: number, lane: string): TrustEntry | undefined {
    return this.#entries.find((e) => e.pattern === pattern && e.uid === uid && e.lane === lane);
  }

  #add(entry: TrustEntry): TrustEntry {
    this.#entries.push(entry);
    return entry;
  }

  #keep(stays: (entry: TrustEntry) => boolean): void {
    const left = this.#entries.filter(stays);
    if (left.length === this.#entries.length) return;
    this.#entries = left;
    this.#proved.clear();
    this.#write();
  }

  #write(): void {
    const document: TrustDocument = { v: 1, entries: this.#entries };
    writeDurable(this.#path, `${JSON.stringify(document, null, 2)}\n`);
  }
}

/** Whether the ledger has the approval that made an entry safe, for just this user and lane, and nobody took it back since. Looked up once a process. */
function isPromotion(
  ledger: Pick<FileLedger, 'read'>,
  { pattern, uid, lane }: TrustEntry,
  { seq, hash }: { seq: number; hash: string },
): boolean {
  let isFirst = true;
  for (const record of ledger.read(seq)) {
    if (isFirst) {
      if (record.seq !== seq || record.hash !== hash || record.event !== 'approved') return false;
      const { data } = record;
      if (!data.promoted.includes(pattern) || data.uid !== uid || data.lane !== lane) return false;
    } else if (record.event === 'distrusted' && record.data.pattern === pattern) return false;
    else if (record.event === 'denied' && record.data.resets.includes(pattern))
      if (record.data.uid === uid && record.data.lane === lane) return false;
    isFirst = false;
  }
  return !isFirst;
}

/** What is counted, as it lies on disk; nothing where it cannot be read: then everything is asked again. */
export function readTrust({ live }: Pick<Layout, 'live'>): TrustEntry[] {
  try {
    const value: unknown = JSON.parse(readIfThere(join(live, 'trust.json'))?.toString('utf8') ?? 'null');
    return conforms('trust', value) ? (value as TrustDocument).entries : [];
  } catch {
    return [];
  }
}
