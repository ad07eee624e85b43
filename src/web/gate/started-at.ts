import { startTimeOf, whoseChild } from '../../platform/processes.ts';
import { terminalName } from '../../platform/terminal.ts';

/** The terminal at which this dashboard was started, or why nothing can be decided through it. */
export type StartedAt = { readonly tty: string } | { readonly tty: null; readonly why: string };

/** Judges this process by the rule for decisions at a terminal; the station judges it again by each decision. Ask before it listens, once. */
export function startedAt(): StartedAt {
  const tty = terminalName();
  const whose = whoseChild(process.pid, startTimeOf(process.pid));
  if (tty === null || whose === 'a process without a terminal')
    return { tty: null, why: 'This dashboard was not started at a terminal' };
  return whose === null ? { tty } : { tty: null, why: `This dashboard was started by ${whose}` };
}
