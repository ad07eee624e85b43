import type { ErrorBody } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type { ResultDocument, StateDocument } from '../../order/generated.ts';
import { readIfThere } from '../../platform/durable.ts';
import { resultPath } from '../../record/result-path.ts';
import type { Station } from '../../station/station.ts';
import { orderRecords } from '../order-records.ts';
import { stateOf } from '../order-state.ts';
import { policyFault } from '../policy-fault.ts';
import { whyText } from '../why.ts';
import { plain } from '../words.ts';

/** One order: what `waybill show --json` prints. Throws UNKNOWN_ORDER. */
export async function showAnswer(
  station: Station,
  woId: string,
): Promise<{ ok: true; state: StateDocument; result: ResultDocument | null }> {
  const state = await stateOf(station, woId);
  const text = readIfThere(resultPath(station, state.lane, state.wo_id))?.toString('utf8');
  return { ok: true, state, result: text === undefined ? null : (JSON.parse(text) as ResultDocument) };
}

/** What an order waits for, or why it ended so: what `waybill why --json` prints. */
export interface WhyAnswer {
  readonly ok: true;
  readonly wo_id: string;
  readonly status: StateDocument['status'];
  readonly waiting_for: StateDocument['waiting_for'];
  readonly why: string;
  readonly error: Pick<ErrorBody, 'code' | 'message' | 'hint'> | null;
}

/** Throws UNKNOWN_ORDER. */
export async function whyAnswer(station: Station, woId: string): Promise<WhyAnswer> {
  const state = await stateOf(station, woId);
  const halted = state.status === 'ready' ? policyFault(station.layout.root) : null;
  const why = halted === null ? whyText(state) : `${state.wo_id} is ready, and ${plain(halted)}`;
  return {
    ok: true,
    wo_id: woId,
    status: state.status,
    waiting_for: state.waiting_for,
    why,
    error: state.last_error,
  };
}

/** The ledger's records of one order: what `waybill log --json` prints. Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export async function logAnswer(
  station: Station,
  woId: string,
): Promise<{ ok: true; wo_id: string; records: Recorded[] }> {
  const state = await stateOf(station, woId);
  return { ok: true, wo_id: woId, records: orderRecords(station, state) };
}
