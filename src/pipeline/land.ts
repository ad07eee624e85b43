import { short } from '../git/busy.ts';
import {
  holdIndex,
  LandingCutShort,
  type LandingPlace,
  type LandingPlan,
  land,
  placementOf,
  releaseIndex,
} from '../git/landing.ts';
import type { KeptCopy, Placement } from '../git/placement.ts';
import { WaybillError } from '../order/error.ts';
import type { LandedData, LandingData } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import { now } from '../platform/clock.ts';
import { newUlid } from '../platform/ids.ts';
import type { Draft } from '../record/ledger.ts';
import { type Batch, type Built, buildBatch, type SealedBatch, sealBatch, targetsOf } from './build-batch.ts';
import { fact } from './fact.ts';
import { cancelOrder, failOrder, outcome, showEvidence } from './finish.ts';
import { keepJob } from './isolation/keep-work.ts';
import type { Job } from './job.ts';
import { beFair, isContended, jittered, parkForRepository, politePause } from './park.ts';
import { noteJournal } from './restore/journal-guard.ts';
import { type Runtime, STATION_STOPS } from './runtime.ts';
import { undo } from './undo.ts';

/** Steps 6 to 8 of "One order's life", for a batch: seal, write objects, record the landing, land, record the end. */

/** How often a batch is built again because the branch moved, before it waits for a quieter time. */
const MOST_ROUNDS = 8;

/** After landings that were built in vain the next look comes later each time, up to this: each costs a pack. */
const VAIN_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 60_000;
/** Where a person was in the way, who may be gone in a moment. */
const LONGEST_PAUSE_FOR_HER_MS = 2000;

/** A batch on its way: sealed, and its files perhaps staged. Both stay good while the branch moves. */
interface Waiting {
  readonly jobs: readonly Job[];
  readonly sealed: SealedBatch;
  readonly placement: Placement;
}

/** An isolated order that cannot land as it is: its work is whole, and may fit after all. */
export interface Returned {
  readonly job: Job;
  readonly error: WaybillError;
}

/** Lands jobs on one branch; every one of them has ended or is parked when this returns, apart from isolated ones that come back. */
export async function landJobs(rt: Runtime, jobs: readonly Job[]): Promise<Returned[]> {
  const back: Returned[] = [];
  await landThose(rt, jobs, back);
  return back;
}

async function landThose(rt: Runtime, jobs: readonly Job[], back: Returned[]): Promise<void> {
  // Where the branch moves while objects are built, they are built under the lock: else a busy person could starve us.
  let lockFirst = isContended(rt);
  let lost = 0;
  let waiting: Waiting | null = null;
  for (let rest = await cancelAborted(rt, jobs); rest.length > 0; rest = await cancelAborted(rt, rest)) {
    if (lost > MOST_ROUNDS) {
      giveUp(waiting);
      parkAfterLanding(rt, rest, 'the branch moved each time a landing was built', LONGEST_PAUSE_FOR_HER_MS);
      return;
    }
    if (rest.some((job) => !job.fair)) await beFair(rt);
    const where = landingPlace(
      rt,
      rest.map((j) => j.woId),
    );
    if (waiting !== null && !isStillGood(rt, waiting, rest)) {
      giveUp(waiting);
      waiting = null;
    }
    const orders = rest;
    const ready: Waiting | { why: string } = waiting ?? (await tryTo(() => makeReady(rt, orders, where)));
    if ('why' in ready) {
      parkAfterLanding(rt, rest, ready.why, LONGEST_PAUSE_MS);
      return;
    }
    waiting = ready;
    const { sealed, placement } = ready;
    if (lockFirst && !(await holdIndex(rt.station.repo, where))) {
      giveUp(waiting);
      parkAfterLanding(rt, rest, 'index.lock stays taken', LONGEST_PAUSE_FOR_HER_MS);
      return;
    }
    const heldSince = performance.now();
    const built = await tryTo(() => buildBatch(rt, sealed));
    if (built === null) {
      releaseIndex(rt.station.repo, where);
      rt.contendedAt = Date.now();
      lockFirst = true;
      lost++;
      continue;
    }
    if ('why' in built || built.batch === null) {
      releaseIndex(rt.station.repo, where);
      giveUp(waiting);
      waiting = null;
      if ('why' in built) {
        parkAfterLanding(rt, rest, built.why, LONGEST_PAUSE_MS);
        return;
      }
      await refuse(rt, rest, built.refused, back);
      rest = rest.filter((job) => !built.refused.has(job.woId));
      continue;
    }
    const { batch } = built;
    rt.record(batch.built.map((b) => landingDraft(rt, b, batch)));
    rt.step(
      'life 6: landing recorded',
      rest.map((j) => j.woId),
    );
    const result = await tryLand(rt, batch.plan, where, placement);
    if (result.kind !== 'moved') {
      rt.lastLanding = Date.now();
      sealed.pack.release();
    }
    switch (result.kind) {
      case 'landed':
        if (result.contended) rt.contendedAt = Date.now();
        rt.politePauseMs = politePause(rt, batch.plan, lockFirst ? performance.now() - heldSince : result.heldMs);
        rt.lastTip = batch.plan.newHead;
        noteJournal(rt.station, batch.plan.journal.to);
        rt.parkedLandings = 0;
        tellKept(rest, result.kept);
        recordLanded(rt, batch);
        return;
      case 'refused':
        waiting = null;
        tellKept(rest, result.kept);
        await refuse(rt, rest, result.refusals, back);
        rest = rest.filter((job) => !result.refusals.has(job.woId));
        break;
      case 'moved':
        rt.contendedAt = Date.now();
        lockFirst = true;
        lost++;
        break;
      case 'busy':
        parkAfterLanding(rt, rest, result.why, result.passing ? LONGEST_PAUSE_FOR_HER_MS : LONGEST_PAUSE_MS);
        return;
    }
  }
  giveUp(waiting);
}

