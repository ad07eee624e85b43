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
  #orders = new Orders();
  #ended: OrderLife[] = [];
  #seq = 0;
  #movedAt: string | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(station: Station, wake: Wake) {
    this.#station = station;
    this.#wake = wake;
  }

  /** The last record that it knows. */
  get seq(): number {
    return this.#seq;
  }

  /** When that was written; null for an empty ledger. */
  get movedAt(): string | null {
    return this.#movedAt;
  }

  /** Every order alive. */
  alive(): OrderLife[] {
    return this.#orders.all().filter((life) => !isTerminal(life.status));
  }

  /** An order alive, or one that ended a moment ago. */
  life(woId: string): OrderLife | null {
    return this.#orders.get(woId) ?? this.#ended.find((life) => life.woId === woId) ?? null;
  }

  /** Orders that ended since this process looks, the newest first. */
  get ended(): readonly OrderLife[] {
    return this.#ended;
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
    const checkpoint = readCheckpoint(this.#station.layout.ledger);
    this.#orders = checkpoint === null ? new Orders() : Orders.from(checkpoint.live);
    this.#seq = checkpoint?.head.seq ?? 0;
    for (const life of this.#orders.all()) if (isTerminal(life.status)) this.#orders.forget(life.woId);
    const wake: Wake = {
      moved: (aborted) => {
        ready();
        return this.#wake.moved(aborted);
      },
    };
    for await (const piece of followLedger(this.#station.layout.ledger, this.#seq + 1, wake, signal)) {
      if (piece.kind === 'exchanged') {
        [this.#orders, this.#ended, this.#seq] = [new Orders(), [], 0];
        continue;
      }
      for (const line of piece.lines) {
        await this.#take(recordOfLine(line));
        [this.#seq, this.#movedAt] = [line.seq, line.ts];
      }
      for (const listener of this.#listeners) listener();
    }
  }

  async #take(record: Recorded): Promise<void> {
    const { wo_id: woId, event } = record;
    if (woId === null) return;
    if (this.#orders.get(woId) === undefined && event !== 'admitted' && event !== 'rejected') {
      // what is told of one that ended moves nothing here, but for its being taken up again
      const before = event === 'retried' || event === 'revised' ? await this.#past(woId) : null;
      if (before === null) return;
      this.#orders.recall(before);
    }
    const life = this.#orders.apply(record);
    if (life === null || !isTerminal(life.status)) return;
    this.#orders.forget(woId);
    this.#ended = [life, ...this.#ended.filter((other) => other.woId !== woId)].slice(0, ENDED_KEPT);
  }

  /** How an order stood that ended before: as it is remembered, or as the journal has it. */
  async #past(woId: string): Promise<OrderLife | null> {
    const remembered = this.#ended.find((life) => life.woId === woId);
    if (remembered !== undefined) return remembered;
    const entry = new IdIndex(this.#station.layout.ids).born(woId);
    const journal = new JournalReader(this.#station.repo, refsOf(this.#station.id).journal);
    return entry === null ? null : await journal.life(entry.id, entry.born);
  }
}
