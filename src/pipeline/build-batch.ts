import { lastCommitOf } from '../git/history.ts';
import type { LandingPlan } from '../git/landing.ts';
import { type FileEntry, PackWriter } from '../git/objects/pack-writer.ts';
import { isEntry } from '../git/objects/tree.ts';
import { EMPTY_TREE } from '../git/objects/trees.ts';
import type { Target } from '../git/placement.ts';
import { committerIdent } from '../git/repository.ts';
import { committedBefore, type ImageChange, isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import type { SealedEvidence } from '../record/evidence.ts';
import { evidenceEntries, journalMessage } from '../record/journal.ts';
import { sealJob } from './finish.ts';
import { guardedJournal } from './flush.ts';
import type { Job } from './job.ts';
import { commitWords } from './missions/commit-words.ts';
import type { Runtime } from './runtime.ts';
import { targets } from './work.ts';

/** One order of a batch whose evidence is sealed. */
export interface Sealed {
  readonly job: Job;
  readonly sealed: SealedEvidence;
}

/** One order of a batch whose objects are written. */
export interface Built extends Sealed {
  readonly commit: string | null;
  /** Somebody else's commit that already holds what the order would commit. */
  readonly by: string | null;
}

/** A batch as far as it depends on nobody else: its evidence is sealed, and in a commit of the journal that no ref holds yet. */
export interface SealedBatch {
  readonly name: string;
  readonly orders: readonly Sealed[];
  readonly journal: LandingPlan['journal'];
  readonly ident: string;
  /** Holds the objects until the refs have moved, or will not. */
  readonly pack: PackWriter;
  /** The files of each order, for its commit. */
  readonly files: ReadonlyMap<string, FileEntry[]>;
}

export interface Batch {
  readonly plan: LandingPlan;
  readonly built: readonly Built[];
}

/**
 * Seals a batch, and makes the journal commit with its evidence and the contents of its files: all of its objects but those that depend on the
 * branch. `ahead`: writes them, synced and held against `git gc`; else they are written with its commits.
 */
export async function sealBatch(rt: Runtime, name: string, jobs: readonly Job[], ahead: boolean): Promise<SealedBatch> {
  const pack = new PackWriter(rt.station.repo, rt.station.layout.tmp);
  const ident = await committerIdent(rt.station.repo);
  const orders = jobs.map((job) => ({ job, sealed: sealJob(rt, rt.life(job.woId), job, job.checks) }));
  const files = orders.flatMap(({ job, sealed }) => {
    const life = rt.life(job.woId);
    return [...evidenceEntries(life, life.attempt, sealed.files), ...rawEntries(life, job)];
  });
  const { tip: from } = await guardedJournal(rt, 'never');
  const head = rt.ledger.head;
  const upTo = (rt.unjournalled[0]?.seq ?? head.seq + 1) - 1;
  const message = journalMessage(`evidence of ${orders.length} orders`, head, upTo);
  const to = await pack.commit({ parent: from, ident, message, files });
  const contents = new Map(orders.map(({ job }) => [job.woId, fileEntries(job, pack)]));
  if (ahead) {
    await rehearse(rt, pack, orders[0]?.job.branch ?? '', [...contents.values()]);
    await pack.write();
  }
  return { name, orders, journal: { ref: rt.refs.journal, from, to }, ident, pack, files: contents };
}

/** Makes the folders of the chain to come: on another tip they are the same, unless somebody commits into them. */
async function rehearse(rt: Runtime, pack: PackWriter, branch: string, chain: readonly FileEntry[][]): Promise<void> {
  const { refs, trees } = rt.station.repo;
  const tip = refs.read(branch);
  let tree = tip === null ? EMPTY_TREE : await trees.ofCommit(tip);
  for (const files of chain) tree = await pack.tree(tree, files, true);
}

/**
 * Writes the commits of a sealed batch, synced and held: a chain of one for each order, on the branch as it stands now. Where the tip holds
 * neither what an order found nor what it would leave, it is refused, and nothing is written. Null where the branch moved meanwhile, as far as
 * that is seen before something is written.
 */
export async function buildBatch(
  rt: Runtime,
  { name, orders, journal, ident, pack, files }: SealedBatch,
): Promise<{ batch: Batch | null; refused: Map<string, WaybillError> } | null> {
  const { repo } = rt.station;
  const branch = orders[0]?.job.branch ?? '';
  const oldHead = repo.refs.read(branch);
  if (rt.lastTip !== null && rt.lastTip !== oldHead) rt.contendedAt = Date.now();
  const tree = await repo.trees.entries(
    oldHead,
    orders.flatMap(({ job }) => job.images.map((i) => i.path).filter((p) => !isOutside(p))),
  );
  const is = (job: Job, side: 'before' | 'after') =>
    insideOf(job).find((i) => !isEntry(tree.get(i.path), side === 'before' ? committedBefore(i) : i.after));
  const refused = new Map<string, WaybillError>();
  for (const { job } of orders) {
    if (isCheckedElsewhere(job, oldHead)) {
      const what = `${job.branch} moved since the checks of ${job.woId} ran`;
      refused.set(job.woId, new WaybillError('TARGET_CHANGED', what));
      continue;
    }
    const changed = is(job, 'before');
    if (changed === undefined || is(job, 'after') === undefined) continue;
    const what = `${changed.path} was committed by somebody else between plan and landing`;
    refused.set(job.woId, new WaybillError('TARGET_CHANGED', what));
  }
  if (refused.size > 0) return { batch: null, refused };
  const isWrittenAhead = pack.size === 0;
  const built: Built[] = [];
  let newHead = oldHead;
  for (const { job, sealed } of orders) {
    const paths = insideOf(job).map((i) => i.path);
    const isThere = paths.length > 0 && is(job, 'after') === undefined;
    const by = isThere && oldHead !== null ? await lastCommitOf(repo.git, oldHead, paths) : null;
    const message = commitMessage(rt, rt.life(job.woId), sealed);
    const commit: string | null =
      paths.length === 0 || isThere
        ? null
        : await pack.commit({ parent: newHead, ident, message, files: files.get(job.woId) ?? [] });
    newHead = commit ?? newHead;
    built.push({ job, sealed, commit, by });
  }
  if (isWrittenAhead && repo.refs.read(branch) !== oldHead) {
    pack.forget();
    return null;
  }
  await pack.write();
  rt.step(
    'life 6: objects written',
    built.map((b) => b.job.woId),
  );
  const plan = { batch: name, branch, oldHead, newHead, journal, targets: targetsOf({ orders }) };
  return { batch: { plan, built }, refused };
}

/** Whether its checks ran on another commit than the one that it would land on. At the root they ran on what stands there. */
function isCheckedElsewhere({ isolation, order }: Job, tip: string | null): boolean {
  return isolation !== null && order.checks.length > 0 && isolation.base !== tip;
}

/** The files that a batch will put in place. */
export function targetsOf({ orders }: Pick<SealedBatch, 'orders'>): Target[] {
  return orders.flatMap(({ job }) => targets(job.woId, job.changes, job.images));
}

function insideOf(job: Job): ImageChange[] {
  return job.images.filter((i) => !isOutside(i.path));
}

/** An order's paths for its commit, with their contents in the pack. Where a clean filter applies, git wrote the blob already. */
export function fileEntries(job: Job, pack: PackWriter): FileEntry[] {
  const contents = new Map(job.changes.map((c) => [c.path, c.after?.bytes]));
  return job.images
    .filter((i) => !isOutside(i.path))
    .map(({ path, after }) => {
      if (after === null) return { path, remove: true };
      const bytes = contents.get(path);
      return {
        path,
        mode: after.mode,
        blob: after.blob === after.disk && bytes !== undefined ? pack.blob(bytes) : after.blob,
      };
    });
}

/**
 * Bytes that no commit holds: files outside the repository, files that git converts, as they stand on disk, and what stood where a file is put
 * back. The journal keeps what they were and what they became.
 */
function rawEntries(life: OrderLife, job: Job): FileEntry[] {
  const entries = job.changes
    .filter(
      (c) =>
        isOutside(c.path) ||
        isConverted(job, c.path) ||
        job.images.some((i) => i.path === c.path && i.committed !== undefined && i.before !== null),
    )
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
export function commitMessage(rt: Runtime, life: OrderLife, sealed: SealedEvidence): string {
  const requester = life.admitted?.requester;
  const who =
    requester === undefined ? 'unknown' : `${requester.user ?? 'uid'} (uid ${requester.uid}) in lane ${requester.lane}`;
  const { body, trailers } = commitWords(rt, life);
  return [
    `wo(${life.woId}): ${life.admitted?.title ?? ''}`,
    '',
    ...(body.length === 0 ? [] : [...body, '']),
    `Work-Order: ${life.woId}`,
    `Attempt: ${life.attempt}`,
    `Evidence: ${sealed.manifestSha256}`,
    `Ledger: ${rt.station.id} ${rt.ledger.head.seq} ${rt.ledger.head.hash}`,
    `Requested-By: ${who}`,
    ...trailers,
    '',
  ].join('\n');
}
