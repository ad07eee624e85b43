import type { StateDocument } from '../../order/generated.ts';
import { isTerminal, type Status } from '../../order/transition.ts';
import { readFollowup } from '../../record/followup.ts';
import { readLedgerBackwards } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { stateNear } from '../order-state.ts';

/**
 * Orders by their last change, from the end of the ledger: no look at all that ever were. Where only orders of one status are wanted, those
 * alive stand in state/followup.json, and of the others only the records that can have brought them there are read.
 */
export async function* newestFirst(station: Station, status: Status | undefined): AsyncGenerator<StateDocument> {
  const followup = status === undefined || isTerminal(status) ? null : readFollowup(station);
  const isComplete = followup !== null && followup.more === 0;
  const seen = new Set<string>();
  for (const record of readLedgerBackwards(station.layout.ledger, hintOf(status))) {
    if (isComplete && record.seq <= followup.seq) break;
    if (record.wo_id === null || seen.has(record.wo_id)) continue;
    seen.add(record.wo_id);
    const state = await stateNear(station, record.wo_id, record.ts);
    if (state !== null) yield state;
  }
  if (!isComplete) return;
  const rest = [...followup.alive]
    .filter((order) => !seen.has(order.wo_id))
    .sort((a, b) => (a.since < b.since ? 1 : -1));
  for (const order of rest) {
    const state = await stateNear(station, order.wo_id, order.since);
    if (state !== null) yield state;
  }
}

/** What a record's line holds that leads to an end of this kind. */
function hintOf(status: Status | undefined): RegExp | null {
  return status !== undefined && isTerminal(status) ? new RegExp(`"to":"${status}"`) : null;
}
