import { priorityWord } from '../order/canonical.ts';
import type { Recorded } from '../order/event.ts';
import type { Priority } from '../order/order.ts';
import { isTerminal, type Status } from '../order/transition.ts';
import { type EndedCount, EndedDay } from './ended-day.ts';
import type { FeedLine } from './feed.ts';
import type { HistoryFold } from './history.ts';

/** One order in a list. Times ISO-8601 UTC. */
export interface OrderRow {
  readonly woId: string;
  readonly title: string;
  readonly lane: string;
  readonly type: string;
  readonly priority: string;
  /** The owner of the file, or what stands for them. */
  readonly requester: string;
  readonly status: Status;
  readonly waitingFor: string | null;
  /** The code it failed with or was rejected with. */
  readonly code: string | null;
  readonly attempt: number;
  readonly receivedAt: string;
  readonly startedAt: string | null;
  /** When it ended; null while it is alive. */
  readonly finishedAt: string | null;
  readonly updatedAt: string;
  readonly born: number;
  /** Sequence number of its last record. */
  readonly last: number;
  /** The segments of the ledger that hold its records, by their first sequence number. */
  readonly segments: readonly number[];
}

/** Which orders are wanted; all of it must hold. */
export interface Wanted {
  readonly statuses?: readonly Status[];
  readonly lane?: string;
  readonly waitingFor?: string;
  readonly code?: string;
  readonly type?: string;
  /** Words that must all stand in id, title, lane, code or requester, whatever their case. */
  readonly search?: string;
}

/** A page of orders, newest change first. */
export interface Page {
  readonly rows: readonly OrderRow[];
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

/** So many orders are held: the newest. Older ones are found by their id. */
export const HELD = 200_000;
/** So many searches are kept. */
const SEARCHES = 8;
/** So many gaps are left before they are closed, beside one for each row. */
const GAPS = 1000;
/** So much of a title is shown and searched. */
const TITLE = 160;

/** What moves a row. Other records only say where the order's records lie. */
const TELLING: ReadonlySet<string> = new Set([
  'admitted',
  'rejected',
  'revised',
  'released',
  'approved',
  'started',
  'waits',
  'held',
  'succeeded',
  'failed',
  'denied',
  'expired',
  'cancelled',
  'retried',
  'interrupted',
  'purged',
]);

type Row = { -readonly [K in keyof OrderRow]: OrderRow[K] } & {
  /** What is searched. */
  text: string;
  segments: number[];
  /** Where it stands in the order of changes. */
  place: number;
};

/**
 * A short row for each of the newest orders, so that lists, filters and searches read nothing: built once from the whole ledger, then moved on
 * as records come (history.ts). Bounded (rule 11): the oldest fall out.
 */
export class Catalogue implements HistoryFold {
  readonly #rows = new Map<string, Row>();
  /** By the time of their last change, the oldest first. A row that changes moves to the end and leaves a gap: nothing is copied for a look. */
  #places: (Row | null)[] = [];
  /** No row stands before this. */
  #first = 0;
  readonly #ended = new EndedDay();
  /** What was found with the ledger at a record, by what was wanted. */
  readonly #searches = new Map<string, { readonly seq: number; readonly rows: readonly Row[] }>();
  #seq = 0;
  #isWhole = false;

  /** Whether it has read all that was there; until then lists lack the newest. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get seq(): number {
    return this.#seq;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(woId: string): OrderRow | null {
    return this.#rows.get(woId.toLowerCase()) ?? null;
  }

  /** Orders that ended within the last 24 hours, by lane; one that was taken up again since is not among them. */
  endedWithinDay(): ReadonlyMap<string, EndedCount> {
    return this.#ended.counts(Date.now());
  }

  /** Rows that are wanted, newest change first; `page` from 1, brought into its bounds. */
  page(wanted: Wanted, page: number, perPage: number): Page {
    const found = this.#found(wanted);
    const total = found?.length ?? this.#rows.size;
    const pages = Math.max(1, Math.ceil(total / perPage));
    const at = Math.min(Math.max(1, page), pages);
    const skip = (at - 1) * perPage;
    return {
      rows: found?.slice(skip, skip + perPage) ?? this.#newest(null, skip, perPage),
      total,
      page: at,
      pages,
    };
  }

  /** Rows that are wanted, newest change first. */
  select(wanted: Wanted): readonly OrderRow[] {
    return this.#found(wanted) ?? this.#newest(null, 0, this.#rows.size);
  }

