import { join } from 'node:path';
import { FastImport, type FileEntry } from '../git/fast-import.ts';
import { lastCommitOf } from '../git/history.ts';
import { committerIdent } from '../git/ident.ts';
import { holdIndex, type LandingPlace, type LandingPlan, land, releaseIndex } from '../git/landing.ts';
import { isEntry, treeEntries } from '../git/tree.ts';
import { isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import type { LandedData, LandingData } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import { now, pause } from '../platform/clock.ts';
import { newUlid } from '../platform/ids.ts';
import type { SealedEvidence } from '../record/evidence.ts';
import { evidenceEntries, journalMessage } from '../record/journal.ts';
import type { Draft } from '../record/ledger.ts';
import { cancelOrder, failOrder, outcome, sealJob, showEvidence } from './finish.ts';
import type { Job } from './job.ts';
import type { Runtime } from './runtime.ts';
import { parkForRepository } from './start.ts';
import { undo } from './undo.ts';
import { targets } from './work.ts';

/** Steps 6 to 8 of "One order's life", for a batch: seal, write objects, record the landing, land, record the end. */

/** One order of a batch whose objects are written. */
interface Built {
  readonly job: Job;
  readonly sealed: SealedEvidence;
  readonly commit: string | null;
  /** Somebody else's commit that already holds what the order would commit. */
  readonly by: string | null;
}

interface Batch {
  readonly plan: LandingPlan;
  readonly built: readonly Built[];
}

/** A person who commits beside us gets the lock most of the time: at most one landing a second for a minute after a meeting. */
const POLITE_FOR_MS = 60_000;
const POLITE_PAUSE_MS = 1000;

/** How often a batch is built again because the branch moved, before it waits for a quieter time. */
const MOST_ROUNDS = 8;

/** Lands jobs on one branch; every one of them has ended or is parked when this returns. */
export async function landJobs(rt: Runtime, jobs: readonly Job[]): Promise<void> {
  // Once the branch moved while objects were built, they are built under the lock: else a busy person could starve us.
  let lockFirst = false;
  let rounds = 0;
  for (let rest = await cancelAborted(rt, jobs); rest.length > 0; rest = await cancelAborted(rt, rest)) {
    if (++rounds > MOST_ROUNDS) {
      parkAfterLanding(rt, rest, 'the branch moved each time a landing was built');
      return;
    }
    await beFair(rt);
    const name = newUlid();
    const where = landingPlace(
      rt,
      rest.map((j) => j.woId),
    );
    if (lockFirst && !(await holdIndex(rt.station.repo, name, where))) {
      releaseIndex(rt.station.repo, name, where);
      parkAfterLanding(rt, rest, 'index.lock stays taken');
      return;
    }
    const { batch, refused } = await build(rt, name, rest);
    await refuse(rt, rest, refused);
    rest = rest.filter((job) => !refused.has(job.woId));
    if (batch === null) {
      releaseIndex(rt.station.repo, name, where);
      return;
    }
    rt.record(batch.built.map((b) => landingDraft(rt, b, batch)));
    rt.step(
      'life 6: landing recorded',
      rest.map((j) => j.woId),
    );
    const result = await tryLand(rt, batch.plan, where);
    rt.lastLanding = Date.now();
    switch (result.kind) {
      case 'landed':
        if (result.contended) rt.contendedAt = Date.now();
        rt.lastTip = batch.plan.newHead;
        rt.parkedLandings = 0;
        for (const kept of result.kept) {
          const job = rest.find((j) => j.woId === kept.woId);
          job?.warnings.push({
            code: 'leftover',
            message: `${kept.path}: somebody wrote into the old copy; it is kept as ${kept.kept}`,
          });
        }
        recordLanded(rt, batch);
        return;
      case 'refused':
        await refuse(rt, rest, result.refusals);
        rest = rest.filter((job) => !result.refusals.has(job.woId));
        break;
      case 'moved':
        rt.contendedAt = Date.now();
        lockFirst = true;
        break;
      case 'busy':
        parkAfterLanding(rt, rest, result.why);
        return;
    }
  }
}

/** Orders that a person cancelled before their landing began end here; afterwards it is too late. */
async function cancelAborted(rt: Runtime, jobs: readonly Job[]): Promise<Job[]> {
  const going: Job[] = [];
  for (const job of jobs) {
    const signal = rt.running.get(job.woId)?.abort.signal;
    if (signal?.aborted !== true) {
      going.push(job);
      continue;
    }
    const unrestored = job.inPlace ? await undo(rt, job.woId, job.branch, job.images, job.made) : [];
    const by = String(signal.reason);
    cancelOrder(rt, rt.life(job.woId), by, new WaybillError('CANCELLED', `cancelled by ${by}`), { job, unrestored });
  }
  return going;
}

/** A landing that was built in vain costs a pack: the next look comes later each time. */
function parkAfterLanding(rt: Runtime, jobs: readonly Job[], why: string): void {
  rt.parkedLandings++;
  parkForRepository(
    rt,
    jobs.map((j) => rt.life(j.woId)),
    why,
  );
}

function landingPlace(rt: Runtime, woIds: readonly string[]): LandingPlace {
  return {
    live: rt.station.layout.live,
    lockDeadlineMs: rt.station.settings.git.lockDeadlineSeconds * 1000,
    step: (name) => rt.step(name, woIds),
  };
}

async function beFair(rt: Runtime): Promise<void> {
  if (Date.now() - rt.contendedAt > POLITE_FOR_MS) return;
  const wait = rt.lastLanding + POLITE_PAUSE_MS - Date.now();
  if (wait > 0) await pause(wait);
}

async function tryLand(rt: Runtime, plan: LandingPlan, where: LandingPlace): ReturnType<typeof land> {
  try {
    return await land(rt.station.repo, plan, where);
  } catch (error) {
    // Cut short after the commit: only a new start can tell from the refs what happened. Anything else was taken back.
    if (error instanceof WaybillError && error.message.includes('after its commit')) throw error;
    return { kind: 'busy', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Orders that cannot land: what stands in place of theirs is taken back, and they fail. */
async function refuse(rt: Runtime, jobs: readonly Job[], refusals: ReadonlyMap<string, WaybillError>): Promise<void> {
  for (const job of jobs) {
    const error = refusals.get(job.woId);
    if (error === undefined) continue;
    const life = rt.life(job.woId);
    let unrestored: string[] = [];
    if (job.inPlace) {
      unrestored = await undo(rt, job.woId, job.branch, job.images, job.made);
      rt.record([
        {
          event: 'restored',
          woId: job.woId,
          attempt: life.attempt,
          from: null,
          to: null,
          data: { paths: job.images.map((i) => i.path), unrestored, left: [] },
        },
      ]);
    }
    failOrder(rt, rt.life(job.woId), { error, job, unrestored });
  }
}

/** Writes the objects of a batch under its landing refs, synced: a chain of one commit per order, and the journal with their evidence. */
async function build(
  rt: Runtime,
  batch: string,
  jobs: readonly Job[],
): Promise<{ batch: Batch | null; refused: Map<string, WaybillError> }> {
  const { repo } = rt.station;
  const branch = jobs[0]?.branch ?? '';
  const oldHead = repo.refs.read(branch);
  if (rt.lastTip !== null && rt.lastTip !== oldHead) rt.contendedAt = Date.now();
  const tree = await treeEntries(
    repo.git,
    oldHead,
    jobs.flatMap((j) => j.images.map((i) => i.path).filter((p) => !isOutside(p))),
  );
  const refused = new Map<string, WaybillError>();
  const git = new FastImport(repo);
  const ident = await committerIdent(repo.git);
  const chain = `${rt.refs.landing}/${batch}/chain`;
  const journalRef = `${rt.refs.landing}/${batch}/journal`;
  const evidence: FileEntry[] = [];
  const parts: { job: Job; sealed: SealedEvidence; mark: number | null; by: string | null }[] = [];
  let parent: string | { mark: number } | null = oldHead;
  for (const job of jobs) {
    const inside = job.images.filter((i) => !isOutside(i.path));
    const at = (side: 'before' | 'after') => inside.every((i) => isEntry(tree.get(i.path), i[side]));
    const alreadyThere = inside.length > 0 && at('after');
    if (!alreadyThere && !at('before')) {
      const path = inside.find((i) => !isEntry(tree.get(i.path), i.before))?.path ?? '';
      refused.set(
        job.woId,
        new WaybillError('TARGET_CHANGED', `${path} was committed by somebody else between plan and landing`),
      );
      continue;
    }
    const life = rt.life(job.woId);
    const sealed = sealJob(rt, life, job, job.checks);
    evidence.push(...evidenceEntries(life, life.attempt, sealed.files), ...rawEntries(life, job));
    const by =
      alreadyThere && oldHead !== null
        ? await lastCommitOf(
            repo.git,
            oldHead,
            inside.map((i) => i.path),
          )
        : null;
    const mark: number | null =
      inside.length === 0 || alreadyThere
        ? null
        : git.commit({ ref: chain, parent, ident, message: commitMessage(rt, life, sealed), files: fileEntries(job) });
    if (mark !== null) parent = { mark };
    parts.push({ job, sealed, mark, by });
  }
  if (parts.length === 0) return { batch: null, refused };
  const journalFrom = rt.journal.tip();
  const head = rt.ledger.head;
  const upTo = (rt.unjournalled[0]?.seq ?? head.seq + 1) - 1;
  const journalMark = git.commit({
    ref: journalRef,
    parent: journalFrom,
    ident,
    message: journalMessage(`evidence of ${parts.length} orders`, head, upTo),
    files: evidence,
  });
  const marks = await git.run(join(rt.station.layout.tmp, `${batch}.marks`));
  rt.step(
    'life 6: objects written',
    parts.map((p) => p.job.woId),
  );
  const id = (mark: number | null) => (mark === null ? null : (marks.get(mark) ?? null));
  const built = parts.map(({ job, sealed, mark, by }): Built => ({ job, sealed, commit: id(mark), by }));
  const newHead = built.findLast((b) => b.commit !== null)?.commit ?? oldHead;
  const plan: LandingPlan = {
    batch,
    branch,
    oldHead,
    newHead,
    journal: { ref: rt.refs.journal, from: journalFrom, to: id(journalMark) ?? '' },
    targets: built.flatMap(({ job }) => targets(job.woId, job.changes, job.images)),
  };
  return { batch: { plan, built }, refused };
}

/** An order's paths for its commit. Where a clean filter applies, git wrote the blob already. */
function fileEntries(job: Job): FileEntry[] {
  return job.images
    .filter((i) => !isOutside(i.path))
    .map(({ path, after }) => {
      if (after === null) return { path, remove: true };
      const bytes = job.changes.find((c) => c.path === path)?.after?.bytes;
      return after.blob === after.disk && bytes !== undefined
        ? { path, mode: after.mode, bytes }
        : { path, mode: after.mode, blob: after.blob };
    });
}

/**
 * Bytes that no commit holds: files outside the repository, and files that git converts, as they stand on disk. The journal keeps what
 * they were and what they became.
 */
function rawEntries(life: OrderLife, job: Job): FileEntry[] {
  const entries = job.changes
    .filter((c) => isOutside(c.path) || isConverted(job, c.path))
    .flatMap((c) => [
      ...(c.before === null ? [] : [{ path: `before/${c.path.replace(/^\/+/, '')}`, bytes: c.before.bytes }]),
      ...(c.after === null ? [] : [{ path: `after/${c.path.replace(/^\/+/, '')}`, bytes: c.after.bytes }]),
    ]);
  return evidenceEntries(life, life.attempt, entries).map((e) => ({
    ...e,
    path: e.path.replace('/attempt-', '/raw-'),
  }));
}

function isConverted(job: Job, path: string): boolean {
  const image = job.images.find((i) => i.path === path);
  return [image?.before, image?.after].some((i) => i !== null && i !== undefined && i.blob !== i.disk);
}

/** The commit message: a subject for people, trailers for `git log` as an audit. */
function commitMessage(rt: Runtime, life: OrderLife, sealed: SealedEvidence): string {
  const requester = life.admitted?.requester;
  const who =
    requester === undefined ? 'unknown' : `${requester.user ?? 'uid'} (uid ${requester.uid}) in lane ${requester.lane}`;
  return [
    `wo(${life.woId}): ${life.admitted?.title ?? ''}`,
    '',
    `Work-Order: ${life.woId}`,
    `Attempt: ${life.attempt}`,
    `Evidence: ${sealed.manifestSha256}`,
    `Ledger: ${rt.station.id} ${rt.ledger.head.seq} ${rt.ledger.head.hash}`,
    `Requested-By: ${who}`,
    '',
  ].join('\n');
}

function landingDraft(rt: Runtime, { job, sealed, commit }: Built, { plan }: Batch): Draft {
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
  return { event: 'landing', woId: job.woId, attempt: rt.life(job.woId).attempt, from: null, to: null, data };
}

function recordLanded(rt: Runtime, batch: Batch): void {
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
  const where =
    commit === undefined
      ? 'outside the repository'
      : landed.how === 'landed_by'
        ? `already in commit ${commit}`
        : `in commit ${commit}`;
  return [
    { event: 'landed', woId: life.woId, attempt: life.attempt, from: null, to: null, data: landed },
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
        checks: [...(job?.checks ?? life.executed?.checks ?? [])],
        evidence: { manifest_sha256: manifestSha256 },
      },
    },
  ];
}
