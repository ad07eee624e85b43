import { basename, join } from 'node:path';
import pc from 'picocolors';
import type { ResultDocument, StateDocument } from '../order/generated.ts';
import { readIfThere } from '../platform/durable.ts';
import type { Station } from '../station/station.ts';
import { logAnswer, showAnswer, whyAnswer } from '../views/answers/order.ts';
import { gist } from '../views/gist.ts';
import { whyText } from '../views/why.ts';
import { colouredStatus, exitCodeOfStatus, plain, print, printJson } from './output.ts';
import { stationToRead } from './station.ts';

type Options = { readonly station?: string; readonly json?: boolean };

export async function show(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const answer = await showAnswer(station, woId);
  if (options.json) return printJson(answer);
  const { state, result } = answer;
  print(`${pc.bold(state.wo_id)}  ${colouredStatus(state.status)}  ${plain(state.title)}`);
  print(whyText(state));
  const rows: [string, string | null][] = [
    ['lane', `${state.lane}, ${state.priority}`],
    [
      'requested by',
      `${state.requester.user ?? `uid ${state.requester.uid}`} via ${state.requester.via}${state.requester.declared_by === null ? '' : `, who says to be ${plain(state.requester.declared_by)}`}`,
    ],
    ['received', state.received_at],
    ['started', state.started_at],
    ['finished', state.finished_at],
    ['attempt', state.attempt > 1 || state.revision > 1 ? `${state.attempt}, revision ${state.revision}` : null],
    ['depends on', state.depends_on.join(', ') || null],
    ['commits', state.commits.join(', ') || null],
    ['evidence', state.evidence?.path ?? null],
  ];
  if (state.type === 'mission') rows.push(...(await missionRows(station, state)));
  for (const [name, value] of rows) if (value !== null) print(`  ${pc.dim(name.padEnd(12))}  ${value}`);
  for (const path of result?.files_touched ?? []) print(`  ${pc.dim('file'.padEnd(12))}  ${plain(path)}`);
  for (const check of result?.checks ?? [])
    print(`  ${pc.dim('check'.padEnd(12))}  ${check.ok ? pc.green('ok') : pc.red('failed')} ${plain(check.name)}`);
  for (const path of result?.unrestored ?? []) print(`  ${pc.dim('unrestored'.padEnd(12))}  ${plain(path)}`);
  const guesses = (state.meta['warnings'] ?? []) as ResultDocument['warnings'];
  for (const w of result?.warnings ?? guesses) print(`  ${pc.yellow(w.code.padEnd(12))}  ${plain(w.message)}`);
  const patch =
    state.evidence === null
      ? undefined
      : readIfThere(join(station.layout.evidence, basename(state.evidence.path), 'changes.patch'))?.toString('utf8');
  if (patch) print(`\n${plain(patch)}`);
}

/** How far a mission came, and what it used. */
async function missionRows(station: Station, state: StateDocument): Promise<[string, string | null][]> {
  // only for missions: it reads the ledger
  const { outcomeOf, budgetText } = await import('../views/mission-outcome.ts');
  const {
    chain,
    steps,
    budget,
    usage_complete: isComplete,
    terminal_packet: packet,
  } = await outcomeOf(station, state.wo_id);
  const last = steps.at(-1);
  const by = last?.agent == null ? '' : ` by ${last.agent}`;
  const reached = last === undefined ? '' : `, ${last.step}${by} was the last: ${last.verdict ?? last.outcome}`;
  return [
    ['chain', chain === null ? null : `${plain(chain.name)}: ${chain.steps.join(' > ')}`],
    ['steps', last === undefined ? null : `${steps.length} begun${plain(reached)}`],
    ['used', `${budgetText(budget).join(', ')}${isComplete ? '' : ', at least'}`],
    ['packet', packet === null ? null : plain(packet)],
    ['more', `waybill spine status ${state.wo_id}`],
  ];
}

export async function why(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const answer = await whyAnswer(station, woId);
  process.exitCode = exitCodeOfStatus(answer.status);
  if (options.json) return printJson(answer);
  print(answer.why);
}

/** The ledger's records of one order, in the order they happened. */
export async function log(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const answer = await logAnswer(station, woId);
  if (options.json) return printJson(answer);
  for (const r of answer.records) {
    const move = r.to === null ? '' : ` ${r.from ?? 'new'} -> ${r.to}`;
    print(`${String(r.seq).padStart(6)}  ${r.ts}  ${r.event.padEnd(11)}${move.padEnd(20)}  ${plain(gist(r))}`);
  }
}
