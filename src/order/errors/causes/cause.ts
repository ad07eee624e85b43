import type { ErrorCode } from '../../error.ts';

/** How a code comes about in practice, and what mends it. Text with commands in backticks, as hints have it. */
export interface ErrorCause {
  /** One sentence each, the likeliest first. */
  readonly causes: readonly [string, ...string[]];
  /** Steps in order. */
  readonly cure: readonly [string, ...string[]];
  /** Pages of docs/, with the heading where there is one: `operating.md#parked`. */
  readonly see: readonly [string, ...string[]];
}

/** The codes of one theme. */
export type Causes = Readonly<Partial<Record<ErrorCode, ErrorCause>>>;
