import { lastCommitOf } from '../git/history.ts';
import type { LandingPlan } from '../git/landing.ts';
import { type FileEntry, PackWriter } from '../git/objects/pack-writer.ts';
import { isEntry } from '../git/objects/tree.ts';
import { committerIdent } from '../git/repository.ts';
import { isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import type { SealedEvidence } from '../record/evidence.ts';
import { evidenceEntries, journalMessage } from '../record/journal.ts';
import { sealJob } from './finish.ts';
import { guardedJournal } from './flush.ts';
import type { Job } from './job.ts';
import type { Runtime } from './runtime.ts';
import { targets } from './work.ts';

/** One order of a batch whose objects are written. */
export interface Built {
  readonly job: Job;
  readonly sealed: SealedEvidence;
  readonly commit: string | null;
  /** Somebody else's commit that already holds what the order would commit. */
  readonly by: string | null;
}

export interface Batch {
  readonly plan: LandingPlan;
  readonly built: readonly Built[];
  /** Holds the objects until the refs have moved, or will not. */
  readonly pack: PackWriter;
}

/** Writes the objects of a batch, synced and held against `git gc`: a chain of one commit per order, and the journal with their evidence. */
export async function buildBatch(
  rt: Runtime,
  batch: string,
  jobs: readonly Job[],
): Promise<{ batch: Batch | null; refused: Map<string, WaybillError> }> {
  const { repo } = rt.station;
  const branch = jobs[0]?.branch ?? '';
  const oldHead = repo.refs.read(branch);
  if (rt.lastTip !== null && rt.lastTip !== oldHead) rt.contendedAt = Date.now();
  const tree = await repo.trees.entries(
    oldHead,
    jobs.flatMap((j) => j.images.map((i) => i.path).filter((p) => !isOutside(p))),
  );
  const refused = new Map<string, WaybillError>();
  const pack = new PackWriter(repo, rt.station.layout.tmp);
  const ident = await committerIdent(repo);
  const evidence: FileEntry[] = [];
  const built: Built[] = [];
  let newHead = oldHead;
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
    const message = commitMessage(rt, life, sealed);
    const commit: string | null =
      inside.length === 0 || alreadyThere
        ? null
        : await pack.commit({ parent: newHead, ident, message, files: fileEntries(job) });
    newHead = commit ?? newHead;
    built.push({ job, sealed, commit, by });
  }
  if (built.length === 0) return { batch: null, refused };
  const { tip: journalFrom } = await guardedJournal(rt, 'never');
  const head = rt.ledger.head;
  const upTo = (rt.unjournalled[0]?.seq ?? head.seq + 1) - 1;
  const journal = await pack.commit({
    parent: journalFrom,
    ident,
    message: journalMessage(`evidence of ${built.length} orders`, head, upTo),
    files: evidence,
  });
  await pack.write();
  rt.step(
    'life 6: objects written',
    built.map((b) => b.job.woId),
  );
  const plan: LandingPlan = {
    batch,
    branch,
    oldHead,
    newHead,
    journal: { ref: rt.refs.journal, from: journalFrom, to: journal },
    targets: built.flatMap(({ job }) => targets(job.woId, job.changes, job.images)),
  };
  return { batch: { plan, built, pack }, refused };
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
