import { ERROR_CODES, type ErrorCode, WaybillError } from '../../order/error.ts';
import { nextAction } from '../../policy/missions/next-action.ts';
import type { Draft } from '../../record/ledger.ts';
import { nextStep } from '../../spine/next-step.ts';
import { reloadPolicy } from '../approvals/in-force.ts';
import type { Job } from '../job.ts';
import { type Runtime, STATION_STOPS } from '../runtime.ts';
import { whyOverBudget } from './budget.ts';
import { passGates, whyRisky } from './gates.ts';
import type { MissionJob } from './mission-job.ts';
import { askCheckpoint, missionOf, waitForGo } from './pause.ts';
import type { MissionPlace } from './place.ts';
import { putOnTip } from './rebase.ts';
import { doRoleStep } from './role/role-step.ts';
import { doRunnerStep } from './runner-step.ts';
import { whyStopped } from './stop-file.ts';

/**
 * The steps of a mission, from where its records end to its close. Null when it may land; else the record that parks it. Throws what ends it. Every
 * turn reads the ledger's own history, so that a start after a kill takes the same way.
 */
export async function workOnMission(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
): Promise<Draft | null> {
  const { chain, rules } = mission;
  // whoever decided in a pause decided about the base that it stood on
  const moved = await putOnTip(rt, job, place, true);
  if (moved !== null) return moved;
  for (;;) {
    // its step may end by itself, and the next start does the one after it
    if (rt.isStopping) rt.running.get(job.woId)?.abort.abort(STATION_STOPS);
    throwIfAborted(place.signal, job.woId);
    const stopped = whyStopped(rt);
    if (stopped !== null) return waitForGo(rt.life(job.woId), stopped);
    const { history, begun } = missionOf(rt, job.woId);
    const next = nextStep(chain, history, rules, (until) => nextAction(until, rules));
    if (next.do === 'end') throw new WaybillError(codeOf(next.code), next.why);
    // the one that counts now, whatever counted when the loop looked last
    reloadPolicy(rt);
    const { policy, fault } = rt.policyFile;
    if (policy === null) return waitForGo(rt.life(job.woId), `${NO_POLICY}: ${fault?.message ?? ''}`);
    // a yes is to all that stands in the question, so what it would let pass stands there too
    const changed = policy.sha256 === begun.policy_sha256 ? null : POLICY_CHANGED;
    const at = next.do === 'checkpoint' ? next.at : next.step.id;
    const risky = whyRisky(rt, job, mission, at, policy);
    if (next.do === 'checkpoint' || changed !== null) {
      const whys = [next.do === 'checkpoint' ? next.why : null, risky, changed];
      return askCheckpoint(rt, policy, job, at, whys.filter((why) => why !== null).join('; '));
    }
    const over = whyOverBudget(rt, job, mission, next.step);
    if (over !== null) return over;
    if (next.step.run === 'close') {
      const conflict = await putOnTip(rt, job, place, false);
      if (conflict !== null) return conflict;
      if (missionOf(rt, job.woId).history.length > history.length) continue;
      if (risky !== null) return askCheckpoint(rt, policy, job, at, risky);
      if (await passGates(rt, job, mission, place, next.step)) return null;
      continue;
    }
    if (next.step.role === null) {
      await doRunnerStep(rt, job, mission, place, next.step);
      continue;
    }
    const parked = await doRoleStep(rt, job, mission, place, next);
    if (parked !== null) return parked;
  }
}

const NO_POLICY = 'POLICY_INVALID: no policy counts until it is mended';
const POLICY_CHANGED = 'POLICY_CHANGED_MID_RUN: it began under another policy than counts now';

/** The ledger may hold a code of another version. */
function codeOf(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'INTERNAL';
}

function throwIfAborted(signal: AbortSignal, woId: string): void {
  if (signal.aborted) throw new WaybillError('CANCELLED', `${woId} was cancelled`);
}
