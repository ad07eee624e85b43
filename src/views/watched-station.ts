import type { Recorded } from '../order/event.ts';
import { laneOf, type OrderLife } from '../order/life.ts';
import { asksPeople } from '../order/transition.ts';
import { pause } from '../platform/clock.ts';
import { ledgerHead } from '../record/chain.ts';
import { AGES, aliveByLane } from '../record/followup.ts';
import { progressOf } from '../record/state.ts';
import type { Station } from '../station/station.ts';
import { Board } from './board.ts';
import { followLedger, recordOfLine } from './feed.ts';
import { gist } from './gist.ts';
import { LedgerWatch } from './ledger-watch.ts';
import { type LaneStatus, type StationStatus, stationStatus } from './station-status.ts';

/** Records that are told at most, and from how far back they are looked for at first. */
const TOLD = 40;
const LOOKED = 200;
/** What stands in no ledger (process, guardrail, inboxes) is looked at so often. */
const STATUS_MS = 2000;

/** An order as whoever watches sees it. Times ISO-8601 UTC. */
export interface WatchedOrder {
  readonly wo_id: string;
  readonly lane: string;
  readonly title: string;
  readonly waiting_for: string | null;
  /** What it does, or why it waits. */
  readonly doing: string;
  /** When it was started, or since when it waits. */
  readonly since: string;
}

/** A record in short. */
export interface WatchedEvent {
  readonly seq: number;
  readonly ts: string;
  readonly event: string;
  readonly wo_id: string | null;
  readonly to: string | null;
  readonly gist: string;
}

/** A station as it is now: what `waybill status --watch --json` prints for each change. */
export interface WatchedNow {
  readonly at: string;
  /** The last record that this knows of. */
  readonly seq: number;
  /** With the lanes as the ledger has them. */
  readonly status: StationStatus;
  /** The longest at work first. */
  readonly running: readonly WatchedOrder[];
  /** Orders that ask a person, the longest wait first. */
  readonly asking: readonly WatchedOrder[];
  /** Parked orders by what they wait for. */
  readonly waits: Readonly<Record<string, number>>;
  /** What happened last, the newest first: what moved an order, and steps of missions. */
  readonly events: readonly WatchedEvent[];
}

/** Follows a station for somebody who looks on. It writes nothing. */
export class WatchedStation {
  readonly #station: Station;
  readonly #watch: LedgerWatch;
  readonly #board: Board;
  readonly #stop = new AbortController();
  readonly #following: Promise<unknown>;
  readonly #ready: Promise<void>;
  #events: WatchedEvent[] = [];
  #status: StationStatus | null = null;
  #statusAt = 0;
  #fault: unknown = null;
  #moved = true;
  #wake = () => {};

  constructor(station: Station) {
    this.#station = station;
    this.#watch = new LedgerWatch(station.layout.ledger);
    this.#board = new Board(station, this.#watch);
    this.#board.onMove(() => this.touch());
    let isReady = () => {};
    this.#ready = new Promise((resolve) => {
      isReady = resolve;
    });
    const end = (error: unknown) => {
      this.#fault ??= error;
      isReady();
      this.touch();
    };
    this.#following = Promise.all([
      this.#board.follow(this.#stop.signal, isReady).catch(end),
      this.#followEvents().catch(end),
    ]);
  }

  /** How it is now. Throws LEDGER_BROKEN. */
  async now(): Promise<WatchedNow> {
    await this.#ready;
    if (this.#fault !== null) throw this.#fault;
    if (this.#status === null || Date.now() - this.#statusAt >= STATUS_MS) {
      this.#status = await stationStatus(this.#station);
      this.#statusAt = Date.now();
    }
    const alive = this.#board.alive();
    const waits: Record<string, number> = {};
    for (const { waitingFor } of alive) if (waitingFor !== null) waits[waitingFor] = (waits[waitingFor] ?? 0) + 1;
    return {
      at: new Date().toISOString(),
      seq: this.#board.seq,
      status: { ...this.#status, lanes: lanesNow(this.#status.lanes, alive) },
      running: alive
        .filter(({ status }) => status === 'running')
        .map((life) => watched(life, life.startedAt ?? life.updatedAt))
        .sort(byTime),
      asking: alive
        .filter(({ waitingFor }) => asksPeople(waitingFor))
        .map((life) => watched(life, life.askedAt ?? life.updatedAt))
        .sort(byTime),
      waits,
      events: this.#events,
    };
  }

  /** Whoever waits for a move is woken. */
  touch(): void {
    this.#moved = true;
    this.#wake();
  }

  /** Resolves when something moved since this was asked last, and after so many ms at the latest. */
  async moved(ms: number): Promise<void> {
    if (!this.#moved) {
      const late = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        pause(ms, late.signal),
      ]);
      late.abort();
    }
    this.#moved = false;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watch.close();
    await this.#following;
  }

  async #followEvents(): Promise<void> {
    const { ledger } = this.#station.layout;
    const from = Math.max(1, ledgerHead(ledger).seq - LOOKED);
    for await (const piece of followLedger(ledger, from, this.#watch, this.#stop.signal)) {
      if (piece.kind === 'exchanged') {
        this.#events = [];
        continue;
      }
      const told = piece.lines.map(recordOfLine).filter(isTold).map(inShort).reverse();
      if (told.length === 0) continue;
      this.#events = [...told, ...this.#events].slice(0, TOLD);
      this.touch();
    }
  }
}

function isTold({ event, to }: Recorded): boolean {
  return to !== null || event === 'step' || event === 'stepped' || event === 'opened' || event === 'gap';
}

function inShort(record: Recorded): WatchedEvent {
  const { seq, ts, event, wo_id, to } = record;
  return { seq, ts, event, wo_id, to, gist: gist(record).slice(0, 300) };
}

/** Lanes and inboxes as they were looked at, with what is alive in each as the ledger has it now. */
function lanesNow(lanes: readonly LaneStatus[], alive: readonly OrderLife[]): LaneStatus[] {
  const rows = new Map(aliveByLane(alive, Date.now()).map((row) => [row.lane, row]));
  const none = AGES.concat(0).map(() => 0);
  return [...new Set([...lanes.map(({ lane }) => lane), ...rows.keys()])].sort().map((lane) => {
    const { ready = 0, running = 0, parked = 0, ages = none } = rows.get(lane) ?? {};
    return { lane, inbox: lanes.find((row) => row.lane === lane)?.inbox ?? 0, ready, running, parked, ages };
  });
}

function watched(life: OrderLife, since: string): WatchedOrder {
  return {
    wo_id: life.woId,
    lane: laneOf(life),
    title: life.admitted?.title.slice(0, 300) ?? '',
    waiting_for: life.waitingFor,
    doing: (progressOf(life) ?? '').slice(0, 300),
    since,
  };
}

function byTime(a: WatchedOrder, b: WatchedOrder): number {
  return a.since < b.since ? -1 : a.since > b.since ? 1 : a.wo_id < b.wo_id ? -1 : 1;
}
