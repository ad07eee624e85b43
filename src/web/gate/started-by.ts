import { startTimeOf, whoseChild } from '../../platform/processes.ts';

let known: string | null | undefined;

/** Who started this process, where decisions made through it count for nothing: an order, a hook of git, a coding agent. Null for a person or a service. */
export function startedBy(): string | null {
  known ??= whoseChild(process.pid, startTimeOf(process.pid), { serves: true });
  return known;
}
