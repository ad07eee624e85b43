import type { StateDocument } from '../../order/generated.ts';
import { pause } from '../../platform/clock.ts';
import type { Station } from '../../station/station.ts';
import { stateOf } from '../order-state.ts';

/** How long a state file may be behind the ledger. */
const BEHIND_MS = 2_000;

/**
 * The state of an order that a command moved: waits, two seconds at most, until its state file has what the ledger has already, so that nobody
 * is shown what was before. Throws UNKNOWN_ORDER.
 */
export async function stateAfter(station: Station, before: StateDocument): Promise<StateDocument> {
  for (const until = Date.now() + BEHIND_MS; ; await pause(25)) {
    const state = await stateOf(station, before.wo_id);
    if (state.updated_at !== before.updated_at || Date.now() >= until) return state;
  }
}
