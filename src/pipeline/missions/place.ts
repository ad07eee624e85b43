import type { CommandSandbox } from '../../execute/sandbox/commands.ts';
import type { Change, ImageChange } from '../../order/change.ts';
import type { CheckResult } from '../../order/generated.ts';

/** Where a mission works. What stands there is measured, never believed (rule 14). */
export interface MissionPlace {
  /** The station stops, or somebody cancels. */
  readonly signal: AbortSignal;
  /** Absolute path; another one after a rebuild. */
  folder(): string;
  /** Throws WORKTREE_BROKEN where it is not ours any more. */
  assertWhole(): void;
  sandbox(): Promise<CommandSandbox | null>;
  /** The mission's checks, on what stands there now. Throws CANCELLED when it is stopped among them. */
  checks(stop: AbortSignal): Promise<CheckResult[]>;
  /** What differs from the base there now. Throws PATH_DENIED. */
  measure(): Promise<{ readonly changes: readonly Change[]; readonly images: readonly ImageChange[] }>;
  /** Holds what the job changes in git, so that any start can go on from it. */
  hold(): Promise<void>;
  /** The base with what the job changes, and nothing else; what stood there is kept, where `why` says what it is. */
  rebuild(why: string | null): Promise<void>;
}
