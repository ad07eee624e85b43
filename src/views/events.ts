import { setImmediate } from 'node:timers/promises';
import type { Recorded } from '../order/event.ts';
import type { RecordEvent } from '../order/generated.ts';
import { laneOf } from '../order/life.ts';
import { pause } from '../platform/clock.ts';
import type { Station } from '../station/station.ts';
import { type FeedLine, followLedger, recordOfLine, type Wake } from './feed.ts';
import { gist } from './gist.ts';
import { stateOf } from './order-state.ts';
import type { Records } from './records.ts';
import { plain } from './words.ts';

/** Which records are told; all of it must hold. */
export interface EventsWanted {
  readonly events: readonly string[] | null;
  readonly lanes: readonly string[] | null;
  readonly woIds: readonly string[] | null;
  /** With the whole record. */
  readonly full: boolean;
}

/** What a teller got to: some events, none of them perhaps, and the last record that was looked at; or word that the ledger is another one. */
export type EventsPiece =
  | { readonly kind: 'events'; readonly events: readonly RecordEvent[]; readonly seq: number }
  | { readonly kind: 'exchanged' };

/** So much of what is said of a record is told. */
const GIST = 300;
/** Lanes of orders that one stream keeps in mind. */
const LANES_KEPT = 5000;
/** How long the board may be behind the ledger. */
const BOARD_MS = 1000;

/**
 * The records from `from` on as events for machines, as they become durable, until aborted. It reads for itself, and only when it is asked to
 * go on: a slow reader costs no memory and loses nothing. Throws LEDGER_BROKEN.
 */
export async function* tellEvents(
  station: Station,
  records: Pick<Records, 'board' | 'catalogue'>,
  from: number,
  wanted: EventsWanted,
  wake: Wake,
  signal: AbortSignal,
): AsyncGenerator<EventsPiece> {
  const lanes = new Lanes(station, records);
  for await (const piece of followLedger(station.layout.ledger, from, wake, signal)) {
    // what is asked for may lie far off, and others want to be served meanwhile
    await setImmediate();
    if (piece.kind === 'exchanged') {
      lanes.forget();
      yield piece;
      continue;
    }
    const events: RecordEvent[] = [];
    for (const line of piece.lines) {
      const event = await eventOf(line, wanted, lanes);
      if (event !== null) events.push(event);
    }
    yield { kind: 'events', events, seq: piece.lines.at(-1)?.seq ?? 0 };
  }
}

/** Null for what is not wanted; most of that is not even parsed. */
async function eventOf(line: FeedLine, wanted: EventsWanted, lanes: Lanes): Promise<RecordEvent | null> {
  if (wanted.events !== null && !wanted.events.includes(line.event)) return null;
  if (wanted.woIds !== null && !wanted.woIds.includes(line.woId?.toLowerCase() ?? '')) return null;
  const record = recordOfLine(line);
  const lane = await lanes.of(record);
  if (wanted.lanes !== null && !wanted.lanes.includes(lane ?? '')) return null;
  return {
    v: 1,
    kind: 'record',
    seq: record.seq,
    ts: record.ts,
    event: record.event,
    wo_id: record.wo_id,
    lane,
    attempt: record.attempt,
    from: record.from,
    to: record.to,
    gist: cut(plain(gist(record))),
    ...(wanted.full ? { record: { ...record } } : {}),
  };
}

function cut(text: string): string {
  const characters = text.slice(0, GIST * 2);
  if (characters.length === text.length && text.length <= GIST) return text;
  // never in the middle of a pair
  return `${characters.slice(0, GIST - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Which lane an order is of: most records do not say. */
class Lanes {
  readonly #station: Station;
  readonly #records: Pick<Records, 'board' | 'catalogue'>;
  readonly #known = new Map<string, string>();

  constructor(station: Station, records: Pick<Records, 'board' | 'catalogue'>) {
    this.#station = station;
    this.#records = records;
  }

  forget(): void {
    this.#known.clear();
  }

  async of({ wo_id: woId, data, seq }: Recorded): Promise<string | null> {
    // what an order is born with says it
    const said = 'lane' in data && typeof data.lane === 'string' ? data.lane : null;
    if (woId === null) return said;
    const known = said ?? this.#known.get(woId) ?? this.#shown(woId);
    if (known !== null) return this.#keep(woId, known);
    // the board reads the same ledger, and may be a moment behind
    const { board } = this.#records;
    for (const until = Date.now() + BOARD_MS; board.seq < seq && Date.now() < until; ) await pause(10);
    const lane = this.#shown(woId) ?? (await stateOf(this.#station, woId).catch(() => null))?.lane ?? null;
    return lane === null ? null : this.#keep(woId, lane);
  }

  #shown(woId: string): string | null {
    const { board, catalogue } = this.#records;
    const life = board.life(woId);
    return life === null ? (catalogue.get(woId)?.lane ?? null) : laneOf(life);
  }

  #keep(woId: string, lane: string): string {
    if (!this.#known.has(woId) && this.#known.size >= LANES_KEPT)
      this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(woId, lane);
    return lane;
  }
}
