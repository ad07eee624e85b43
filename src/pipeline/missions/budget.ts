import type { Raise, Reserved, Usage } from '../../order/mission.ts';
import type { BudgetKey } from '../../order/order.ts';
import {
  accountingFault,
  type Exhausted,
  exhaustedText,
  limitsOf,
  raisesOf,
  reserve,
  type Spent,
  spentOf,
} from '../../policy/missions/budget.ts';
import type { BudgetLimits } from '../../policy/missions/missions.ts';
import type { Draft } from '../../record/ledger.ts';
import type { Step } from '../../spine/chain.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import type { MissionJob } from './mission-job.ts';
import { askBudget, type BudgetFigures } from './pause.ts';
import type { OpenStep, StepEnd, StepFault } from './record-step.ts';

/** What a mission may use up: set aside before a step, measured after it, and raised by people alone. */

/** The limits of a mission as they are now, with what people raised. */
export function limitsNow(rt: Runtime, job: Job, { rules, mission }: MissionJob): BudgetLimits {
  return limitsOf(rules, mission.budget, raisesOf(rt.life(job.woId).mission?.history ?? []));
}

/** Null where something is left for a step; else the record that parks the mission, with the figures. */
export function whyOverBudget(rt: Runtime, job: Job, mission: MissionJob, step: Step): Draft | null {
  const limits = limitsNow(rt, job, mission);
  const spent = spentOf(rt.life(job.woId).mission?.history ?? []);
  const wants = { agent: step.role !== null, ...mission.rules.step };
  const asked = reserve(limits, spent, wants);
  if (asked.ok) return null;
  const raise = Object.fromEntries(asked.exhausted.map((one) => [one.key, raisedTo(one, mission.limits)])) as Raise;
  const why = `it has used ${asked.exhausted.map(exhaustedText).join(', ')}; a yes raises ${raiseText(raise)}`;
  return askBudget(rt, rt.policyFile.require(), job, step.id, why, figures(limits, spent, raise), raise);
}

/** What a step may use at most, set aside before it begins. */
export function reservedFor(rt: Runtime, job: Job, mission: MissionJob, seconds: number): Reserved {
  const spent = spentOf(rt.life(job.woId).mission?.history ?? []);
  const { tokens, usd, seconds: most } = mission.rules.step;
  const wants = { agent: true, tokens, usd, seconds: Math.min(seconds, most) };
  const asked = reserve(limitsNow(rt, job, mission), spent, wants);
  return asked.ok ? asked.reserved : { tokens: 0, usd: 0, seconds: 0 };
}

/** The same end, or a failure where a limit needs to know what the step used, and nobody told (rule 7). */
export function counted(rt: Runtime, job: Job, mission: MissionJob, open: OpenStep, end: StepEnd): StepEnd {
  if (end.fault !== null) return end;
  const fault = uncounted(rt, job, mission, open, end.usage ?? null);
  return fault === null ? end : { ...end, outputs: [], verdict: null, checkpoint: null, fault };
}

/** Why what a step used cannot be counted where a limit needs it, or null. */
export function uncounted(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  { step, agent }: OpenStep,
  usage: Usage | null,
): StepFault | null {
  const fault = accountingFault(mission.rules, limitsNow(rt, job, mission), { step, agent, usage });
  return fault === null ? null : { ...fault, failure: 'tool_invocation_error' };
}

/** As much again as the mission was given, on top of what it used. */
function raisedTo({ key, limit, spent }: Exhausted, given: BudgetLimits): number {
  const more = Math.max(limit, spent) + (given[key] ?? limit);
  return key === 'usd' ? more : Math.ceil(more);
}

function raiseText(raise: Raise): string {
  return Object.entries(raise)
    .map(([key, to]) => `${key.replace('_', ' ')} to ${to}`)
    .join(', ');
}

function figures(limits: BudgetLimits, spent: Spent, raise: Raise): BudgetFigures {
  const keys: readonly BudgetKey[] = ['tokens', 'usd', 'seconds', 'attempts', 'diff_lines'];
  return Object.fromEntries(
    keys.map((key) => {
      const to = raise[key];
      return [key, { used: spent[key], limit: limits[key], ...(to === undefined ? {} : { raise_to: to }) }];
    }),
  );
}
