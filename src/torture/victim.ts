import { dirname, join } from 'node:path';
import { decorateGit } from '../git/git.ts';
import { runStation } from '../pipeline/station-process.ts';
import { writeProjection } from '../platform/durable.ts';
import { decorateFileSystem, fs, O_TRUNC, O_WRONLY } from '../platform/fs.ts';
import { openLog } from '../platform/log.ts';
import { signalProcess } from '../platform/process.ts';
import { decorateWatching } from '../platform/watch.ts';
import { prepareStation } from '../station/station.ts';
import { type FaultPlan, Faults, NO_FAULT } from './faults.ts';
import { decideAsked } from './person.ts';
import { Volatile } from './power.ts';
import { WORKLOADS } from './work.ts';

/**
 * The process that is tortured: `node victim.js ROOT PLAN REPORT`. Drains the station with the plan's fault in it, or runs it until SIGTERM;
 * where it survives, the report says how many operations there were and what was struck.
 */

/** An order may ask before it starts, and before it lands. */
const MOST_ROUNDS = 4;

const [root = '', text = '{}', report = ''] = process.argv.slice(2);
const plan: FaultPlan = { ...NO_FAULT, ...(JSON.parse(text) as Partial<FaultPlan>) };
const { station } = await prepareStation(root);

const plain = fs;
const power =
  plan.kind === 'power'
    ? new Volatile(plain, station.layout.gitDir, join(dirname(root), `stash-${process.pid}`))
    : null;
const faults = new Faults(plan, { die, power });
if (power !== null) {
  decorateFileSystem((inner) => power.decorateFiles(inner));
  decorateGit((inner) => power.decorateGit(inner));
}
decorateFileSystem((inner) => faults.decorateFiles(inner));
decorateGit((inner) => faults.decorateGit(inner));
if (plan.deaf) decorateWatching(() => () => ({ close: async () => {} }));

const told = () => {
  decorateFileSystem(() => plain);
  writeProjection(report, JSON.stringify({ operations: faults.operations, struck: faults.struck }));
};
/** Whoever decides is another process: nothing strikes there. */
const decidesApart = async (): Promise<number> => {
  const struck = fs;
  decorateFileSystem(() => plain);
  const decided = await decideAsked(
    station,
    WORKLOADS.flatMap(({ tasks }) => tasks),
  );
  decorateFileSystem(() => struck);
  return decided;
};
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
try {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    await runStation(station, { drain: !plan.stays, log: openLog('error'), signal: stop.signal });
    if (plan.stays || (await decidesApart()) === 0) break;
  }
} catch (error) {
  // stopping is what a station may do when it cannot write
  process.exitCode = 70;
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
told();

function die(): never {
  if (plan.kind === 'power') forgetBoot();
  signalProcess(process.pid, 'SIGKILL');
  // the signal may take an instant
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** A machine that lost its power comes up in another boot than the one that the run noted. */
function forgetBoot(): void {
  const path = join(station.layout.live, 'running.json');
  if (plain.readdirSync(station.layout.live).includes('running.json'))
    plain.closeSync(plain.openSync(path, O_WRONLY | O_TRUNC));
}
