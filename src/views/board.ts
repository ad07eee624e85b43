import { setImmediate } from 'node:timers/promises';
import type { Recorded } from '../order/event.ts';
import { laneOf, type OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import { IdIndex } from '../record/id-index.ts';
import { JournalReader } from '../record/journal.ts';
import { readCheckpoint } from '../record/ledger.ts';
import { Orders } from '../record/orders.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { followLedger, recordOfLine, type Wake } from './feed.ts';

/** How many orders ended since this process looks are kept in mind, for those who just saw them move. */
const ENDED_KEPT = 200;
/** How long it reads before others have their turn, in ms. */
const SLICE_MS = 4;

/** What is known of the ledger up to a record. */
interface Known {
  readonly orders: Orders;
  ended: OrderLife[];
  seq: number;
  movedAt: string | null;
}

/** A lane with how many orders are alive in it: by status, and parked ones by what they wait for. */
export interface LaneCount {
  readonly lane: string;
  readonly ready: number;
  readonly running: number;
  readonly parked: number;
  readonly waits: Readonly<Record<string, number>>;
}

/**
 * The orders that are alive, as the ledger tells them up to its last record: ready at once from the checkpoint, and moved on as records come. It
 * holds what the station itself holds, and no more.
 */
export class Board {
  readonly #station: Station;
  readonly #wake: Wake;
  #known: Known = { orders: new Orders(), ended: [], seq: 0, movedAt: null };
  /** The ledger is another one, which is being read: what is known is of the old one, until all of the new one is. */
  #isOld = false;
  readonly #listeners = new Set<() => void>();

  constructor(station: Station, wake: Wake) {
    this.#station = station;
    this.#wake = wake;
  }

  /** The last record that it knows; 0 while it reads a ledger that was exchanged. */
  get seq(): number {
    return this.#isOld ? 0 : this.#known.seq;
  }

  /** When that was written; null for an empty ledger. */
  get movedAt(): string | null {
    return this.#known.movedAt;
  }

  /** Every order alive. */
  alive(): OrderLife[] {
    return this.#known.orders.all().filter((life) => !isTerminal(life.status));
  }

  /** An order alive, or one that ended a moment ago. */
  life(woId: string): OrderLife | null {
    return this.#known.orders.get(woId) ?? this.#known.ended.find((life) => life.woId === woId) ?? null;
  }

  /** Orders that ended since this process looks, the newest first. */
  get ended(): readonly OrderLife[] {
    return this.#known.ended;
  }

  /** Lanes with orders alive, by name. */
  lanes(): LaneCount[] {
    const rows = new Map<
      string,
      { lane: string; ready: number; running: number; parked: number; waits: Record<string, number> }
    >();
    for (const life of this.alive()) {
      const lane = laneOf(life);
      const row = rows.get(lane) ?? { lane, ready: 0, running: 0, parked: 0, waits: {} };
      rows.set(lane, row);
      row[life.status as 'ready' | 'running' | 'parked']++;
      if (life.waitingFor !== null) row.waits[life.waitingFor] = (row.waits[life.waitingFor] ?? 0) + 1;
    }
    return [...rows.values()].sort((a, b) => (a.lane < b.lane ? -1 : 1));
  }

  /** Calls `listener` after each piece of records; returns how to stop that. */
  onMove(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what is there, then follows until aborted; `ready` is called whenever it knows all that is there. Throws LEDGER_BROKEN; then it can be called again. */
  async follow(signal: AbortSignal, ready: () => void): Promise<void> {
    while (!signal.aborted) {
      await this.#followOne(signal, ready);
      if (signal.aborted) return;
      this.#isOld = true;
      this.#tell();
      await setImmediate();
    }
  }

  /** Follows one ledger, until it is exchanged: from the checkpoint on, in slices. It is shown when it is read whole, and not before. */
  async #followOne(signal: AbortSignal, ready: () => void): Promise<void> {
    const { ledger } = this.#station.layout;
    const known = atCheckpoint(ledger);
    const wake: Wake = {
      moved: (aborted) => {
        if (this.#known !== known) {
          [this.#known, this.#isOld] = [known, false];
          this.#tell();
        }
        ready();
        return this.#wake.moved(aborted);
      },
    };
    let since = Date.now();
    for await (const piece of followLedger(ledger, known.seq + 1, wake, signal)) {
      if (piece.kind === 'exchanged') return;
      for (const line of piece.lines) {
        await this.#take(known, recordOfLine(line));
        [known.seq, known.movedAt] = [line.seq, line.ts];
      }
      if (this.#known === known) this.#tell();
      if (Date.now() - since < SLICE_MS) continue;
      await setImmediate();
      since = Date.now();
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #take(known: Known, record: Recorded): Promise<void> {
    const { wo_id: woId, event } = record;
    if (woId === null) return;
    if (known.orders.get(woId) === undefined && event !== 'admitted' && event !== 'rejected') {
      // what is told of one that ended moves nothing here, but for its being taken up again
      const before = event === 'retried' || event === 'revised' ? await this.#past(known, woId) : null;
      if (before === null) return;
      known.orders.recall(before);
    }
    const life = known.orders.apply(record);
    if (life === null || !isTerminal(life.status)) return;
    known.orders.forget(woId);
    known.ended = [life, ...known.ended.filter((other) => other.woId !== woId)].slice(0, ENDED_KEPT);
  }

  /** How an order stood that ended before: as it is remembered, or as the journal has it. */
  async #past(known: Known, woId: string): Promise<OrderLife | null> {
    const remembered = known.ended.find((life) => life.woId === woId);
    if (remembered !== undefined) return remembered;
    const entry = new IdIndex(this.#station.layout.ids).born(woId);
    const journal = new JournalReader(this.#station.repo, refsOf(this.#station.id).journal);
    return entry === null ? null : await journal.life(entry.id, entry.born);
  }
}

/** What the newest checkpoint says; nothing where there is none. */
function atCheckpoint(ledger: string): Known {
  const checkpoint = readCheckpoint(ledger);
  const orders = checkpoint === null ? new Orders() : Orders.from(checkpoint.live);
  for (const life of orders.all()) if (isTerminal(life.status)) orders.forget(life.woId);
  return { orders, ended: [], seq: checkpoint?.head.seq ?? 0, movedAt: null };
}
