import pc from 'picocolors';
import type { SpineOutcome, SpineStatus, SpineStep, StateDocument } from '../../order/generated.ts';
import { asksPeople, isTerminal } from '../../order/transition.ts';
import { type MissionView, missionViews } from '../../pipeline/missions/view.ts';
import type { Station } from '../../station/station.ts';
import { budgetOf, budgetText, outcomeOf } from '../../views/missions/mission-outcome.ts';
import { newestFirst } from '../../views/order/newest-orders.ts';
import { runningStation, stateOf } from '../../views/order-state.ts';
import { stopFileOf } from '../../views/stop-file.ts';
import { age, colouredStatus, note, plain, print, printJson, usage } from '../output.ts';
import { HOW_TO_START, stationToRead } from '../station.ts';
import type { SpineOptions } from './options.ts';
import { tellOutcome } from './outcome.ts';

type Alive = SpineStatus['missions'][number];

/** The missions that are alive; or one of any age, with all its steps. Throws UNKNOWN_ORDER, USAGE. */
export async function status(woId: string | null, options: SpineOptions): Promise<void> {
  const station = await stationToRead(options);
  if (woId !== null) return one(station, woId, options.json === true);
  const states: StateDocument[] = [];
  // every order that is alive, and some more
  for await (const state of newestFirst(station, 'parked'))
    if (state.type === 'mission' && !isTerminal(state.status)) states.push(state);
  const views = new Map(missionViews(station, states).map((view) => [view.life.woId, view]));
  const missions = states.flatMap((state) => {
    const view = views.get(state.wo_id);
    return view === undefined ? [] : [aliveOf(state, view)];
  });
  const isRunning = runningStation(station) !== null;
  const stopFile = stopFileOf(station);
  const told: Omit<SpineStatus, 'v'> = { ok: true, running: isRunning, stop_file: stopFile, missions };
  if (options.json) return printJson(told);
  if (stopFile !== null)
    print(
      pc.red(
        `${plain(stopFile.path)} is there: no mission goes on\n  ${plain(stopFile.text).trimEnd().replaceAll('\n', '\n  ')}`,
      ),
    );
  if (missions.length === 0) return print('No mission is alive. `waybill spine run TASK` hands one in.');
  for (const mission of missions) printAlive(mission);
  if (!isRunning) note(HOW_TO_START);
}

function aliveOf(state: StateDocument, view: MissionView): Alive {
  const { mission, ask } = view.life;
  const last = mission?.history.findLast((entry) => entry.kind === 'stepped' || entry.kind === 'lost');
  return {
    wo_id: state.wo_id,
    title: state.title,
    lane: state.lane,
    status: state.status as Alive['status'],
    waiting_for: state.waiting_for,
    ask: asksPeople(state.waiting_for) ? (ask?.id ?? null) : null,
    why: state.status === 'parked' ? state.progress : null,
    chain: mission?.begun.chain ?? null,
    step: mission?.open?.step ?? last?.step ?? null,
    agent: state.status === 'running' ? (mission?.open?.agent ?? null) : null,
    begun: view.spent.attempts + (mission?.open === null || mission === null ? 0 : 1),
    updated_at: state.updated_at,
    budget: budgetOf(view),
    usage_complete: view.spent.complete,
  };
}

function printAlive(mission: Alive): void {
  const { wo_id: woId, status: now, waiting_for: waitingFor, step, agent, chain } = mission;
  const wait = waitingFor === null ? '' : `(${waitingFor})`;
  const since = age(Date.now() - Date.parse(mission.updated_at));
  print(`${pc.bold(woId)}  ${colouredStatus(now)}${wait} ${since}  ${plain(mission.title).replaceAll('\n', ' ')}`);
  const where = step === null ? 'not begun' : `${chain ?? ''}: ${step}${agent === null ? '' : ` by ${agent}`}`;
  print(`  ${where}, ${mission.begun} steps begun`);
  if (mission.why !== null) print(`  ${plain(mission.why).replaceAll('\n', ' ')}`);
  const used = budgetText(mission.budget);
  if (used.length > 0) print(`  used ${used.join(', ')}${mission.usage_complete ? '' : ', at least'}`);
  if (mission.ask !== null) print(`  waybill approvals ${woId}`);
}

async function one(station: Station, woId: string, json: boolean): Promise<void> {
  const { type } = await stateOf(station, woId);
  if (type !== 'mission') throw usage(`${woId} is no mission; \`waybill show ${woId}\` shows any order`);
  const told = await outcomeOf(station, woId);
  if (!json) printSteps(told);
  tellOutcome(told, json);
}

/** The chain, and every step that was begun. */
export function printSteps({ wo_id: woId, title, chain, steps }: SpineOutcome): void {
  print(`${pc.bold(woId)}  ${plain(title).replaceAll('\n', ' ')}`);
  if (chain !== null) {
    const done = new Set(steps.filter(({ outcome }) => outcome === 'ok').map(({ step }) => step));
    const named = chain.steps.map((step) => (done.has(step) ? pc.green(step) : pc.dim(step)));
    print(
      `  chain ${plain(chain.name)}, ${chain.reviewers} ${chain.reviewers === 1 ? 'reviewer' : 'reviewers'}: ${named.join(' > ')}`,
    );
  }
  const width = Math.max(4, ...steps.map(({ step }) => step.length));
  for (const step of steps) {
    print(
      `  ${String(step.n).padStart(3)}  ${step.step.padEnd(width)}  ${plain(stepWords(step)).replaceAll('\n', ' ')}`,
    );
    if (step.folder !== null && step.agent !== null)
      print(pc.dim(`       ${' '.repeat(width)}  ${plain(step.folder)}`));
  }
}

function stepWords({
  outcome,
  verdict,
  code,
  why,
  agent,
  seconds,
  tokens,
  usd,
  diff_lines: lines,
  outputs,
}: SpineStep): string {
  const words = [
    outcome === 'ok' ? (verdict ?? 'ok') : outcome === 'failed' ? `${code ?? 'failed'}: ${why ?? ''}` : outcome,
  ];
  if (agent !== null) words.push(`by ${agent}`);
  if (seconds !== null) words.push(`${seconds.toFixed(1)} s`);
  if (tokens !== null) words.push(`${tokens} tokens`);
  if (usd !== null) words.push(`${usd.toFixed(2)} usd`);
  if (lines !== null && lines > 0) words.push(`${lines} lines changed so far`);
  if (outputs.length > 0) words.push(`gave ${outputs.join(', ')}`);
  return words.join(', ');
}
