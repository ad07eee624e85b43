import type { Decision } from '../../order/approval.ts';
import type { DecideCommand } from '../../order/generated.ts';
import { now } from '../../platform/clock.ts';

/** A decision as the station takes it, whichever face it was made at. */
export function decideCommand(decision: Decision, proof: DecideCommand['proof']): DecideCommand {
  const { woId, ask, sha256, always, reason } = decision;
  return {
    v: 1,
    command: 'decide',
    at: now(),
    wo_id: woId,
    ask,
    sha256,
    decision: decision.decision,
    ...(always ? { always: true } : {}),
    ...(reason === '' ? {} : { reason }),
    proof,
  };
}
