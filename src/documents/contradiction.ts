/** Two statements that cannot both be true, or one that is not what was measured. */
export interface Contradiction {
  /** What kind it is: stands in settings, tests and docs. */
  readonly id: string;
  readonly severity: 'warn' | 'block';
  readonly message: string;
  /** Where the statements stand: `path:line`. */
  readonly refs: readonly string[];
}

/** As a status file has it: seed 000 section 7 wants text. */
export function contradictionText({ id, severity, message, refs }: Contradiction): string {
  return `${severity}: ${id}: ${message}${refs.length === 0 ? '' : ` (${refs.join(', ')})`}`;
}
