import { WaybillError } from '../order/error.ts';
import type { Isolation, Order } from '../order/order.ts';
import { restoredBy } from '../order/plan.ts';
import type { LanePolicy } from './policy.ts';

/**
 * Where the work of an order is done: where it asks, if policy allows that in its lane, else where policy says. Throws POLICY_DENIED. What puts
 * files back that are missing at the root is done there.
 */
export function isolationOf(order: Order, { isolation }: Pick<LanePolicy, 'isolation'>): Isolation {
  const usual = isWorkOfFiles(order) ? isolation.files : isolation.commands;
  const wanted = order.isolation ?? usual;
  if (order.mission !== null && (wanted === 'in_place' || !order.mission.allowWrite)) return missionApart(order);
  if (wanted !== usual && !isolation.allow.includes(wanted))
    throw new WaybillError('POLICY_DENIED', `isolation: ${wanted} is not allowed in this lane`, {
      hint: `Leave \`isolation\` out, or take one of: ${[...new Set([usual, ...isolation.allow])].join(', ')}. An operator can add it to \`isolation.allow\` in policy.yaml.`,
    });
  return restoredBy(order).length > 0 ? 'in_place' : wanted;
}

/**
 * Agents never work at the root: what they do there could not be taken back. Where the mission may not write, its work lands on a branch of its own,
 * for a person to take. Throws POLICY_DENIED where the order asks for something else.
 */
function missionApart({ isolation, mission }: Order): Isolation {
  const apart = mission?.allowWrite === false ? 'branch' : 'worktree';
  if (isolation === null || isolation === apart) return apart;
  throw new WaybillError('POLICY_DENIED', `isolation: ${isolation} is not allowed for this mission`, {
    hint: `Leave \`isolation\` out, or write \`isolation: ${apart}\`.`,
  });
}

/** Checks of file actions belong to those. */
function isWorkOfFiles(order: Order): boolean {
  return order.commands.length === 0;
}
