import type { Recorded } from '../../order/event.ts';
import type { ResultDocument, StateDocument } from '../../order/generated.ts';
import { readIfThere } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import { resultPath } from '../../record/result-path.ts';
import type { Station } from '../../station/station.ts';
import { orderRecords } from '../order/order-records.ts';
import { stateOf } from '../order-state.ts';
import { policyFault } from '../policy-fault.ts';
import { type StoryLine, storyOf } from '../story/story.ts';
import { type Explanation, explainOrder, whyText } from '../why.ts';
import { plain } from '../words.ts';

/** One order: what `waybill show --json` prints. */
export interface ShowAnswer {
  readonly ok: true;
  readonly state: StateDocument;
  readonly result: ResultDocument | null;
  readonly story: readonly StoryLine[];
}

/** Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export async function showAnswer(station: Station, woId: string): Promise<ShowAnswer> {
  const state = await stateOf(station, woId);
  return { ok: true, state, result: readResult(station, state), story: storyOf(orderRecords(station, state)) };
}

/** What an order waits for, or why it ended so: what `waybill why --json` prints. */
export interface WhyAnswer extends Explanation {
  readonly ok: true;
  /** One sentence of it. */
  readonly why: string;
  readonly error: StateDocument['last_error'];
}

/** Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export async function whyAnswer(station: Station, woId: string): Promise<WhyAnswer> {
  const state = await stateOf(station, woId);
  const halted = state.status === 'ready' ? policyFault(station.layout.root) : null;
  const explanation = await explainOrder(station, state);
  const why = halted === null ? whyText(state, explanation) : `${state.wo_id} is ready, and ${plain(halted)}`;
  return { ok: true, ...explanation, wo_id: woId, why, error: state.last_error };
}

/** What stands in its lane's outbox; null where there is nothing, or no such document: a projection counts for nothing by itself. */
function readResult(station: Station, state: StateDocument): ResultDocument | null {
  const text = readIfThere(resultPath(station, state.lane, state.wo_id))?.toString('utf8');
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return conforms('result', value) ? (value as ResultDocument) : null;
  } catch {
    return null;
  }
}

/** The ledger's records of one order: what `waybill log --json` prints. Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export async function logAnswer(
  station: Station,
  woId: string,
): Promise<{ ok: true; wo_id: string; records: Recorded[] }> {
  const state = await stateOf(station, woId);
  return { ok: true, wo_id: woId, records: orderRecords(station, state) };
}
