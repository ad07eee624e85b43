import { asWaybillError, type WaybillError } from '../../order/error.ts';
import type { Job } from '../job.ts';
import { landJobs, type Returned } from '../land.ts';
import { parkForRepository, waits } from '../park.ts';
import type { Runtime } from '../runtime.ts';
import { parkConflict, rebase } from './rebase.ts';

/** How often work is put on a branch that moves on, before it waits; the last time nobody else lands meanwhile. */
const MOST_ROUNDS = 5;
/** How long an order waits for another one that has its files in hand at the root. */
const OTHERS_MS = 1000;

/**
 * Lands work that could not land as it was. Where its branch moved on, it is put on the new tip, and its checks run there again. Where the root has
 * something else in hand, it waits for a person, with both sides kept.
 */
export async function landAgain(rt: Runtime, job: Job, because: WaybillError): Promise<void> {
  let error = because;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const tip = rt.station.repo.refs.read(job.branch);
    if (tip === job.isolation?.base) {
      if (!waitForOthers(rt, job)) await parkConflict(rt, job, error.message);
      return;
    }
    const again =
      round < MOST_ROUNDS
        ? (await onto(rt, job, tip)) && (await rt.exclusively(() => landJobs(rt, [job])))
        : await rt.exclusively(async () => (await onto(rt, job, tip)) && landJobs(rt, [job]));
    const next: Returned | undefined = again === false ? undefined : again[0];
    if (next === undefined) return;
    error = next.error;
  }
  parkForRepository(rt, [rt.life(job.woId)], 'the branch moved on each time its work was put on it');
}

/** Objects that cannot be written (a full disk, a lock) are no fault of the order: it waits. */
async function onto(rt: Runtime, job: Job, tip: string | null): Promise<boolean> {
  try {
    if (tip !== null) return await rebase(rt, job, tip);
    parkForRepository(rt, [rt.life(job.woId)], `${job.branch} is gone`);
  } catch (thrown) {
    parkForRepository(rt, [rt.life(job.woId)], asWaybillError(thrown).message);
    rt.nextRepositoryLook = Date.now() + OTHERS_MS;
  }
  return false;
}

/** Another order of the station has the same files in place at the root: that passes. */
function waitForOthers(rt: Runtime, job: Job): boolean {
  const others = [...rt.running.values()].filter(({ woId }) => woId !== job.woId);
  const theirs = others.find(({ paths }) => job.images.some(({ path }) => paths.has(path)));
  if (theirs === undefined) return false;
  const until = new Date(Date.now() + OTHERS_MS).toISOString();
  rt.record([waits(rt.life(job.woId), { waiting_for: 'time', until, why: `${theirs.woId} has its files in hand` })]);
  rt.running.delete(job.woId);
  return true;
}
