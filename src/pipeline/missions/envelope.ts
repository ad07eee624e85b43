import type { ImageChange } from '../../order/change.ts';
import type { OrderLife } from '../../order/life.ts';
import type { Mission } from '../../order/order.ts';
import type { Policy, Rule } from '../../policy/policy.ts';
import { changeFault } from '../../spine/gates/envelope.ts';
import type { MissionJob } from './mission-job.ts';

/** What a mission may change. */

/** Everything below the root; what policy and the fence close stays closed. */
const EVERYTHING = ['**'];

/** The paths that it names, else those that policy gives missions, else all that rules allow. */
export function envelopeOf(mission: Mission, given: readonly string[] | null): readonly string[] {
  return mission.paths ?? given ?? EVERYTHING;
}

/** What it says itself that it may not change, what rules of policy never allow, and where the mission wants protected paths closed, also what they ask about. */
export function protectedPaths(policy: Policy, { admitted }: OrderLife, mission: Mission): string[] {
  const counts = ({ lanes, requesters }: Rule) =>
    (lanes === null || lanes.includes(admitted?.lane ?? '')) &&
    (requesters === null ||
      requesters.some((who) => who === String(admitted?.requester.uid) || who === admitted?.requester.user));
  const closed = policy.rules.filter(
    (rule) => rule.class === 'never' || (mission.protectedPaths && rule.class === 'ask'),
  );
  return [...mission.deniedPaths, ...closed.filter(counts).flatMap(({ paths }) => [...paths])];
}

/** The paths that were changed and may not be, each with why. */
export function outsideEnvelope({ envelope, protected: closed }: MissionJob, images: readonly ImageChange[]): string[] {
  return images.flatMap(({ path }) => {
    const fault = changeFault({ paths: envelope, protected: closed }, path);
    return fault === null ? [] : [`${path} ${fault}`];
  });
}
