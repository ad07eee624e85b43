import { basename, join } from 'node:path';
import pc from 'picocolors';
import type { Recorded } from '../order/event.ts';
import type { ResultDocument, StateDocument } from '../order/generated.ts';
import type { Raise } from '../order/mission.ts';
import { readIfThere } from '../platform/durable.ts';
import { resultPath } from '../record/result-path.ts';
import type { Station } from '../station/station.ts';
import { orderRecords } from '../views/order-records.ts';
import { stateOf } from '../views/order-state.ts';
import { policyFault } from '../views/policy-fault.ts';
import { whyText } from '../views/why.ts';
import { colouredStatus, exitCodeOfStatus, plain, print, printJson } from './output.ts';
import { stepText } from './spine/steps.ts';
import { stationToRead } from './station.ts';

type Options = { readonly station?: string; readonly json?: boolean };

export async function show(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const state = await stateOf(station, woId);
  const result = readResult(station, state);
  if (options.json) return printJson({ ok: true, state, result });
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
  const { outcomeOf, budgetText } = await import('./spine/outcome.ts');
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

function readResult(station: Station, state: StateDocument): ResultDocument | null {
  const text = readIfThere(resultPath(station, state.lane, state.wo_id))?.toString('utf8');
  return text === undefined ? null : (JSON.parse(text) as ResultDocument);
}

export async function why(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const state = await stateOf(station, woId);
  const halted = state.status === 'ready' ? policyFault(station.layout.root) : null;
  const text = halted === null ? whyText(state) : `${state.wo_id} is ready, and ${plain(halted)}`;
  process.exitCode = exitCodeOfStatus(state.status);
  if (options.json)
    return printJson({
      ok: true,
      wo_id: woId,
      status: state.status,
      waiting_for: state.waiting_for,
      why: text,
      error: state.last_error,
    });
  print(text);
}

/** The ledger's records of one order, in the order they happened. */
export async function log(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const state = await stateOf(station, woId);
  const records = orderRecords(station, state);
  if (options.json) return printJson({ ok: true, wo_id: woId, records });
  for (const r of records) {
    const move = r.to === null ? '' : ` ${r.from ?? 'new'} -> ${r.to}`;
    print(`${String(r.seq).padStart(6)}  ${r.ts}  ${r.event.padEnd(11)}${move.padEnd(20)}  ${plain(gist(r))}`);
  }
}

/** What a yes raised, of a mission that had used up what it was given. */
function raisedText(raise: Raise = {}): string {
  const raised = Object.entries(raise).map(([key, to]) => `${key.replace('_', ' ')} to ${to}`);
  return raised.length === 0 ? '' : `, raises ${raised.join(', ')}`;
}

/** What stands out in a record, in a few words. */
function gist(r: Recorded): string {
  switch (r.event) {
    case 'admitted':
    case 'revised':
      return `${r.data.file} in ${r.data.lane}, by ${r.data.requester.user ?? r.data.requester.uid}`;
    case 'command':
      return `${r.data.n}: ${r.data.name}`;
    case 'landing':
      return r.data.commit === null
        ? `batch ${r.data.batch}`
        : `commit ${r.data.commit.slice(0, 10)} in batch ${r.data.batch}`;
    case 'landed':
      return `${r.data.how} ${r.data.commits.map((c) => c.slice(0, 10)).join(' ')}`;
    case 'succeeded':
      return r.data.summary;
    case 'failed':
    case 'cancelled':
    case 'rejected':
      return r.data.error === null ? '' : `${r.data.error.code}: ${r.data.error.message}`;
    case 'waits':
    case 'released':
    case 'interrupted':
      return r.data.why;
    case 'held':
      return r.data.reason;
    case 'retried':
      return r.data.by;
    case 'step':
    case 'stepped':
    case 'rebased':
      return stepText(r) ?? '';
    case 'approved':
      return `${r.data.by}${raisedText(r.data.raise)}${r.data.promoted.length === 0 ? '' : '; safe from now on'}`;
    case 'denied':
      return `${r.data.by}${r.data.reason === '' ? '' : `: ${r.data.reason}`}`;
    case 'expired':
      return `nobody decided until ${r.data.at}`;
    case 'executed':
      return `${r.data.changes.length} files, ${r.data.checks.length} checks`;
    case 'restored':
      return `${r.data.paths.length} files${r.data.unrestored.length > 0 ? `, not: ${r.data.unrestored.join(', ')}` : ''}`;
    default:
      return '';
  }
}
