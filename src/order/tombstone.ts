import { hashOf } from './canonical-json.ts';
import type { Recorded, Tombstone } from './event.ts';

/**
 * What is left of a ledger record when what it told must not stay: ids, times, hashes and transitions. Its own hash stays that of what
 * was written, so the chain holds; a later `purged` record lists it with the hash of what is left, so nobody can do this unseen.
 */

export const PURGED_TEXT = '(purged)';

/** Fields that hold an author's or a program's words. */
const WORDS: ReadonlySet<string> = new Set([
  'title',
  'summary',
  'owner',
  'declared_by',
  'created_at',
  'message',
  'hint',
  'why',
  'reason',
  'by',
  'name',
  'expected',
  'actual',
  'diff',
]);
const WORD_LISTS: ReadonlySet<string> = new Set(['tags', 'agents', 'by']);

/** What a person was asked holds such words too: the command itself, paths. Stations once left these: what they emptied still counts as empty. */
const ASKED: ReadonlySet<string> = new Set(['subject', 'checkpoint']);
const ASKED_LISTS: ReadonlySet<string> = new Set(['changed']);

/** The same value with all words taken out, at any depth. */
export function withoutWords(value: unknown): unknown {
  return emptied(value, true);
}

function emptied(value: unknown, asked: boolean): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((inner) => emptied(inner, asked));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if ((WORDS.has(key) || (asked && ASKED.has(key))) && typeof inner === 'string')
        return [key, key === 'name' && isFileName(inner) ? inner : PURGED_TEXT];
      if ((WORD_LISTS.has(key) || (asked && ASKED_LISTS.has(key))) && Array.isArray(inner)) return [key, []];
      return [key, emptied(inner, asked)];
    }),
  );
}

/** `request.yaml`, under which the request stands in the evidence, is ours. */
function isFileName(name: string): boolean {
  return /^request\.(yaml|json)$/.test(name);
}

export function entombed(record: Recorded): Recorded {
  return { ...record, data: withoutWords(record.data), purged: true } as Recorded;
}

/** Whether it is as an emptied record is, whichever version of a station emptied it. */
function isEmptied(record: Recorded): boolean {
  const hash = hashOf(record);
  return [true, false].some((asked) => hashOf({ ...record, data: emptied(record.data, asked) }) === hash);
}

/** The hash that stands for a record in the `purged` record: over all of it. */
export function tombstoneOf(record: Recorded): Tombstone {
  return { seq: record.seq, hash: record.hash, left: hashOf(entombed(record)) };
}

/** Holds records against their hashes, those that were purged against the record that says so, which comes later. */
export class HashCheck {
  /** Emptied records that no `purged` record has vouched for yet: what is left of each, by number. */
  readonly #open = new Map<number, { hash: string; left: string }>();

  /** Whether the record is what its hash says. */
  accepts(record: Recorded): boolean {
    if (record.purged === true) {
      // whoever empties a record leaves no words of his own in it
      if (!isEmptied(record)) return false;
      this.#open.set(record.seq, { hash: record.hash, left: hashOf(record) });
      return true;
    }
    const { hash, ...body } = record;
    if (hashOf(body) !== hash) return false;
    if (record.event === 'purged') this.#settle(record.data.records);
    return true;
  }

  #settle(tombstones: readonly Tombstone[]): void {
    for (const { seq, hash, left } of tombstones) {
      const open = this.#open.get(seq);
      if (open?.hash === hash && open.left === left) this.#open.delete(seq);
    }
  }

  /** Records that are empty though nobody purged them. */
  unsettled(): number[] {
    return [...this.#open.keys()];
  }
}
