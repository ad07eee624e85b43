import { dirname, join } from 'node:path';
import { OUTPUT_FOLDER } from '../../execute/live-output.ts';
import { checkFailure, lastOutput, type RunContext, runAction, runCheck } from '../../execute/run-commands.ts';
import { Placement } from '../../git/placement.ts';
import { assertWorktree, type WorktreeShape } from '../../git/worktrees/identity.ts';
import type { Worktree } from '../../git/worktrees/record.ts';
import { changedPaths, leaveBranches } from '../../git/worktrees/worktree.ts';
import { isOutside } from '../../order/change.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { CheckResult } from '../../order/generated.ts';
import { removeTree } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { folderBelow } from '../../policy/fence.ts';
import { lanePolicy } from '../../policy/policy.ts';
import type { Draft } from '../../record/ledger.ts';
import { passWork } from '../approvals/gate.ts';
import { fact } from '../fact.ts';
import { cancelOrder, failOrder } from '../finish.ts';
import type { Isolated, Job } from '../job.ts';
import { holdContents } from '../keep.ts';
import type { MissionPlace } from '../missions/place.ts';
import { workOnMission } from '../missions/work.ts';
import { parkForRepository } from '../park.ts';
import { type Runtime, STATION_STOPS } from '../runtime.ts';
import { commandContext, targets } from '../work.ts';
import { expectedFiles } from './expected-files.ts';
import { keepWorktree } from './keep-work.ts';
import { measure, outputsIn } from './measure.ts';
import { giveBack, moveWorktree, takeWorktree, worktreeRecords, worktreesInHand } from './pool.ts';
import { sandboxFor } from './sandboxed.ts';

/** When the next try comes where no worktree could be made. */
const AGAIN_MS = 5000;

/**
 * Steps 4 and 5 of "One order's life" apart from the root: the order's files and commands in a worktree at its base, the runner's own measure of
 * what came of it, its checks there. True when the order may land; otherwise it has ended and its work is kept, or it waits, or the station stops.
 */
export async function workInWorktree(rt: Runtime, job: Job, isolation: Isolated): Promise<boolean> {
  const worktree = await tryTake(rt, job, isolation);
  if (worktree === null) return false;
  const life = rt.life(job.woId);
  const signal = signalOf(rt, job);
  let isAsking = false;
  // a mission in the middle keeps what it has
  if (life.mission === null || life.mission.history.length === 0) removeTree(join(rt.claimFolder(life), OUTPUT_FOLDER));
  rt.step('life 4: worktree ready', [job.woId]);
  try {
    const context = await contextOf(rt, job, worktree);
    putIn(rt, job, worktree);
    rt.step('life 4: files in place', [job.woId]);
    let n = 0;
    for (const command of job.order.commands) await runAction(context, command, ++n);
    if (job.mission !== null) {
      const stop = await workOnMission(rt, job, job.mission, missionPlace(rt, job, isolation, signal));
      if (stop !== null) {
        await stopMission(rt, job, stop);
        return false;
      }
    }
    const { worktree: current } = isolation;
    if (current === null) throw new WaybillError('INTERNAL', `${job.woId} lost its worktree`);
    leaveBranches(rt.station.repo, current);
    const leftover = job.mission === null ? await takeMeasure(rt, job, current) : await leftByChecks(rt, job, current);
    rt.step('life 4: commands done', [job.woId]);
    const asks = await passWork(rt, job.policy, job);
    // the gates of a mission ran its checks on a clean checkout
    if (job.mission === null) job.checks = await runChecks(rt, context, job, n);
    throwIfUnfit(job, signal);
    await hold(rt, job);
    const why = 'changed while the commands ran, and named in no outputs';
    await keepWorktree(rt, current, why, { only: leftover });
    for (const path of leftover)
      job.warnings.push({ code: 'leftover', message: `${path}: ${why}; it is kept: waybill keep show ${job.woId}` });
    isolation.worked = true;
    rt.record([fact(life, 'executed', executedData(job, isolation, leftover)), ...(asks === null ? [] : [asks])]);
    rt.step('life 5: checked', [job.woId]);
    isAsking = asks !== null;
  } catch (thrown) {
    // its end is not ours to tell: endWork() looks at what the ledger has of it, as a start does after a crash
    const left = isolation.worktree ?? worktree;
    if (signal.reason === STATION_STOPS) return leaveIt(rt, left);
    await endFailed(rt, job, left, asWaybillError(thrown));
    return false;
  }
  if (isAsking) {
    rt.running.delete(job.woId);
    await release(rt, job);
  }
  return !isAsking;
}

/**
 * Runs the checks of a job again on what it is now, on the base that it has now. True when they agree; otherwise the order has ended, and its work
 * is kept, or it waits.
 */