/**
 * Seals a batch. While somebody else is at work in the repository, all that can be done before the lock is taken is done here: she waits for it, or
 * is refused.
 */
async function makeReady(rt: Runtime, jobs: readonly Job[], where: LandingPlace): Promise<Waiting> {
  const name = newUlid();
  const ahead = isContended(rt);
  const sealed = await sealBatch(rt, name, jobs, ahead);
  const placement = placementOf(rt.station.repo, where, name, targetsOf(sealed));
  try {
    if (ahead) placement.stage();
  } catch (error) {
    giveUp({ jobs, sealed, placement });
    throw error;
  }
  return { jobs, sealed, placement };
}

/** Whether it holds these very orders, and nobody moved the journal since. */
function isStillGood(rt: Runtime, { jobs, sealed }: Waiting, rest: readonly Job[]): boolean {
  const isSame = jobs.length === rest.length && jobs.every((job, i) => job === rest[i]);
  return isSame && rt.station.repo.refs.read(sealed.journal.ref) === sealed.journal.from;
}

function giveUp(waiting: Waiting | null): void {
  waiting?.placement.finish();
  waiting?.sealed.pack.release();
}

/** Orders that a person cancelled before their landing began end here; afterwards it is too late. */
async function cancelAborted(rt: Runtime, jobs: readonly Job[]): Promise<Job[]> {
  const going: Job[] = [];
  for (const job of jobs) {
    const signal = rt.running.get(job.woId)?.abort.signal;
    if (signal?.aborted !== true || signal.reason === STATION_STOPS) {
      going.push(job);
      continue;
    }
    const unrestored = job.inPlace ? await undo(rt, job.woId, job.images, job.made) : [];
    const by = String(signal.reason);
    await keepJob(rt, job, `cancelled by ${by} before it landed`);
    cancelOrder(rt, rt.life(job.woId), by, new WaybillError('CANCELLED', `cancelled by ${by}`), { job, unrestored });
  }
  return going;
}

/** Parks orders whose landing was built in vain. */
function parkAfterLanding(rt: Runtime, jobs: readonly Job[], why: string, longestMs: number): void {
  parkForRepository(
    rt,
    jobs.map((j) => rt.life(j.woId)),
    why,
  );
  rt.nextRepositoryLook =
    Date.now() + jittered(Math.min(longestMs, VAIN_PAUSE_MS * 2 ** Math.min(rt.parkedLandings, 9)));
  rt.parkedLandings++;
}

function tellKept(jobs: readonly Job[], kept: readonly KeptCopy[]): void {
  for (const copy of kept)
    jobs
      .find((j) => j.woId === copy.woId)
      ?.warnings.push({
        code: 'leftover',
        message: `${copy.path}: somebody wrote into the old copy; it is kept: waybill keep show ${copy.kept}`,
      });
}

