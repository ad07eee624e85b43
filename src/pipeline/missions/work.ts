import type { CommandSandbox } from '../../execute/sandbox/commands.ts';
import type { Change, ImageChange } from '../../order/change.ts';
import { ERROR_CODES, type ErrorCode, WaybillError } from '../../order/error.ts';
import type { CheckResult } from '../../order/generated.ts';
import type { MissionLife } from '../../order/mission.ts';
import { nextAction } from '../../policy/missions/next-action.ts';
import type { Draft } from '../../record/ledger.ts';
import { nextStep } from '../../spine/next-step.ts';
import type { Job } from '../job.ts';
import { type Runtime, STATION_STOPS } from '../runtime.ts';
import { whyOverBudget } from './budget.ts';
import { askRisk, passGates } from './gates.ts';
import type { MissionJob } from './mission-job.ts';
import { askCheckpoint, waitForGo } from './pause.ts';
import { putOnTip } from './rebase.ts';
import { doRoleStep } from './role-step.ts';
import { doRunnerStep } from './runner-step.ts';
import { whyStopped } from './stop-file.ts';

/** Where a mission works. What stands there is measured, never believed (rule 14). */
export interface MissionPlace {
  /** The station stops, or somebody cancels. */
  readonly signal: AbortSignal;
  /** Absolute path; another one after a rebuild. */
  folder(): string;
  /** Throws WORKTREE_BROKEN where it is not ours any more. */
  assertWhole(): void;
  sandbox(): Promise<CommandSandbox | null>;
  /** The mission's checks, on what stands there now. */
  checks(): Promise<CheckResult[]>;
  /** What differs from the base there now. Throws PATH_DENIED. */
  measure(): Promise<{ readonly changes: readonly Change[]; readonly images: readonly ImageChange[] }>;
  /** Holds what the job changes in git, so that any start can go on from it. */
  hold(): Promise<void>;
  /** The base with what the job changes, and nothing else; what stood there is kept, where `why` says what it is. */
  rebuild(why: string | null): Promise<void>;
}

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
    const { history, begun } = missionLife(rt, job.woId);
    const next = nextStep(chain, history, rules, (until) => nextAction(until, rules));
    const at = next.do === 'step' ? next.step.id : next.do === 'checkpoint' ? next.at : '';
    const policy = rt.policyFile.require();
    if (policy.sha256 !== begun.policy_sha256)
      return askCheckpoint(
        rt,
        policy,
        job,
        at,
        'POLICY_CHANGED_MID_RUN: it began under another policy than counts now',
      );
    if (next.do === 'end') throw new WaybillError(codeOf(next.code), next.why);
    if (next.do === 'checkpoint') return askCheckpoint(rt, policy, job, next.at, next.why);
    const over = whyOverBudget(rt, job, mission, next.step);
    if (over !== null) return over;
    if (next.step.run === 'close') {
      const conflict = await putOnTip(rt, job, place, false);
      if (conflict !== null) return conflict;
      if (missionLife(rt, job.woId).history.length > history.length) continue;
      const risky = askRisk(rt, job, mission, next.step);
      if (risky !== null) return risky;
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

/** Throws INTERNAL where the order is no mission that has begun. */
export function missionLife(rt: Runtime, woId: string): MissionLife {
  const { mission } = rt.life(woId);
  if (mission === null) throw new WaybillError('INTERNAL', `${woId} is no mission that has begun`);
  return mission;
}

/** The ledger may hold a code of another version. */
function codeOf(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'INTERNAL';
}

function throwIfAborted(signal: AbortSignal, woId: string): void {
  if (signal.aborted) throw new WaybillError('CANCELLED', `${woId} was cancelled`);
}
