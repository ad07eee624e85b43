import { short } from '../../git/busy.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { isPure } from '../../order/order.ts';
import { passWork } from '../approvals/gate.ts';
import { fact } from '../fact.ts';
import { failOrder, finishWithoutLanding } from '../finish.ts';
import type { Job } from '../job.ts';
import { waits } from '../park.ts';
import type { Runtime } from '../runtime.ts';
import { keepJob } from './keep-work.ts';
import { conflictDraft, mergeWork, sameBefore } from './merge-work.ts';
import { checkAgain, executedData, hold } from './work.ts';

/**
 * Puts the work of an order on another tip than the one it was made on: a merge of each file that both changed, then its checks on the result. True
 * when it may land there; otherwise it is parked with both sides kept, or has ended.
 */
export async function rebase(rt: Runtime, job: Job, tip: string): Promise<boolean> {
  const { isolation } = job;
  if (isolation === null) throw new WaybillError('INTERNAL', `${job.woId} was worked on at the root`);
  const merged = await mergeWork(rt, job, isolation, tip);
  if ('conflict' in merged) {
    await parkConflict(rt, job, `${short(job.branch)} has other changes in ${merged.conflict.join(', ')}`);
    return false;
  }
  const isSame = sameBefore(job.images, merged.images);
  job.changes = merged.changes;
  job.images = merged.images;
  isolation.base = tip;
  rt.step('life 5: put on another tip', [job.woId]);
  if (job.mission !== null && !isSame) {
    await reviewAgain(rt, job, tip);
    return false;
  }
  if (job.images.length === 0) {
    const what = `${short(job.branch)} has all of it by now, so there is no commit`;
    finishWithoutLanding(rt, rt.life(job.woId), job, what, null);
    return false;
  }
  if (isPure(job.order)) return mayLand(rt, job);
  await hold(rt, job);
  if (job.order.checks.length > 0 && !(await checkAgain(rt, job, isolation))) return false;
  const leftover = rt.life(job.woId).executed?.leftover ?? [];
  rt.record([fact(rt.life(job.woId), 'executed', executedData(job, isolation, leftover))]);
  rt.step('life 5: checked', [job.woId]);
  return mayLand(rt, job);
}

/** What was reviewed is not what would land: the mission goes on at its last review. */
async function reviewAgain(rt: Runtime, job: Job, tip: string): Promise<void> {
  await hold(rt, job);
  const life = rt.life(job.woId);
  const why = `${short(job.branch)} moved on in files that it changes: they are reviewed again`;
  rt.record([
    fact(life, 'rebased', { base: tip, changes: [...job.images], review: true }),
    waits(life, { waiting_for: 'time', until: new Date().toISOString(), why }),
  ]);
  rt.running.delete(job.woId);
}

/** Whether nobody has to decide about the work as it is on the new tip. What policy refuses there ends, and is kept. */
async function mayLand(rt: Runtime, job: Job): Promise<boolean> {
  try {
    const asks = await passWork(rt, job.policy, job);
    if (asks === null) return true;
    rt.record([asks]);
    rt.running.delete(job.woId);
  } catch (thrown) {
    const error = asWaybillError(thrown);
    await keepJob(rt, job, error.message);
    failOrder(rt, rt.life(job.woId), { error, job });
  }
  return false;
}

/** Parks an order whose work does not fit, until a person says what is to become of it. Its work is kept, theirs is where it was. */
export async function parkConflict(rt: Runtime, job: Job, what: string): Promise<void> {
  rt.record([await conflictDraft(rt, job, what)]);
  rt.running.delete(job.woId);
}
