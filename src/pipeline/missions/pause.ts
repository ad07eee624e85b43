import { hashOf } from '../../order/canonical-json.ts';
import { WaybillError } from '../../order/error.ts';
import type { ApprovalSubject } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import type { HistoryEntry, MissionLife, Raise } from '../../order/mission.ts';
import type { Ruling } from '../../policy/judge.ts';
import type { Policy } from '../../policy/policy.ts';
import { nextAgentLook } from '../../queue/waits.ts';
import type { Draft } from '../../record/ledger.ts';
import { ask } from '../approvals/ask.ts';
import type { Job } from '../job.ts';
import { waits } from '../park.ts';
import type { Runtime } from '../runtime.ts';

/** How a mission stops in the middle: for a person, for an agent, or because the stop file is there. */

/** How long until the stop file is looked for again. */
const STOP_MS = 5000;

/** Throws INTERNAL where the order is no mission that has begun. */
export function missionOf(rt: Runtime, woId: string): MissionLife {
  const { mission } = rt.life(woId);
  if (mission === null) throw new WaybillError('INTERNAL', `${woId} is no mission that has begun`);
  return mission;
}

/** Parks a mission until a person has said that it may go on. `at`: the step before or after which it stops. */
export function askCheckpoint(rt: Runtime, policy: Policy, job: Job, at: string, why: string): Draft {
  return askMission(rt, policy, job, 'checkpoint', { at, why });
}

/** What a mission used of what it may use, and what a yes raises that to. */
export type BudgetFigures = NonNullable<NonNullable<ApprovalSubject['mission']>['budget']>;

/** Parks a mission that has used up what it was given, with the figures. */
export function askBudget(
  rt: Runtime,
  policy: Policy,
  job: Job,
  at: string,
  why: string,
  figures: BudgetFigures,
  raise: Raise,
): Draft {
  return askMission(rt, policy, job, 'budget', { at, why, budget: figures }, raise);
}

function askMission(
  rt: Runtime,
  policy: Policy,
  job: Job,
  stage: 'checkpoint' | 'budget',
  about: { at: string; why: string; budget?: BudgetFigures },
  raise?: Raise,
): Draft {
  const life = rt.life(job.woId);
  const stop = {
    about: { ...about, ...subjectOf(missionOf(rt, job.woId)) },
    ...(raise === undefined ? {} : { raise }),
  };
  const judgement = { class: 'ask' as const, rulings: [rulingOf(policy, stage, about.why)], commands: [] };
  const draft = ask(rt, policy, job, life, stage, judgement, stop);
  if (draft === null) throw new WaybillError('INTERNAL', `${job.woId} has nothing to ask`);
  return draft;
}

function rulingOf(policy: Policy, rule: string, why: string): Ruling {
  const { proof } = policy.approvals;
  return {
    class: 'ask',
    subject: { kind: 'order' },
    by: 'built in',
    rule,
    line: null,
    why,
    proof,
    approvers: null,
    pattern: null,
  };
}

/** All that the decision is about: each step so far, with the hashes of what it gave, and the work as the diff beside it. */
function subjectOf({ begun, base, history }: MissionLife) {
  const { chain, chain_sha256, policy_sha256 } = begun;
  return { chain, chain_sha256, policy_sha256, base, history_sha256: hashOf(history), steps: history.flatMap(told) };
}

function told(entry: HistoryEntry): NonNullable<ApprovalSubject['mission']>['steps'] {
  if (entry.kind !== 'stepped') return [];
  const { step, ok, agent, verdict, why, outputs } = entry;
  return [{ step, ok, agent, verdict, why, outputs: outputs.map((output) => ({ ...output })) }];
}

/** Parks a mission for which no agent can be used now. Each look costs records, a worktree and a program, so they become rarer (rule 12). */
export function waitForAgent(life: OrderLife, why: string): Draft {
  return waits(life, { waiting_for: 'agent', until: nextAgentLook(life.agentlessSince ?? null, Date.now()), why });
}

/** Parks a mission while the stop file is there; it goes on when that is gone. */
export function waitForGo(life: OrderLife, why: string): Draft {
  return waits(life, { waiting_for: 'hold', until: new Date(Date.now() + STOP_MS).toISOString(), why });
}