export async function checkAgain(rt: Runtime, job: Job, isolation: Isolated): Promise<boolean> {
  const worktree = await tryTake(rt, job, isolation);
  if (worktree === null) return false;
  try {
    putIn(rt, job, worktree);
    job.checks = await runChecks(rt, await contextOf(rt, job, worktree), job, job.order.commands.length);
    throwIfUnfit(job, signalOf(rt, job));
  } catch (thrown) {
    if (signalOf(rt, job).reason === STATION_STOPS) return leaveIt(rt, worktree);
    await endFailed(rt, job, worktree, asWaybillError(thrown));
    return false;
  }
  return true;
}

/**
 * What the commands made is the job's from here on; returns what they left beside it. Not for missions: their gates passed what was measured
 * before the checks ran, and what a check writes after that is no part of it.
 */
async function takeMeasure(rt: Runtime, job: Job, worktree: Worktree): Promise<readonly string[]> {
  const { changes, images, leftover } = await measure(rt, job, worktree);
  job.changes = changes;
  job.images = images;
  occupy(rt, job);
  return leftover;
}

/** What the checks of a mission that writes nothing left behind: none of it lands, and whoever sent it is told. */
async function leftByChecks(rt: Runtime, job: Job, worktree: Worktree): Promise<readonly string[]> {
  if (job.mission?.begun.reads_only !== true) return [];
  return changedPaths(rt.station.repo, worktreeRecords(rt), worktree);
}

/** Parks a mission that stops in the middle: what it made so far is on record, and what nobody recorded is kept. */
async function stopMission(rt: Runtime, job: Job, draft: Draft): Promise<void> {
  await hold(rt, job);
  rt.record([draft]);
  rt.step('mission: stopped', [job.woId]);
  rt.running.delete(job.woId);
  await release(rt, job);
}

/** What a mission needs of where it works. */
function missionPlace(rt: Runtime, job: Job, isolation: Isolated, signal: AbortSignal): MissionPlace {
  const current = () => {
    if (isolation.worktree === null) throw new WaybillError('WORKTREE_BROKEN', `${job.woId} has no worktree`);
    return isolation.worktree;
  };
  return {
    signal,
    folder: () => current().path,
    assertWhole: () => assertWorktree(rt.station.repo, current()),
    sandbox: () => sandboxFor(rt, job, current().path),
    checks: async (stop) => {
      const context = { ...(await contextOf(rt, job, current())), signal: AbortSignal.any([signal, stop]) };
      // a start after a kill counts from 0, and what earlier checks said is evidence
      const life = rt.life(job.woId);
      const before = Math.max(life.commandsBegun, lastOutput(rt.claimFolder(life)));
      const results = await runChecks(rt, context, job, before);
      // one that was ended says nothing about the work
      if (context.signal.aborted) throw new WaybillError('CANCELLED', `the checks of ${job.woId} were stopped`);
      return results;
    },
    measure: () => {
      leaveBranches(rt.station.repo, current());
      return measure(rt, job, current());
    },
    hold: async () => {
      await hold(rt, job);
      occupy(rt, job);
    },
    rebuild: async (why) => {
      if (why !== null) await keepWorktree(rt, current(), why);
      const { attempt } = rt.life(job.woId);
      isolation.worktree =
        (await moveWorktree(rt, current(), isolation.base)) ??
        (await takeWorktree(rt, { woId: job.woId, attempt, base: isolation.base, shape: shapeFor(rt, job) }));
      putIn(rt, job, isolation.worktree);
    },
  };
}

/** Gives back what a job worked in, when its landing is behind it, however that went. */
export async function release(rt: Runtime, { isolation }: Job): Promise<void> {
  if (isolation === null || isolation.worktree === null) return;
  const { worktree } = isolation;
  isolation.worktree = null;
  await giveBack(rt, worktree);
}

export function executedData(job: Job, { kind, base }: Isolated, leftover: readonly string[]) {
  return { changes: [...job.images], checks: [...job.checks], leftover: [...leftover], isolation: { kind, base } };
}

/** Holds what the job found and what it made, until it has ended. */
export function hold(rt: Runtime, job: Job): Promise<void> {
  return holdContents(
    rt,
    job.woId,
    job.changes.map((c) => [c.path, c.before]),
    job.changes.map((c) => [c.path, c.after]),
  );
}

/** A worktree for a job; null where none can be made now: then the order waits, because nothing of it was begun. */
async function tryTake(rt: Runtime, job: Job, isolation: Isolated): Promise<Worktree | null> {
  const { attempt } = rt.life(job.woId);
  const { base } = isolation;
  try {
    isolation.worktree =
      (isolation.worktree === null ? null : await moveWorktree(rt, isolation.worktree, base)) ??
      (await takeWorktree(rt, { woId: job.woId, attempt, base, shape: shapeFor(rt, job) }));
    return isolation.worktree;
  } catch (thrown) {
    const error = asWaybillError(thrown);
    rt.log.error({ err: error, wo_id: job.woId }, 'no worktree could be made');
    parkForRepository(rt, [rt.life(job.woId)], `no worktree could be made: ${error.message}`);
    rt.nextRepositoryLook = Date.now() + AGAIN_MS;
    return null;
  }
}

