import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import type { DecideCommand, StateDocument } from '../../order/generated.ts';
import { asksPeople, isTerminal } from '../../order/transition.ts';
import { answered } from '../../pipeline/commands/answered.ts';
import { pause } from '../../platform/clock.ts';
import { namesIn, readIfThere } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import { readLedgerBackwards } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { waitingForApproval } from '../../views/approvals.ts';
import { outcomeOf } from '../../views/missions/mission-outcome.ts';
import { runningStation, stateOf } from '../../views/order-state.ts';
import { note, usage } from '../output.ts';
import { stationOf } from '../station.ts';
import { isNewest, rest, telling } from './follow.ts';
import type { SpineOptions } from './options.ts';
import { tellOutcome } from './outcome.ts';
import { workHereOrThere } from './run.ts';
import { Steps } from './steps.ts';

/** A running station takes a decision that was sent within this. */
const ANSWER_MS = 10_000;
/** What waits for an agent, or for the stop file to go, is looked at again within this. */
const MOST_WAIT_MS = 60_000;
/** What a station takes to do so. */
const MARGIN_MS = 250;

/**
 * Follows a mission that stopped, until its next stop or its end. Decides nothing: as long as nobody has decided what it asks, it says so. Throws
 * UNKNOWN_ORDER, and what a decision was refused with.
 */
export async function resume(about: string, options: SpineOptions): Promise<void> {
  const station = await stationOf(options);
  const json = options.json === true;
  const woId = await orderOf(station, about);
  let state = await stateOf(station, woId);
  if (state.type !== 'mission' && state.status !== 'rejected')
    throw usage(`${woId} is no mission; \`waybill drop --wait\` and \`waybill why\` are for other orders`);
  const decision = pendingDecision(station, state);
  if (asksPeople(state.waiting_for) && decision === null && isNewest(station, state)) {
    if (!json) note(`${woId}  nobody has decided yet what it asks`);
    return tellOutcome(await outcomeOf(station, woId), json);
  }
  const steps = json ? null : new Steps(station, woId);
  await telling(steps, async () => {
    await waitUntil(state, json);
    if (runningStation(station) === null && !isTerminal(state.status)) await workHereOrThere(options);
    if (decision !== null) await answered(decision, ANSWER_MS);
    state = await rest(station, woId);
  });
  tellOutcome(await outcomeOf(station, woId), json);
}

/** The order that asks, or asked, under this name; or the order of this id. */
async function orderOf(station: Station, about: string): Promise<string> {
  const asking = waitingForApproval(station).find(({ asked }) => asked.ask === about);
  if (asking !== undefined) return asking.state.wo_id;
  try {
    return (await stateOf(station, about)).wo_id;
  } catch (thrown) {
    const asked = /^[0-9A-Z]{26}$/.test(about) ? whoAsked(station, about) : null;
    if (asked !== null) return asked;
    if (!(thrown instanceof WaybillError) || thrown.code !== 'UNKNOWN_ORDER') throw thrown;
    throw new WaybillError('UNKNOWN_ORDER', `no order and no checkpoint ${about} is known here`, {
      hint: '`waybill spine status` lists the missions that are alive, `waybill ls` all orders.',
    });
  }
}

/** Of an asking that was decided already only the ledger tells. */
function whoAsked(station: Station, ask: string): string | null {
  for (const record of readLedgerBackwards(station.layout.ledger, new RegExp(`"id":"${ask}"`)))
    if (record.event === 'waits' && record.data.ask?.id === ask) return record.wo_id;
  return null;
}

/** The path of a decision about what the order asks now that no station has taken yet. */
function pendingDecision({ layout }: Station, { meta }: StateDocument): string | null {
  const ask = (meta['approval'] as { readonly ask?: string } | undefined)?.ask;
  for (const name of namesIn(layout.commands).filter((n) => n.endsWith('.json') && !n.endsWith('.refused.json'))) {
    const path = join(layout.commands, name);
    const command = parsed(readIfThere(path)?.toString('utf8') ?? '');
    if (command?.command === 'decide' && command.ask === ask) return path;
  }
  return null;
}

function parsed(text: string): DecideCommand | null {
  try {
    const value: unknown = JSON.parse(text);
    return conforms('command-file', value) ? (value as DecideCommand) : null;
  } catch {
    return null;
  }
}

/** What is looked at again at its time is not looked at before, so a look here waits for that. */
async function waitUntil({ wo_id: woId, waiting_for: waitingFor, meta }: StateDocument, json: boolean): Promise<void> {
  if (waitingFor !== 'agent' && waitingFor !== 'hold') return;
  const wait = Date.parse(String(meta['until'] ?? '')) - Date.now();
  if (Number.isNaN(wait) || wait <= 0) return;
  if (!json) note(`${woId}  is looked at again in ${Math.ceil(wait / 1000)} s`);
  await pause(Math.min(wait, MOST_WAIT_MS) + MARGIN_MS);
}
