import type { SpineOutcome } from '../../order/generated.ts';
import { laneOf, type OrderLife } from '../../order/life.ts';
import type { MissionLife } from '../../order/mission.ts';
import { asksPeople, type Status } from '../../order/transition.ts';
import type { MissionView } from '../../pipeline/missions/view.ts';
import { spentOf } from '../../policy/missions/budget.ts';
import { progressOf } from '../../record/progress.ts';
import { budgetOf } from './mission-outcome.ts';

/** How far a step of a chain is: `again` was done, and is to be done once more. */
export type StepStanding = 'done' | 'failed' | 'now' | 'lost' | 'asks' | 'to_come' | 'again';

/** A step of a mission's chain as it stands now. */
export interface MissionStep {
  readonly id: string;
  readonly standing: StepStanding;
  /** Who does it or did it last; null for the runner, and before. */
  readonly agent: string | null;
  readonly verdict: string | null;
  /** How often it was begun. */
  readonly times: number;
}

/** A mission in a list. */
export interface MissionRow {
  readonly woId: string;
  readonly title: string;
  readonly lane: string;
  readonly status: Status;
  readonly waitingFor: string | null;
  /** What it does or waits for, or how it ended. */
  readonly text: string;
  /** Whether a person is asked. */
  readonly asks: boolean;
  readonly chain: string | null;
  readonly steps: readonly MissionStep[];
  readonly attempt: number;
  /** Used, and allowed where that is known. */
  readonly budget: SpineOutcome['budget'];
  /** False where nobody told what some step used. */
  readonly isComplete: boolean;
  readonly startedAt: string | null;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
  readonly code: string | null;
}

/** A mission that is alive, with what it may use; `view`: what its files say. */
export function aliveRow(view: MissionView): MissionRow {
  const { life, chain } = view;
  return { ...rowOf(life, chain?.steps.map(({ id }) => id) ?? null), budget: budgetOf(view) };
}

/** A mission from its records alone. */
export function rowOf(life: OrderLife, chain: readonly string[] | null = null): MissionRow {
  const { admitted, mission, status, waitingFor, outcome, lastError } = life;
  const spent = spentOf(mission?.history ?? []);
  return {
    woId: life.woId,
    title: admitted?.title ?? '',
    lane: laneOf(life),
    status,
    waitingFor,
    text: life.finishedAt === null ? (progressOf(life) ?? '') : (lastError?.message ?? outcome?.summary ?? ''),
    asks: asksPeople(waitingFor),
    chain: mission?.begun.chain ?? null,
    steps: mission === null ? [] : stepsOf(life, mission, chain),
    attempt: life.attempt,
    budget: Object.fromEntries(
      (['tokens', 'usd', 'seconds'] as const).map((key) => [key, { used: spent[key], limit: null }]),
    ),
    isComplete: spent.complete,
    startedAt: life.startedAt,
    updatedAt: life.updatedAt,
    finishedAt: life.finishedAt,
    code: lastError?.code ?? null,
  };
}

/**
 * The steps of the chain, or where it is not on disk those that were begun, in its order. A step that is done again takes back all that follow it:
 * they come again.
 */
function stepsOf(
  { status, ask, waitingFor }: OrderLife,
  { history, open }: MissionLife,
  chain: readonly string[] | null,
): MissionStep[] {
  const begun = history.flatMap((entry) => (entry.kind === 'stepped' || entry.kind === 'lost' ? [entry] : []));
  const ids = chain ?? [...new Set([...begun.map(({ step }) => step), ...(open === null ? [] : [open.step])])];
  const steps = new Map(
    ids.map((id) => [
      id,
      {
        id,
        standing: 'to_come' as StepStanding,
        agent: null as string | null,
        verdict: null as string | null,
        times: 0,
      },
    ]),
  );
  const note = (id: string, agent: string | null, standing: StepStanding, verdict: string | null) => {
    const step = steps.get(id);
    if (step === undefined) return;
    Object.assign(step, { standing, agent, verdict, times: step.times + 1 });
    for (const later of ids.slice(ids.indexOf(id) + 1)) {
      const other = steps.get(later);
      if (other !== undefined && other.times > 0) other.standing = 'again';
    }
  };
  for (const entry of begun) {
    if (entry.kind === 'lost') note(entry.step, entry.agent, 'lost', null);
    else note(entry.step, entry.agent, entry.ok ? 'done' : 'failed', entry.verdict);
  }
  if (open !== null) note(open.step, open.agent, status === 'running' ? 'now' : 'lost', null);
  const at = asksPeople(waitingFor) ? steps.get(ask?.at ?? '') : undefined;
  if (at !== undefined) at.standing = 'asks';
  return [...steps.values()];
}
