import { join } from 'node:path';
import { runStation } from '../pipeline/station-process.ts';
import { ensureDir, exists, readIfThere, removeTree } from '../platform/durable.ts';
import { copyTree } from '../platform/fs.ts';
import { openLog } from '../platform/log.ts';
import { runTool } from '../platform/process.ts';
import { openStation, prepareStation } from '../station/station.ts';
import { checkStation, type Expectation } from './check.ts';
import { type FaultPlan, NO_FAULT } from './faults.ts';
import { decideAsked, readAnswers } from './person.ts';
import { dropAll, makeStation, type Workload } from './work.ts';

/** One point of the matrix: a station that is struck at one operation, starts again, and is looked at from outside. */

export interface Outcome {
  /** What does not hold; empty when the station survived. */
  readonly faults: string[];
  /** How many of the plans' operations were reached. */
  readonly struck: number;
  readonly operations: number;
  /** The operation that was struck, where the process lived to tell. */
  readonly what: string | null;
}

/** As built, seen from src/torture/ and from dist/chunks/ alike. */
const VICTIM = join(import.meta.dirname, '../../dist/torture/victim.js');

/** An order may ask before it starts, and before it lands; and a decision may come too late for a start that was struck. */
const MOST_ROUNDS = 6;

/** No run of so few orders takes this long, also beside others. */
const LIMIT_MS = 120_000;

/** Stations to be tortured, each a copy of one that was made once. */
export class Bench {
  readonly #folder: string;
  readonly #made = new Map<string, string>();
  #n = 0;

  /** `folder` is empty and on the disk that is to be tried. */
  constructor(folder: string) {
    this.#folder = folder;
    ensureDir(folder);
  }

  /** A station that nobody has used, in a folder of its own. */
  async station(workload: Workload): Promise<string> {
    let template = this.#made.get(workload.name);
    if (template === undefined) {
      template = join(this.#folder, `template-${workload.name}`);
      await makeStation(template, workload);
      this.#made.set(workload.name, template);
    }
    const folder = join(this.#folder, `point-${++this.#n}`);
    ensureDir(folder);
    const root = join(folder, 'repo');
    copyTree(template, root);
    return root;
  }

  /** Runs a station process with this fault in it to its end. */
  async strike(root: string, plan: FaultPlan, signal?: AbortSignal): Promise<Struck> {
    const report = join(root, '..', `report-${plan.seed}-${++this.#n}.json`);
    const victim = await runTool([process.execPath, VICTIM, root, JSON.stringify(plan), report], {
      cwd: join(root, '..'),
      env: environment(),
      timeoutMs: LIMIT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    const told = reportOf(report);
    const faults: string[] = [];
    if (victim.cut === 'time') faults.push(`the station did not end within ${LIMIT_MS / 1000} s`);
    else if (victim.killedBy === null && told === null) faults.push(`the station ended with ${victim.exitCode}`);
    return { killed: victim.killedBy === 'SIGKILL', report: told, faults, stderr: victim.stderr };
  }

  /** Starts the station again with nothing in its way, and looks at it from outside. One that passed is thrown away, others are kept. */
  async judge(root: string, workload: Workload, expected: Expectation): Promise<string[]> {
    const faults: string[] = [];
    const station = await openStation(root);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const failed = await startAgain(root);
      if (failed !== null) faults.push(`the next start failed: ${failed}`);
      faults.push(...readAnswers(station, expected.errors));
      if (failed !== null || (await decideAsked(station, workload.tasks)) === 0) break;
    }
    faults.push(...(await checkStation(await openStation(root), workload, expected)));
    if (faults.length === 0) removeTree(join(root, '..'));
    else faults.push(`kept as ${root}`);
    return faults;
  }
}

/** How a struck process ended. */
export interface Struck {
  readonly killed: boolean;
  readonly report: { readonly operations: number; readonly struck: string | null } | null;
  readonly faults: string[];
  readonly stderr: string;
}

/** How many operations an undisturbed run of this workload has, as the plan counts them. */
export async function countOperations(bench: Bench, workload: Workload, kind: FaultPlan['kind']): Promise<number> {
  const outcome = await tryPoint(bench, workload, { ...NO_FAULT, kind, at: Number.MAX_SAFE_INTEGER });
  // what an undisturbed run does wrong, the struck ones do as well, and tell with their seeds
  if (outcome.operations === 0) throw new Error(`an undisturbed run does nothing: ${outcome.faults.join('; ')}`);
  return outcome.operations;
}

/** Strikes, starts again, and checks. */
export function tryPoint(bench: Bench, workload: Workload, plan: FaultPlan): Promise<Outcome> {
  return tryPoints(bench, workload, [plan]);
}

/** The same with a station that is struck again while it recovers: the second plan strikes at the second start, and so on. */
export async function tryPoints(bench: Bench, workload: Workload, plans: readonly FaultPlan[]): Promise<Outcome> {
  const root = await bench.station(workload);
  dropAll(await openStation(root), workload);
  const faults: string[] = [];
  const said: string[] = [];
  let [struck, operations, what]: [number, number, string | null] = [0, 0, null];
  for (const plan of plans) {
    const victim = await bench.strike(root, plan);
    faults.push(...victim.faults);
    said.push(victim.stderr.slice(-2000));
    if (victim.killed || (victim.report !== null && victim.report.struck !== null)) struck++;
    operations = victim.report?.operations ?? operations;
    what ??= victim.report?.struck ?? null;
  }
  const errors = plans.some((plan) => plan.kind.startsWith('E'));
  faults.push(...(await bench.judge(root, workload, { errors })));
  if (faults.length > 0) faults.push(`it said: ${said.join('\n---\n')}`);
  return { faults, struck, operations, what };
}

/** A new start, with nothing in its way; returns what it failed with. */
async function startAgain(root: string): Promise<string | null> {
  try {
    const { station } = await prepareStation(root);
    await runStation(station, { drain: true, log: openLog('silent'), signal: AbortSignal.timeout(LIMIT_MS) });
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** The victim gets no more of our environment than git and node need. */
function environment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function reportOf(path: string): Struck['report'] {
  if (!exists(path)) return null;
  return JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null') as {
    operations: number;
    struck: string | null;
  } | null;
}
