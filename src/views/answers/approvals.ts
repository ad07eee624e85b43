import type { Station } from '../../station/station.ts';
import { type Request, requestOf, type waitingForApproval } from '../approvals.ts';
import type { Answer } from './answer.ts';

type Waiting = ReturnType<typeof waitingForApproval>;

/** What waits for people: what `waybill approvals --json` prints. */
export function approvalsAnswer(waiting: Waiting): Answer {
  return {
    ok: true,
    approvals: waiting.map(({ state, asked }) => ({
      wo_id: state.wo_id,
      title: state.title,
      lane: state.lane,
      ...asked,
    })),
  };
}

/** Orders that ask, with all that is to be looked at: what `waybill approvals ID --json` prints. */
export function requestsAnswer(requests: readonly Request[]): Answer {
  return {
    ok: true,
    approvals: requests.map(({ state, asked, subject, diff }) => ({ wo_id: state.wo_id, ...asked, subject, diff })),
  };
}

/** Throws UNKNOWN_ORDER, APPROVAL_STALE, APPROVAL_REFUSED. */
export async function approvalAnswer(station: Station, woId: string): Promise<Answer> {
  return requestsAnswer([await requestOf(station, woId)]);
}
