import { short } from '../../git/busy.ts';
import { WaybillError } from '../../order/error.ts';
import type { RebasedGiven } from '../../order/mission.ts';
import type { Draft } from '../../record/ledger.ts';
import { fact } from '../fact.ts';
import { conflictDraft, mergeWork, sameBefore } from '../isolation/merge-work.ts';
import type { Isolated, Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { waitForGo } from './pause.ts';
import type { MissionPlace } from './place.ts';
import { isReviewStale, reviewAnew } from './review-anew.ts';
import { watchStopFile } from './stop-file.ts';

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
  const history = rt.life(job.woId).mission?.history ?? [];
  if (tip === isolation.base) return isReviewStale(history) ? moved(rt, job, place, isolation, true) : null;
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
  await place.rebuild(null);
  return moved(rt, job, place, isolation, review || !sameBefore(before, job.images));
}

/** Puts it on record, with what reviewers are to be told of it: a review of what was made to another commit is none of what would land. */
async function moved(
  rt: Runtime,
  job: Job,
  place: MissionPlace,
  { base }: Isolated,
  review: boolean,
): Promise<Draft | null> {
  const stop = watchStopFile(rt);
  let given: RebasedGiven;
  try {
    given = review ? await reviewAnew(rt, job, place, stop.signal) : {};
  } catch (thrown) {
    if (!stop.signal.aborted || place.signal.aborted) throw thrown;
    // nothing of it is on record: whoever goes on does it again
    return waitForGo(rt.life(job.woId), String(stop.signal.reason));
  } finally {
    stop.end();
  }
  rt.record([fact(rt.life(job.woId), 'rebased', { base, changes: [...job.images], review, ...given })]);
  rt.step('mission: put on another tip', [job.woId]);
  return null;
}
