import { WaybillError } from '../../order/error.ts';
import type { Order } from '../../order/order.ts';
import { type MissionQuestion, type MissionRules, missionRulesFor } from '../../policy/missions/rules.ts';
import type { Policy } from '../../policy/policy.ts';
import { chainReadsOnly } from '../../spine/chains.ts';

/**
 * What policy makes of a mission, with the chain that it asks for. One that writes nothing needs no leave, and nobody is asked on the way: its
 * commands are judged like those of every order. Throws POLICY_DENIED.
 */
export function chainRules(policy: Policy, question: MissionQuestion): MissionRules {
  const { chain = null, root } = question;
  const isFree = chain !== null && !policy.missions.chains.includes(chain) && chainReadsOnly(root, chain);
  const rules = missionRulesFor(policy, isFree ? { ...question, chain: null } : question);
  return isFree ? { ...rules, chain, reviewers: 0, checkpoints: [] } : rules;
}

/** Throws NO_CHECKS for an order on a chain that writes nothing which has nothing to run either: it would pass with nothing done. */
export function assertHasChecks({ woId, checks }: Order, chain: string): void {
  if (checks.length === 0)
    throw new WaybillError('NO_CHECKS', `${woId} has no check, and the chain ${chain} does nothing else than run them`);
}
