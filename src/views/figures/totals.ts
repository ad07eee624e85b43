import { Count, Histogram } from './count.ts';

/** Bounds in seconds: from work of no time to work of days. */
const WAITING = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800];
const RUNNING = [0.1, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14_400];

/** What the ledger tells, counted since its first record. The comment names the labels of each. */
export class Totals {
  /** lane: drops that were taken up, whatever became of them. */
  readonly received = new Count();
  /** lane: the same bytes dropped again, answered with what is known. */
  readonly repeated = new Count();
  /** lane. */
  readonly started = new Count();
  /** lane, status. */
  readonly ended = new Count();
  /** code, of orders that failed. */
  readonly failures = new Count();
  /** code. */
  readonly rejections = new Count();
  /** by: the station itself, or a person. */
  readonly retries = new Count();
  /** waiting_for. */
  readonly waits = new Count();
  /** Times people were asked; stage. */
  readonly asked = new Count();
  /** decision, proof. */
  readonly decided = new Count();
  /** agent (empty for the runner itself), outcome. */
  readonly steps = new Count();
  /** agent, kind. */
  readonly tokens = new Count();
  /** agent. */
  readonly usd = new Count();
  /** agent: steps of which nobody told what they used. */
  readonly unmetered = new Count();
  /** Without labels. */
  readonly commits = new Count();
  readonly commands = new Count();
  readonly stationStarts = new Count();

  readonly #waiting = new Map<string, Histogram>();
  readonly #running = new Map<string, Histogram>();

  constructor() {
    // what has no labels is known to be none from the start
    for (const count of [this.commits, this.commands, this.stationStarts]) count.add([], 0);
  }

  /** From being received to the start, by lane. */
  get waiting(): ReadonlyMap<string, Histogram> {
    return this.#waiting;
  }

  /** Time in state running, of orders that ended, by lane. */
  get running(): ReadonlyMap<string, Histogram> {
    return this.#running;
  }

  waited(lane: string, seconds: number): void {
    histogram(this.#waiting, lane, WAITING).add(seconds);
  }

  ran(lane: string, seconds: number): void {
    histogram(this.#running, lane, RUNNING).add(seconds);
  }
}

function histogram(of: Map<string, Histogram>, lane: string, bounds: readonly number[]): Histogram {
  let found = of.get(lane);
  if (found === undefined) {
    found = new Histogram(bounds);
    of.set(lane, found);
  }
  return found;
}
