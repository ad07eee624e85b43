import { ERROR_CODES } from '../../order/error.ts';
import type { ResultDocument, SpineOutcome, SpineStep, StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import type { HistoryEntry, StepData } from '../../order/mission.ts';
import { changedSoFar } from '../../order/mission.ts';
import { asksPeople } from '../../order/transition.ts';
import { judgedEnd } from '../../pipeline/missions/ending.ts';
import { folderOfStep, type MissionView, missionViews } from '../../pipeline/missions/view.ts';
import { BUDGET_KEYS } from '../../policy/missions/budget.ts';
import type { Station } from '../../station/station.ts';
import { HOW_TO_START, runningStation, stateOf } from '../order-state.ts';
import { policyFault } from '../policy-fault.ts';

/** How a mission stands now. Throws UNKNOWN_ORDER. */
export async function outcomeOf(station: Station, woId: string): Promise<SpineOutcome> {
  const state = await stateOf(station, woId);
  const [view] = missionViews(station, [state]);
  return missionOutcome(station, state, view ?? null);
}

/** The same from what was read before; `view`: null where the ledger on disk has no record of it. */
export function missionOutcome(station: Station, state: StateDocument, view: MissionView | null): SpineOutcome {
  const { status, waiting_for: waitingFor } = state;
  const ended = status === 'done' || status === 'failed' || status === 'rejected' || status === 'cancelled';
  const life = view?.life ?? null;
  const ask = asksPeople(waitingFor) ? (life?.ask ?? null) : null;
  const mission = life?.mission ?? null;
  // what is ready is not started as long as policy cannot be read
  const fault = status === 'ready' ? policyFault(station.layout.root) : null;
  const name = ended ? endOf(status, life) : 'CHECKPOINT';
  // done, and yet no pass: only the terminal packet says what is missing
  const lacking = status === 'done' && name === 'BLOCKED' && life !== null ? judgedEnd(life) : null;
  return {
    v: 1,
    ok: name === 'PASS',
    outcome: name,
    wo_id: state.wo_id,
    title: state.title,
    lane: state.lane,
    status,
    waiting_for: waitingFor,
    ask: ask?.id ?? null,
    at: ask?.at ?? null,
    reason: lacking?.reason ?? (name === 'DRY_RUN' ? name : reasonOf(state, view, fault)),
    why: ended
      ? (lacking?.why ?? state.last_error?.message ?? state.summary)
      : status === 'ready'
        ? (fault ?? 'it waits for its turn')
        : state.progress,
    next: nextOf(station, state, ask?.id ?? null),
    attempt: state.attempt,
    chain:
      mission === null
        ? null
        : {
            name: mission.begun.chain,
            sha256: mission.begun.chain_sha256,
            reviewers: mission.begun.reviewers,
            steps: view?.chain?.steps.map(({ id }) => id) ?? [],
          },
    steps: view === null ? [] : stepsOf(station, view),
    budget: view === null ? {} : budgetOf(view),
    usage_complete: view?.spent.complete ?? true,
    files: changedSoFar(mission?.history ?? []).map(({ path, before, after }) => ({
      path,
      change: before === null ? ('create' as const) : after === null ? ('delete' as const) : ('modify' as const),
    })),
    commits: [...state.commits],
    terminal_packet: view?.terminalPacket ?? null,
  };
}

/** As its terminal packet has it; what has none, because it was purged or nothing but its state is on disk, by its status. */
function endOf(status: StateDocument['status'], life: OrderLife | null): SpineOutcome['outcome'] {
  if (status === 'done' && life?.admitted?.dry_run === true) return 'DRY_RUN';
  const judged = life === null ? null : judgedEnd(life);
  return (judged === null ? status === 'done' : judged.outcome === 'PASS') ? 'PASS' : 'BLOCKED';
}

/** How a hand-in stands that was refused, with no order made of it. */
export function refusedOutcome(result: ResultDocument, woId: string, lane: string): SpineOutcome {
  return {
    v: 1,
    ok: false,
    outcome: 'BLOCKED',
    wo_id: woId,
    title: '',
    lane,
    status: 'rejected',
    waiting_for: null,
    ask: null,
    at: null,
    reason: result.error?.code ?? 'REJECTED',
    why: result.error?.message ?? result.summary,
    next: result.error === null ? [] : [result.error.hint],
    attempt: 0,
    chain: null,
    steps: [],
    budget: {},
    usage_complete: true,
    files: [],
    commits: [],
    terminal_packet: null,
  };
}

/** Used and allowed, for each limit there is. */
export function budgetOf({ limits, spent }: MissionView): SpineOutcome['budget'] {
  return Object.fromEntries(BUDGET_KEYS.map((key) => [key, { used: spent[key], limit: limits?.[key] ?? null }]));
}

/** The figures as people read them, where something was used or bounded: `110 of 1000 tokens`. */
export function budgetText(budget: SpineOutcome['budget']): string[] {
  return Object.entries(budget).flatMap(([key, { used, limit }]) => {
    if (used === 0 && limit === null) return [];
    const figure = (n: number) => (key === 'usd' ? n.toFixed(2) : String(Math.round(n)));
    const unit = key === 'attempts' ? 'steps' : key.replace('_', ' ');
    return [`${figure(used)}${limit === null ? '' : ` of ${figure(limit)}`} ${unit}`];
  });
}

const REASONS: Readonly<Record<NonNullable<StateDocument['waiting_for']>, string>> = {
  approval: 'APPROVAL_NEEDED',
  checkpoint: 'CHECKPOINT',
  budget: 'BUDGET_EXHAUSTED',
  agent: 'AGENT_UNAVAILABLE',
  hold: 'HELD',
  dependency: 'DEPENDENCY_OPEN',
  time: 'NOT_YET',
  repository: 'REPOSITORY_BUSY',
};

function reasonOf(state: StateDocument, view: MissionView | null, fault: string | null): string {
  if (state.status === 'done') return 'PASS';
  if (state.status === 'ready' && fault !== null) return 'POLICY_INVALID';
  if (state.status !== 'parked') return state.last_error?.code ?? state.status.toUpperCase();
  const waitingFor = state.waiting_for ?? 'hold';
  const { ask = null, mission = null, until = null } = view?.life ?? {};
  if (waitingFor === 'hold' && until !== null)
    return state.progress?.startsWith('POLICY_INVALID') === true ? 'POLICY_INVALID' : 'MISSION_STOPPED';
  if (waitingFor !== 'checkpoint' || ask === null || mission === null) return REASONS[waitingFor];
  if (ask.policy_sha256 !== undefined && ask.policy_sha256 !== mission.begun.policy_sha256)
    return 'POLICY_CHANGED_MID_RUN';
  const last = mission.history.findLast((entry) => entry.kind === 'stepped');
  return last !== undefined && !last.ok && last.step === ask.at && last.code !== null ? last.code : 'CHECKPOINT';
}

function nextOf(
  station: Station,
  { wo_id: woId, status, waiting_for: waitingFor, last_error: error, progress, meta }: StateDocument,
  ask: string | null,
): string[] {
  const isRunning = runningStation(station) !== null;
  const goOn = `waybill spine resume ${ask ?? woId}`;
  switch (status) {
    case 'done':
      return [];
    case 'failed':
    case 'rejected':
      return error === null ? [] : [error.hint];
    case 'cancelled':
      return [`waybill retry ${woId}`];
    case 'ready':
    case 'running':
      return isRunning ? [goOn] : [goOn, HOW_TO_START];
    default:
  }
  switch (waitingFor) {
    case 'approval':
    case 'checkpoint':
    case 'budget':
      return [`waybill approvals ${woId}`, `waybill approve ${woId}, or: waybill deny ${woId} --reason TEXT`, goOn];
    case 'agent':
      return ['waybill agents check', goOn];
    case 'hold':
      if (progress?.startsWith('POLICY_INVALID')) return [ERROR_CODES.POLICY_INVALID.hint, goOn];
      // only the stop file is looked at again by itself
      return [meta['until'] === undefined ? `waybill release ${woId}` : 'waybill spine go', goOn];
    default:
      return [`waybill why ${woId}`, goOn];
  }
}

function stepsOf(station: Station, { life }: MissionView): SpineStep[] {
  const { mission } = life;
  if (mission === null) return [];
  const folder = (n: number, step: string) => folderOfStep(station, life, n, step);
  const steps = mission.history.flatMap((entry) => stepOf(entry, folder));
  // at its end nobody is at work any more
  const outcome = life.status === 'running' ? 'running' : 'lost';
  return mission.open === null ? steps : [...steps, unfinished(mission.open, outcome, folder)];
}

type FolderOf = (n: number, step: string) => string | null;

function stepOf(entry: HistoryEntry, folder: FolderOf): SpineStep[] {
  if (entry.kind === 'lost') return [unfinished(entry, 'lost', folder)];
  if (entry.kind !== 'stepped') return [];
  const { n, step, role, agent, ok, code, why, verdict, seconds, usage, diff_lines } = entry;
  return [
    {
      ...{ n, step, role, agent, outcome: ok ? ('ok' as const) : ('failed' as const), code, why, verdict, seconds },
      tokens: usage?.tokens ?? null,
      usd: usage?.usd ?? null,
      diff_lines,
      outputs: entry.outputs.map(({ name }) => name),
      folder: folder(n, step),
    },
  ];
}

function unfinished({ n, step, role, agent }: StepData, outcome: 'running' | 'lost', folder: FolderOf): SpineStep {
  return {
    ...{ n, step, role, agent, outcome, code: null, why: null, verdict: null, seconds: null, tokens: null, usd: null },
    ...{ diff_lines: null, outputs: [], folder: folder(n, step) },
  };
}
