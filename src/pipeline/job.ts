import type { Prepared } from '../execute/prepare.ts';
import type { Worktree } from '../git/worktrees/record.ts';
import type { ClaimedRequest } from '../intake/claim.ts';
import type { Change, ImageChange } from '../order/change.ts';
import type { CheckResult } from '../order/generated.ts';
import type { Order, Warning } from '../order/order.ts';
import type { Policy } from '../policy/policy.ts';
import type { MissionJob } from './missions/mission-job.ts';

/** Work that is done apart from the root, on a pinned commit. */
export interface Isolated {
  readonly kind: 'worktree' | 'branch';
  /** The commit that the changes are made to, and that the checks ran on; another one when the branch moved on. */
  base: string;
  /** Commands and checks are behind it. */
  worked: boolean;
  /** What it works in, from its commands to the end of its landing. */
  worktree: Worktree | null;
}

/** One order in the hands of the executor, from its start to its end. */
export interface Job {
  readonly woId: string;
  readonly order: Order;
  readonly request: ClaimedRequest;
  readonly prepared: Prepared;
  readonly branch: string;
  /** The files that its commands are to make, as they really are. */
  readonly outputs: readonly string[];
  /** The policy that decided about it. */
  readonly policy: Policy;
  /** Its turn was waited for before it started, so it lands at once. */
  readonly fair: boolean;
  /** What it changes, with contents; commands may add to it. */
  changes: readonly Change[];
  images: readonly ImageChange[];
  checks: readonly CheckResult[];
  warnings: Warning[];
  /** Its files already stand in place, because its commands or checks needed them there. */
  inPlace: boolean;
  /** Null where the work is done at the root. */
  readonly isolation: Isolated | null;
  /** How its steps go; null for an order that is no mission. */
  readonly mission: MissionJob | null;
  /** Folders made for them, to be taken back with them. */
  made: readonly string[];
}
