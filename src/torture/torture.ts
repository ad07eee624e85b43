import { join } from 'node:path';
import { pause } from '../platform/clock.ts';
import { exists, readIfThere } from '../platform/durable.ts';
import { openStation, type Station } from '../station/station.ts';
import { FAULT_KINDS, type FaultKind, type FaultPlan, NO_FAULT } from './faults.ts';
import { type Bench, countOperations, tryPoint } from './point.ts';
import { randomOf } from './random.ts';
import { dropAll, dropTask, FILES, WORKLOADS, type Workload } from './work.ts';

/** `waybill torture`: rounds of kills, faults, races and lost events on a temporary station, each of which a seed repeats. */

export const ROUND_KINDS = [...FAULT_KINDS, 'race', 'deaf'] as const;
export type RoundKind = (typeof ROUND_KINDS)[number];

export interface Round {
  readonly kind: RoundKind;
  readonly workload: string;
  readonly seed: number;
  /** The operation that was struck; 0 for rounds that strike at a time. */
  readonly at: number;
  /** Whether the strike met anything. */
  readonly struck: boolean;
  /** What did not hold afterwards. */
  readonly faults: string[];
}

/** Plans and carries out rounds; the same seed gives the same plan. */
export class Torture {
  readonly #bench: Bench;
  readonly #operations = new Map<string, number>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async round(seed: number): Promise<Round> {
    const random = randomOf(seed);
    // seeds that follow one another go through all kinds
    const kind = ROUND_KINDS[Math.floor(seed) % ROUND_KINDS.length] ?? 'kill';
    const workload = WORKLOADS[Math.floor(random() * WORKLOADS.length)] ?? FILES;
    const about = { kind, workload: workload.name, seed };
    if (kind === 'race') return { ...about, at: 0, struck: true, faults: await this.#race(random, workload) };
    if (kind === 'deaf') return { ...about, at: 0, struck: true, faults: await this.#deaf(workload) };
    const plan = await this.plan(workload, kind, random, seed);
    const { faults, struck } = await tryPoint(this.#bench, workload, plan);
    return { ...about, at: plan.at, struck: struck > 0, faults };
  }

  /** A fault at an operation by chance. */
  async plan(workload: Workload, kind: FaultKind, random: () => number, seed: number): Promise<FaultPlan> {
    const at = 1 + Math.floor(random() * (await this.operations(workload, kind)));
    const [lasting, late, share] = [random() < 0.3, random() < 0.5, random()];
    return {
      ...NO_FAULT,
      kind,
      at,
      lasting: lasting && kind.startsWith('E'),
      late: late && kind.startsWith('E'),
      survives: kind === 'power' && share < 0.5 ? share : 0,
      seed,
    };
  }

  /** A fault while the station recovers from another one: those starts are short, so it strikes early. */
  again(plan: FaultPlan, random: () => number): FaultPlan {
    return { ...plan, at: 1 + Math.floor(random() * 150), seed: plan.seed + 1 };
  }

  /** How many operations there are to strike at; counted once for kinds that count alike. */
  async operations(workload: Workload, kind: FaultKind): Promise<number> {
    const alike: FaultKind = kind === 'EMFILE' || kind === 'EACCES' ? 'EMFILE' : kind.startsWith('E') ? 'EIO' : 'kill';
    const key = `${workload.name} ${alike}`;
    const known = this.#operations.get(key) ?? (await countOperations(this.#bench, workload, alike));
    this.#operations.set(key, known);
    return known;
  }

  /** Two stations at once, orders dropped meanwhile, and a SIGKILL for one of them at some moment (rule 3). */
  async #race(random: () => number, workload: Workload): Promise<string[]> {
    const root = await this.#bench.station(workload);
    const station = await openStation(root);
    const half = Math.floor(workload.tasks.length / 2);
    for (const task of workload.tasks.slice(0, half)) dropTask(station, task);
    const seed = () => Math.floor(random() * 1e6);
    const kill = { ...NO_FAULT, kind: 'kill' as const, at: 1 + Math.floor(random() * 400), seed: seed() };
    const stations = [kill, { ...NO_FAULT, seed: seed() }].map((plan) => this.#bench.strike(root, plan));
    for (const task of workload.tasks.slice(half)) {
      await pause(random() * 60);
      dropTask(station, task);
    }
    const ended = await Promise.all(stations);
    // the second finds the station held, and says so: that is no fault
    const faults = ended.flatMap((e) => e.faults);
    return [...faults, ...(await this.#bench.judge(root, workload, { errors: false }))];
  }

  /** A station that hears of nothing finds every order all the same, by its scans (rule 6). */
  async #deaf(workload: Workload): Promise<string[]> {
    const root = await this.#bench.station({
      ...workload,
      name: `${workload.name}-deaf`,
      settings: `${workload.settings.replace('intake: {', 'intake: {scan_seconds: 1, ')}${workload.settings.includes('intake: {') ? '' : 'intake: {scan_seconds: 1}\n'}`,
    });
    const station = await openStation(root);
    const stop = new AbortController();
    const running = this.#bench.strike(root, { ...NO_FAULT, stays: true, deaf: true }, stop.signal);
    await within(20_000, () => exists(station.layout.heartbeat));
    dropAll(station, workload);
    const ended = workload.tasks.filter((task) => task.as !== 'file' || typeof task.order !== 'string');
    // one that asks, or waits, was heard too
    const heard = await within(60_000, () =>
      ended.every(
        ({ woId }) => exists(join(station.layout.outbox, 'MAIN', `${woId}.result.json`)) || isParked(station, woId),
      ),
    );
    stop.abort();
    const { faults } = await running;
    if (!heard) faults.push('a station that gets no events did not find its orders within 60 s');
    return [...faults, ...(await this.#bench.judge(root, workload, { errors: false }))];
  }
}

function isParked({ layout }: Station, woId: string): boolean {
  const text = readIfThere(join(layout.state, `${woId}.json`))?.toString('utf8') ?? '';
  return text.includes('"status": "parked"');
}

async function within(milliseconds: number, holds: () => boolean): Promise<boolean> {
  for (const until = Date.now() + milliseconds; Date.now() < until; await pause(50)) if (holds()) return true;
  return holds();
}