/** What policy says of the lane; with some folders only, also those that the order itself names. */
function shapeFor(rt: Runtime, job: Job): WorktreeShape {
  const { sparse, link, copy } = lanePolicy(job.policy, rt.life(job.woId).admitted?.lane ?? '').isolation;
  if (sparse === null) return { sparse, link, copy };
  const paths = [...job.images.map(({ path }) => path), ...outputsIn(rt.station, job)];
  const folders = paths.filter((path) => !isOutside(path) && path.includes('/')).map(dirname);
  const isIn = (folder: string) => sparse.some((s) => `${folder}/`.startsWith(`${s.replace(/^\/+|\/+$/g, '')}/`));
  return { sparse: [...sparse, ...new Set(folders.filter((folder) => !isIn(folder)))], link, copy };
}

/** Puts what the job is to become where its commands and checks will look for it. */
function putIn(rt: Runtime, job: Job, worktree: Worktree): void {
  assertWorktree(rt.station.repo, worktree);
  const inside = targets(job.woId, job.changes, job.images).filter(({ path }) => !isOutside(path));
  const placement = new Placement(worktree.path, rt.station.layout.live, `work-${worktree.name}`, inside);
  const bad = placement.stage() ?? placement.apply();
  placement.finish();
  if (bad !== null) throw bad.error;
}

function signalOf(rt: Runtime, job: Job): AbortSignal {
  return rt.running.get(job.woId)?.abort.signal ?? new AbortController().signal;
}

async function contextOf(rt: Runtime, job: Job, worktree: Worktree): Promise<RunContext> {
  return {
    ...(await commandContext(rt, job, worktree.path, signalOf(rt, job))),
    place: {
      folder: (cwd) => {
        assertWorktree(rt.station.repo, worktree);
        return folderIn(rt.station.layout.root, worktree.path, cwd);
      },
      env: { GIT_CEILING_DIRECTORIES: dirname(worktree.path) },
    },
  };
}

/** The folder of a worktree that stands for one of the root. Throws PATH_DENIED. */
export function folderIn(root: string, worktree: string, cwd: string | null): string {
  if (cwd === null) return worktree;
  const path = join(worktree, folderBelow(root, cwd));
  const real = ifThere(() => fs.realpathSync(path));
  const deny = (why: string) =>
    new WaybillError('PATH_DENIED', `${cwd}: ${why}`, { hint: 'Name a folder inside the station.' });
  if (real === undefined || !fs.statSync(real).isDirectory()) throw deny('is no folder to run a command in');
  if (real !== worktree && !real.startsWith(`${worktree}/`)) throw deny('lies outside the worktree');
  return real;
}

async function runChecks(rt: Runtime, context: RunContext, job: Job, before: number): Promise<CheckResult[]> {
  const checks: CheckResult[] = [];
  for (const check of job.order.checks) checks.push(await runCheck(context, check, before + checks.length + 1));
  const expected = expectedFiles(rt, job, context.place?.folder(null) ?? rt.station.layout.root);
  return expected === null ? checks : [...checks, expected];
}

function throwIfUnfit(job: Job, signal: AbortSignal): void {
  const failed = checkFailure(job.checks);
  if (failed !== null) throw failed;
  if (signal.aborted) throw new WaybillError('CANCELLED', `${job.woId} was cancelled`);
}

/** The paths of what an order made are in hand too: others that name them wait for its end. */
function occupy(rt: Runtime, job: Job): void {
  const running = rt.running.get(job.woId);
  if (running === undefined) return;
  rt.running.set(job.woId, { ...running, paths: new Set([...running.paths, ...job.images.map(({ path }) => path)]) });
}

/** Ends an order whose work failed: what it made is kept, and at the root there is nothing to take back. */
async function endFailed(rt: Runtime, job: Job, worktree: Worktree, error: WaybillError): Promise<void> {
  const signal = signalOf(rt, job);
  const by = String(signal.reason);
  const why = signal.aborted ? `cancelled by ${by}` : error.message;
  if (job.isolation !== null) job.isolation.worktree = null;
  const kept = await tryKeep(rt, worktree, why);
  if (kept > 0) job.warnings.push({ code: 'leftover', message: `what it made is kept: waybill keep show ${job.woId}` });
  const life = rt.life(job.woId);
  if (signal.aborted)
    cancelOrder(rt, life, by, new WaybillError('CANCELLED', `cancelled by ${by}`), { job, unrestored: [] });
  else failOrder(rt, life, { error, job, checks: job.checks });
  if (kept >= 0) await giveBack(rt, worktree);
  else leaveIt(rt, worktree);
}

/** For endWork(), or the next look, to settle. */
function leaveIt(rt: Runtime, worktree: Worktree): false {
  worktreesInHand(rt).delete(worktree.name);
  return false;
}

/** How many paths were kept; -1 where they could not be: then the worktree stays as it is. */
async function tryKeep(rt: Runtime, worktree: Worktree, why: string): Promise<number> {
  try {
    return await keepWorktree(rt, worktree, why);
  } catch (error) {
    rt.log.error({ err: error, worktree: worktree.name }, 'what an order made cannot be kept; its worktree stays');
    return -1;
  }
}
