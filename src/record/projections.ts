import type { OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import type { Log } from '../platform/log.ts';
import type { Station } from '../station/station.ts';
import { projectRejection, projectResult, rejection } from './result.ts';
import { projectState } from './state.ts';
import type { Told } from './telemetry.ts';

/** How long a state file may be older than its order. */
const SHOW_WITHIN_MS = 200;

/**
 * What people and agents see of orders, which repeats the ledger: state files, results, quarantine. It can be written again at any time, so a
 * full or missing folder never stops an order; it is said, and tried again.
 */
export class Projections {
  /** The oldest record whose showing failed: all from there on is shown again before the station sleeps. */
  unshownFrom: number | null = null;
  readonly #station: () => Station;
  readonly #log: Log;
  /** Orders whose state file is not the newest, with the record since when. */
  readonly #moved = new Map<string, { life: OrderLife; since: number }>();
  #soon: NodeJS.Timeout | null = null;

  constructor(station: () => Station, log: Log) {
    this.#station = station;
    this.#log = log;
  }

  /**
   * Shows what records did: an end at once. An order on its way takes several steps within milliseconds, and each file that is replaced costs
   * as much as its step: of these the newest state is shown, soon and before the station sleeps.
   */
  follow(told: readonly Told[], lives: readonly OrderLife[], first: number): void {
    const station = this.#station();
    for (const life of lives) {
      if (!isTerminal(life.status)) {
        this.#moved.set(life.woId, { life, since: this.#moved.get(life.woId)?.since ?? first });
        continue;
      }
      this.#moved.delete(life.woId);
      const end = () => {
        projectState(station, life);
        projectResult(station, life);
      };
      this.show(life.woId, end, first);
    }
    if (this.#moved.size > 0) this.#soon ??= setTimeout(() => this.showMoved(), SHOW_WITHIN_MS).unref();
    for (const { record } of told) {
      if (record.event !== 'rejected' || record.wo_id !== null) continue;
      this.show(
        record.data.file,
        () => projectRejection(station, record.data, rejection(record.data, null)),
        record.seq,
      );
    }
  }

  /** Writes the state files that are not the newest. */
  showMoved(): void {
    this.end();
    const moved = [...this.#moved];
    this.#moved.clear();
    for (const [woId, { life, since }] of moved) this.show(woId, () => projectState(this.#station(), life), since);
  }

  /** Writes what repeats the record `seq`; where it cannot be written that is said, stops nothing, and is tried again. */
  show(what: string, write: () => void, seq: number): void {
    try {
      write();
    } catch (error) {
      this.unshownFrom = Math.min(this.unshownFrom ?? seq, seq);
      this.#log.error({ err: error }, `${what} could not be shown; it is tried again`);
    }
  }

  end(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
  }
}