  /** Null for all of them. What was looked for last is kept as long as nothing moves: open pages ask again and again. */
  #found(wanted: Wanted): readonly Row[] | null {
    const isWanted = testOf(wanted);
    if (isWanted === null) return null;
    const key = JSON.stringify(wanted);
    const known = this.#searches.get(key);
    if (known?.seq === this.#seq) return known.rows;
    const rows = this.#newest(isWanted, 0, this.#rows.size);
    this.#searches.delete(key);
    this.#searches.set(key, { seq: this.#seq, rows });
    if (this.#searches.size > SEARCHES) this.#searches.delete(this.#searches.keys().next().value ?? '');
    return rows;
  }

  reset(): void {
    this.#rows.clear();
    this.#ended.clear();
    this.#searches.clear();
    [this.#places, this.#first, this.#seq] = [[], 0, 0];
  }

  settled(isWhole: boolean): void {
    this.#isWhole = isWhole;
  }

  take(line: FeedLine, record: () => Recorded): void {
    this.#seq = line.seq;
    if (line.woId === null) return;
    const key = line.woId.toLowerCase();
    const row = this.#rows.get(key);
    if (row !== undefined) {
      row.last = line.seq;
      if (row.segments.at(-1) !== line.segment) row.segments.push(line.segment);
    }
    if (!TELLING.has(line.event)) return;
    const moved = row ?? newRow(line);
    if (moved === null) return;
    this.#ended.remove(moved);
    advanceRow(moved, record());
    this.#ended.add(moved);
    if (row === undefined) this.#rows.set(key, moved);
    this.#moveToEnd(moved);
    if (this.#rows.size > HELD) this.#dropOldest();
  }

  #moveToEnd(row: Row): void {
    if (this.#places[row.place] === row) this.#places[row.place] = null;
    row.place = this.#places.length;
    this.#places.push(row);
    if (this.#places.length > 2 * this.#rows.size + GAPS) this.#closeGaps();
  }

  #closeGaps(): void {
    this.#places = this.#places.filter((row) => row !== null);
    for (const [place, row] of this.#places.entries()) if (row !== null) row.place = place;
    this.#first = 0;
  }

  /** Its end stays counted. */
  #dropOldest(): void {
    for (; this.#first < this.#places.length; this.#first++) {
      const row = this.#places[this.#first];
      if (!row) continue;
      this.#places[this.#first] = null;
      this.#rows.delete(row.woId.toLowerCase());
      return;
    }
  }

  #newest(isWanted: Test | null, skip: number, most: number): Row[] {
    const rows: Row[] = [];
    let passed = 0;
    for (let at = this.#places.length - 1; at >= this.#first && rows.length < most; at--) {
      const row = this.#places[at];
      if (!row || (isWanted !== null && !isWanted(row))) continue;
      if (passed < skip) passed++;
      else rows.push(row);
    }
    return rows;
  }
}

type Test = (row: Row) => boolean;

/** Whether a row is wanted; null where all are. */
function testOf({ statuses, lane, waitingFor, code, type, search }: Wanted): Test | null {
  const words = (search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const isAll = [statuses, lane, waitingFor, code, type].every((value) => value === undefined) && words.length === 0;
  if (isAll) return null;
  return (row) =>
    (statuses === undefined || statuses.includes(row.status)) &&
    (lane === undefined || row.lane === lane) &&
    (waitingFor === undefined || row.waitingFor === waitingFor) &&
    (code === undefined || row.code === code) &&
    (type === undefined || row.type === type) &&
    words.every((word) => row.text.includes(word));
}

/** Null for an order whose birth is not there: it fell out of the rows, and only its id leads to it. */
function newRow({ woId, seq, ts, event, segment }: FeedLine): Row | null {
  if (event !== 'admitted' && event !== 'rejected') return null;
  return {
    woId: woId ?? '',
    title: '',
    lane: '',
    type: 'unknown',
    priority: 'P2',
    requester: '',
    status: 'ready',
    waitingFor: null,
    code: null,
    attempt: 1,
    receivedAt: ts,
    startedAt: null,
    finishedAt: null,
    updatedAt: ts,
    born: seq,
    last: seq,
    segments: [segment],
    text: '',
    place: -1,
  };
}

function advanceRow(row: Row, record: Recorded): void {
  row.attempt = Math.max(1, record.attempt);
  row.updatedAt = record.ts;
  if (record.to !== null) row.status = record.to as Status;
  if (row.status !== 'parked') row.waitingFor = null;
  switch (record.event) {
    case 'admitted':
    case 'revised': {
      const { title, lane, type, priority, requester, received_at: receivedAt, waiting_for: waitingFor } = record.data;
      row.title = title.slice(0, TITLE);
      row.lane = lane;
      row.type = type;
      row.priority = priorityWord(priority as Priority);
      row.requester = requester.user ?? `uid ${requester.uid}`;
      row.receivedAt = receivedAt;
      row.waitingFor = waitingFor;
      [row.startedAt, row.finishedAt, row.code] = [null, null, null];
      break;
    }
    case 'rejected': {
      const { title, file, lane, requester, received_at: receivedAt, error } = record.data;
      // what has no title is known by its file
      row.title = (title ?? file).slice(0, TITLE);
      row.lane = lane;
      row.requester = requester.user ?? `uid ${requester.uid}`;
      row.receivedAt = receivedAt;
      row.code = error.code;
      row.finishedAt = record.ts;
      break;
    }
    case 'started':
      row.startedAt ??= record.ts;
      break;
    case 'waits':
      row.waitingFor = record.data.waiting_for;
      break;
    case 'held':
      row.waitingFor = 'hold';
      break;
    case 'retried':
      [row.startedAt, row.finishedAt, row.code] = [null, null, null];
      break;
    case 'failed':
      row.code = record.data.error?.code ?? null;
      if (record.to === 'parked') row.waitingFor = 'time';
      else row.finishedAt = record.ts;
      break;
    case 'succeeded':
    case 'cancelled':
    case 'denied':
    case 'expired':
      row.code = record.data.error?.code ?? null;
      row.finishedAt = record.ts;
      break;
    case 'purged':
      row.title = '';
      break;
    default:
  }
  // a try that failed says nothing of an order that goes on
  if (!isTerminal(row.status)) row.code = null;
  row.text = `${row.woId} ${row.title} ${row.lane} ${row.code ?? ''} ${row.requester}`.toLowerCase();
}
