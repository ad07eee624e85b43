import type { LandingPlan } from '../../git/landing.ts';
import { RefTransaction } from '../../git/ref-transaction.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { newUlid } from '../../platform/ids.ts';
import { type Built, commitMessage, type SealedBatch, sealBatch } from '../build-batch.ts';
import { failOrder } from '../finish.ts';
import type { Job } from '../job.ts';
import { landingDraft, recordLanded } from '../land.ts';
import { parkForRepository } from '../park.ts';
import { noteJournal } from '../restore/journal-guard.ts';
import type { Runtime } from '../runtime.ts';
import { keepJob } from './keep-work.ts';

/** When the next try comes where refs cannot be moved. */
const AGAIN_MS = 1000;

/** The branch of an order that asks for one of its own. */
export function branchOf(woId: string): string {
  return `refs/heads/waybill/${woId}`;
}

/**
 * Lands an order as a commit on a branch of its own, made on its base. What is checked out, the index and the files of the root stay as they are.
 * A branch of that name that is there already is never moved: BRANCH_TAKEN, and the work is kept. Only under Runtime.exclusively().
 */
export async function landOnBranch(rt: Runtime, job: Job): Promise<void> {
  const { refs } = rt.station.repo;
  const branch = branchOf(job.woId);
  if (refs.read(branch) !== null || refs.read('refs/heads/waybill') !== null)
    return refuse(rt, job, new WaybillError('BRANCH_TAKEN', `${branch} is there already, or cannot be made`));
  let sealed: SealedBatch | null = null;
  try {
    sealed = await sealBatch(rt, newUlid(), [job], false);
    const built = await commitOnBase(rt, job, sealed);
    rt.record([landingDraft(rt, built, { plan: planOf(sealed, branch, built.commit), built: [built] })]);
    rt.step('life 6: landing recorded', [job.woId]);
    const { journal } = sealed;
    const moved = await RefTransaction.prepare(rt.station.repo, [
      { ref: branch, from: null, to: built.commit },
      { ref: journal.ref, from: journal.from, to: journal.to },
    ]);
    if (moved === null) throw new WaybillError('GIT_FAILED', 'a ref stays locked, or moved');
    await moved.commit();
    rt.step('landing 6: refs committed', [job.woId]);
    noteJournal(rt.station, journal.to);
    recordLanded(rt, { built: [built] });
  } catch (thrown) {
    // only a new start can tell what happened to the refs
    if (refs.read(branch) !== null || rt.orders.get(job.woId)?.status !== 'running') throw thrown;
    parkForRepository(rt, [rt.life(job.woId)], asWaybillError(thrown).message);
    rt.nextRepositoryLook = Date.now() + AGAIN_MS;
  } finally {
    sealed?.pack.release();
  }
}

async function commitOnBase(rt: Runtime, job: Job, batch: SealedBatch): Promise<Built & { commit: string }> {
  const [order] = batch.orders;
  if (job.isolation === null || order === undefined)
    throw new WaybillError('INTERNAL', `${job.woId} was worked on at the root`);
  const { pack, ident } = batch;
  const message = commitMessage(rt, rt.life(job.woId), order.sealed);
  const files = batch.files.get(job.woId) ?? [];
  const commit = await pack.commit({ parent: job.isolation.base, ident, message, files });
  await pack.write();
  rt.step('life 6: objects written', [job.woId]);
  return { ...order, commit, by: null };
}

function planOf({ name, journal }: SealedBatch, branch: string, newHead: string): LandingPlan {
  return { batch: name, branch, oldHead: null, newHead, journal, targets: [] };
}

async function refuse(rt: Runtime, job: Job, error: WaybillError): Promise<void> {
  await keepJob(rt, job, error.message);
  failOrder(rt, rt.life(job.woId), { error, job });
}
