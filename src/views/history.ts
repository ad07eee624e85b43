import { setImmediate } from 'node:timers/promises';
import type { Recorded } from '../order/event.ts';
import { pause } from '../platform/clock.ts';
import { type FeedLine, followLedger, recordOfLine, type Wake } from './feed.ts';

/** What is made of every record of the ledger, from the first one on, and kept up to date. */
export interface HistoryFold {
  /** The ledger is another one: all that was taken counts for nothing. */
  reset(): void;
  /** `record` parses the line, once for all folds, and throws LEDGER_BROKEN. */
  take(line: FeedLine, record: () => Recorded): void;
  /** After each piece of lines, and when the end is reached; `isWhole`: all that was there has been taken. */
  settled(isWhole: boolean): void;
}

/** How long it reads before others have their turn, in ms: a page that is asked for meanwhile takes some ten turns. */
const SLICE_MS = 4;
/** Whoever asks is answered first: so long nothing is read for it, in ms. */
const WAY_MS = 50;
/** However many ask: nothing is read for so long at most, and then for as long whoever asks. */
const REST_MS = 250;

/** Reads the whole ledger once for several folds, in slices beside everything else, then follows it. */
export class History {
  readonly #ledger: string;
  readonly #wake: Wake;
  readonly #folds: readonly HistoryFold[];
  #began = false;
  #isWhole = false;
  #seq = 0;
  #listener = () => {};
  #exchanges = 0;
  #wayUntil = 0;
  #readUntil = 0;

  constructor(ledger: string, wake: Wake, folds: readonly HistoryFold[]) {
    this.#ledger = ledger;
    this.#wake = wake;
    this.#folds = folds;
  }

  /** Whether it has read all that was there at first. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The last record that was read. */
  get seq(): number {
    return this.#seq;
  }

  /** How often the ledger was exchanged (a purge, a restore): what was read of it before counts for nothing. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** `listener` is called after each piece of records; there is one. */
  onMove(listener: () => void): void {
    this.#listener = listener;
  }

  /** Somebody asks for something: what there is to read at first can wait a moment. What comes later is told at once. */
  giveWay(): void {
    this.#wayUntil = Date.now() + WAY_MS;
  }

  /**
   * Reads from the first record on, then follows until aborted; `ready` is called whenever it has read all that is there. Throws LEDGER_BROKEN;
   * then it can be called again, and nothing that was read before counts.
   */
  async follow(signal: AbortSignal, ready = () => {}): Promise<void> {
    if (this.#began) this.#reset();
    this.#began = true;
    const wake: Wake = {
      moved: (aborted) => {
        if (!this.#isWhole) this.#settle(true);
        ready();
        return this.#wake.moved(aborted);
      },
    };
    let since = Date.now();
    for await (const piece of followLedger(this.#ledger, 1, wake, signal)) {
      if (piece.kind === 'exchanged') {
        this.#reset();
        continue;
      }
      for (const line of piece.lines) this.#take(line);
      this.#settle(this.#isWhole);
      if (Date.now() - since < SLICE_MS) continue;
      await this.#rest();
      since = Date.now();
    }
  }

  async #rest(): Promise<void> {
    await setImmediate();
    if (this.#isWhole || Date.now() < this.#readUntil) return;
    const end = Date.now() + REST_MS;
    while (Date.now() < this.#wayUntil) {
      if (Date.now() >= end) {
        this.#readUntil = Date.now() + REST_MS;
        return;
      }
      await pause(5);
    }
  }

  #reset(): void {
    this.#exchanges++;
    for (const fold of this.#folds) fold.reset();
    this.#seq = 0;
    this.#settle(false);
  }

  #take(line: FeedLine): void {
    let parsed: Recorded | null = null;
    const record = () => {
      parsed ??= recordOfLine(line);
      return parsed;
    };
    for (const fold of this.#folds) fold.take(line, record);
    this.#seq = line.seq;
  }

  #settle(isWhole: boolean): void {
    this.#isWhole = isWhole;
    for (const fold of this.#folds) fold.settled(isWhole);
    this.#listener();
  }
}
