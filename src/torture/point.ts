import { join } from 'node:path';
import { runStation } from '../pipeline/station-process.ts';
import { ensureDir, exists, readIfThere, removeTree } from '../platform/durable.ts';
import { copyTree } from '../platform/fs.ts';
import { openLog } from '../platform/log.ts';
import { runTool } from '../platform/process.ts';
import { openStation, prepareStation } from '../station/station.ts';
import { checkStation } from './check.ts';
import { type FaultPlan, NO_FAULT } from './faults.ts';
import { dropAll, makeStation, type Workload } from './work.ts';

/** One point of the matrix: a station that is struck at one operation, starts again, and is looked at from outside. */

export interface Outcome {
  /** What does not hold; empty when the station survived. */
  readonly faults: string[];
  /** Whether the plan's operation was reached. */
  readonly struck: boolean;
  readonly operations: number;
  /** The operation that was struck, where the process lived to tell. */
  readonly what: string | null;
}

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
    copyTree(template, join(folder, 'repo'));
    return join(folder, 'repo');
  }

  /** Throws a station away that passed; others are kept to be looked at. */
  discard(root: string): void {
    removeTree(join(root, '..'));
  }
}

/** How many operations an undisturbed run of this workload has, as the plan counts them. */
export async function countOperations(bench: Bench, workload: Workload, kind: FaultPlan['kind']): Promise<number> {
  const outcome = await tryPoint(bench, workload, { ...NO_FAULT, kind, at: Number.MAX_SAFE_INTEGER });
  if (outcome.faults.length > 0) throw new Error(`an undisturbed run does not pass: ${outcome.faults.join('; ')}`);
  return outcome.operations;
}

/** Strikes, starts again, and checks. */
export async function tryPoint(bench: Bench, workload: Workload, plan: FaultPlan): Promise<Outcome> {
  const root = await bench.station(workload);
  dropAll(await openStation(root), workload);
  const report = join(root, '..', 'report.json');
  const victim = await runTool([process.execPath, VICTIM, root, JSON.stringify(plan), report], {
    cwd: join(root, '..'),
    env: environment(),
    timeoutMs: LIMIT_MS,
  });
  const told = reportOf(report);
  const struck = victim.killedBy === 'SIGKILL' || (told !== null && told.struck !== null);
  const faults: string[] = [];
  if (victim.timedOut) faults.push(`the station did not end within ${LIMIT_MS / 1000} s`);
  else if (victim.killedBy === null && told === null)
    faults.push(`the station ended with ${victim.exitCode}: ${victim.stderr}`);
  const failed = await startAgain(root);
  if (failed !== null) faults.push(`the next start failed: ${failed}`);
  faults.push(...(await checkStation(await openStation(root), workload, { errors: plan.kind.startsWith('E') })));
  if (faults.length === 0) bench.discard(root);
  else faults.push(`(kept: ${root}; it said: ${victim.stderr.slice(-2000)})`);
  return { faults, struck, operations: told?.operations ?? 0, what: told?.struck ?? null };
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

const VICTIM = join(import.meta.dirname, 'victim.js');

/** The victim gets no more of our environment than git and node need. */
export function environment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function reportOf(path: string): { operations: number; struck: string | null } | null {
  if (!exists(path)) return null;
  return JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null') as {
    operations: number;
    struck: string | null;
  } | null;
}
