import { isOutside } from '../../order/change.ts';
import { WaybillError } from '../../order/error.ts';
import type { Isolation, Order } from '../../order/order.ts';
import type { Isolated } from '../job.ts';

/** Commands apart from the root cannot be asked for what lies outside of it. Throws POLICY_DENIED. */
export function assertFitsWorktree(outputs: readonly string[]): void {
  const outside = outputs.find(isOutside);
  if (outside === undefined) return;
  throw new WaybillError(
    'POLICY_DENIED',
    `${outside} lies outside the repository, and the commands run in a worktree`,
    {
      hint: 'Add the line `isolation: in_place`, if policy allows it in this lane.',
    },
  );
}

/**
 * Where the work of an order begins; null at the root. `base`: where a mission began that goes on. Throws REPO_UNSUPPORTED where there is no commit to
 * work on.
 */
export function isolatedAt(
  order: Order,
  isolation: Isolation,
  tip: string | null,
  base: string | null,
): Isolated | null {
  if (isolation === 'in_place') return null;
  if (base !== null) return { kind: isolation, base, worked: false, worktree: null };
  if (tip === null)
    throw new WaybillError('REPO_UNSUPPORTED', `${order.woId} needs a worktree, and nothing is committed yet`, {
      hint: 'Commit once, then `waybill retry`.',
    });
  return { kind: isolation, base: tip, worked: false, worktree: null };
}