function landingPlace(rt: Runtime, woIds: readonly string[]): LandingPlace {
  return {
    live: rt.station.layout.live,
    lockDeadlineMs: rt.station.settings.git.lockDeadlineSeconds * 1000,
    step: (name) => rt.step(name, woIds),
  };
}

/** Objects that cannot be written (a full disk, a lock) are no fault of the orders: they wait. */
async function tryTo<T>(write: () => Promise<T>): Promise<T | { why: string }> {
  try {
    return await write();
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

async function tryLand(
  rt: Runtime,
  plan: LandingPlan,
  where: LandingPlace,
  placement: Placement,
): ReturnType<typeof land> {
  try {
    return await land(rt.station.repo, plan, where, placement);
  } catch (error) {
    // Anything else was taken back.
    if (error instanceof LandingCutShort) throw error;
    return { kind: 'busy', why: error instanceof Error ? error.message : String(error), passing: false };
  }
}

/** Orders that cannot land: what stands in place of theirs is taken back, and they fail. */
async function refuse(
  rt: Runtime,
  jobs: readonly Job[],
  refusals: ReadonlyMap<string, WaybillError>,
  back: Returned[],
): Promise<void> {
  for (const job of jobs) {
    const error = refusals.get(job.woId);
    if (error === undefined) continue;
    if (job.isolation !== null) {
      back.push({ job, error });
      continue;
    }
    const life = rt.life(job.woId);
    let unrestored: string[] = [];
    if (job.inPlace) {
      unrestored = await undo(rt, job.woId, job.images, job.made);
      rt.record([fact(life, 'restored', { paths: job.images.map((i) => i.path), unrestored, left: [] })]);
    }
    failOrder(rt, rt.life(job.woId), { error, job, unrestored });
  }
}

export function landingDraft(rt: Runtime, { job, sealed, commit }: Built, { plan }: Batch): Draft {
  const data: LandingData = {
    batch: plan.batch,
    branch: plan.branch,
    old_head: plan.oldHead,
    new_head: plan.newHead,
    commit,
    journal: plan.journal.to,
    changes: [...job.images],
    evidence: { manifest_sha256: sealed.manifestSha256 },
  };
  return fact(rt.life(job.woId), 'landing', data);
}

export function recordLanded(rt: Runtime, batch: Pick<Batch, 'built'>): void {
  const drafts = batch.built.flatMap((b) => {
    const commits = b.commit !== null ? [b.commit] : b.by !== null ? [b.by] : [];
    const how: LandedData['how'] = b.commit !== null ? 'landed' : b.by !== null ? 'landed_by' : 'nothing_to_commit';
    return endDrafts(rt.life(b.job.woId), b.job, { commits, how }, b.sealed.manifestSha256);
  });
  rt.record(drafts);
  for (const { job, sealed } of batch.built) {
    showEvidence(rt, rt.life(job.woId), sealed);
    rt.running.delete(job.woId);
  }
  rt.step(
    'life 8: ended',
    batch.built.map((b) => b.job.woId),
  );
}

/** The records that end an order whose landing happened. `job` is null where only the ledger remembers it. */
export function endDrafts(life: OrderLife, job: Job | null, landed: LandedData, manifestSha256: string): Draft[] {
  const files = (job?.images ?? life.landing?.changes ?? []).map((c) => c.path);
  const commit = landed.commits[0]?.slice(0, 10);
  const branch = life.started?.isolation?.kind === 'branch' ? life.landing?.branch : undefined;
  const where =
    commit === undefined
      ? 'outside the repository'
      : landed.how === 'landed_by'
        ? `already in commit ${commit}`
        : `in commit ${commit}${branch === undefined ? '' : ` on the branch ${short(branch)}`}`;
  return [
    fact(life, 'landed', landed),
    {
      event: 'succeeded',
      woId: life.woId,
      attempt: life.attempt,
      from: 'running',
      to: 'done',
      data: {
        ...outcome(life, job, now()),
        summary: `${files.length} ${files.length === 1 ? 'file' : 'files'} ${where}`,
        files_touched: files,
        commits: landed.commits,
        ...(branch === undefined ? {} : { branch: short(branch) }),
        checks: [...(job?.checks ?? life.executed?.checks ?? [])],
        evidence: { manifest_sha256: manifestSha256 },
      },
    },
  ];
}
