import type { Decision } from '../order/approval.ts';
import { asksPeople } from '../order/transition.ts';
import { pause } from '../platform/clock.ts';
import type { Station } from '../station/station.ts';
import { stateOf } from './order-state.ts';

/** How long a state file may be behind the ledger. */
const STATE_MS = 2_000;

/** The state file repeats the ledger, a moment later: how the order stands when it no longer asks what was decided. */
export async function statusAfter(station: Station, { woId, ask }: Pick<Decision, 'woId' | 'ask'>): Promise<string> {
  for (const until = Date.now() + STATE_MS; ; await pause(25)) {
    const { status, waiting_for: waitingFor, meta } = await stateOf(station, woId);
    const isOld = asksPeople(waitingFor) && (meta['approval'] as { ask?: string } | undefined)?.ask === ask;
    if (!isOld || Date.now() > until) return status;
  }
}
