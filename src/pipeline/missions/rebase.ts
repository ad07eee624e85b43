import { short } from '../../git/busy.ts';
import { WaybillError } from '../../order/error.ts';
import type { Draft } from '../../record/ledger.ts';
import { fact } from '../fact.ts';
import { conflictDraft, mergeWork, sameBefore } from '../isolation/merge-work.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import type { MissionPlace } from './place.ts';

/**
 * Puts what a mission made so far on the tip of its branch, where that moved on. `review`: it is reviewed again in every case; otherwise only where
 * somebody else changed the same files, because then it is another diff. Null when it stands there; else the record that parks it, because both
 * changed the same lines.
 */
export async function putOnTip(rt: Runtime, job: Job, place: MissionPlace, review: boolean): Promise<Draft | null> {
  const { isolation, branch } = job;
  const tip = rt.station.repo.refs.read(branch);
  if (isolation === null || tip === null)
    throw new WaybillError('REPO_UNSUPPORTED', `${branch} is gone`, {
      hint: 'Bring the branch back, then `waybill retry`.',
    });
  if (tip === isolation.base) return null;
  const before = job.images;
  if (before.length > 0) {
    const merged = await mergeWork(rt, job, isolation, tip);
    if ('conflict' in merged)
      return conflictDraft(rt, job, `${short(branch)} has other changes in ${merged.conflict.join(', ')}`);
    job.changes = merged.changes;
    job.images = merged.images;
  }
  isolation.base = tip;
  await place.hold();
  const isOther = review || !sameBefore(before, job.images);
  rt.record([fact(rt.life(job.woId), 'rebased', { base: tip, changes: [...job.images], review: isOther })]);
  rt.step('mission: put on another tip', [job.woId]);
  await place.rebuild(null);
  return null;
}
