import { WaybillError } from './error.ts';

export type Status = 'ready' | 'running' | 'parked' | 'done' | 'failed' | 'rejected' | 'cancelled';
export type WaitingFor = 'approval' | 'checkpoint' | 'dependency' | 'time' | 'hold' | 'agent' | 'repository' | 'budget';

/** What moves an order from one state to another. */
export type Transition =
  | 'admitted'
  | 'rejected'
  | 'released'
  | 'approved'
  | 'denied'
  | 'expired'
  | 'started'
  | 'waits'
  | 'succeeded'
  | 'failed'
  | 'held'
  | 'cancelled'
  | 'retried'
  | 'revised'
  | 'interrupted';

interface Row {
  readonly from: readonly (Status | 'new')[];
  readonly to: readonly Status[];
  /** Where `from` is parked: only while it waits for one of these. */
  readonly waiting?: readonly WaitingFor[];
}

/** The table of design.md, "Order states". What does not stand in it is ILLEGAL_TRANSITION. */
export const TRANSITIONS: Readonly<Record<Transition, Row>> = {
  admitted: { from: ['new'], to: ['ready', 'parked'] },
  rejected: { from: ['new'], to: ['rejected'] },
  // what waits for a person's decision, or for a budget, is not over by itself
  released: { from: ['parked'], to: ['ready'], waiting: ['dependency', 'time', 'hold', 'agent', 'repository'] },
  approved: { from: ['parked'], to: ['ready'], waiting: ['approval', 'checkpoint', 'budget'] },
  denied: { from: ['parked'], to: ['failed'], waiting: ['approval', 'checkpoint', 'budget'] },
  expired: { from: ['parked'], to: ['failed'], waiting: ['approval', 'checkpoint', 'budget'] },
  started: { from: ['ready'], to: ['running'] },
  waits: { from: ['running'], to: ['parked'] },
  succeeded: { from: ['running'], to: ['done'] },
  // from parked only where the dependency it waits for ended otherwise than done, or was never seen
  failed: { from: ['running', 'parked'], to: ['failed', 'parked'], waiting: ['dependency'] },
  held: { from: ['ready', 'parked'], to: ['parked'] },
  cancelled: { from: ['ready', 'parked', 'running'], to: ['cancelled'] },
  retried: { from: ['failed', 'cancelled'], to: ['ready'] },
  revised: { from: ['failed', 'rejected', 'cancelled'], to: ['ready', 'parked'] },
  interrupted: { from: ['running'], to: ['running', 'ready', 'failed'] },
};

/** Whether an order that waits for this goes on only when a person has decided. */
export function asksPeople(waitingFor: string | null): boolean {
  return waitingFor === 'approval' || waitingFor === 'checkpoint' || waitingFor === 'budget';
}

export const TERMINAL: readonly Status[] = ['done', 'failed', 'rejected', 'cancelled'];

export function isTerminal(status: Status): boolean {
  return TERMINAL.includes(status);
}

/** Whether the table allows `event` from this state; `to` may be left open to ask in general. */
export function isLegal(
  event: Transition,
  from: Status | null,
  to: Status | null,
  waitingFor: WaitingFor | null,
): boolean {
  const row = TRANSITIONS[event];
  if (!row.from.includes(from ?? 'new')) return false;
  if (to !== null && !row.to.includes(to)) return false;
  // only a run can be tried again; a wait that failed is over
  if (event === 'failed' && from === 'parked' && to === 'parked') return false;
  return from !== 'parked' || row.waiting === undefined || (waitingFor !== null && row.waiting.includes(waitingFor));
}

/** Throws ILLEGAL_TRANSITION, naming order, event and state, unless the table allows it. */
export function assertLegal(
  woId: string,
  event: Transition,
  from: Status | null,
  to: Status,
  waitingFor: WaitingFor | null,
): void {
  if (isLegal(event, from, to, waitingFor)) return;
  const state = from === 'parked' ? `parked (${waitingFor ?? 'nothing'})` : (from ?? 'unknown');
  throw new WaybillError('ILLEGAL_TRANSITION', `${woId}: ${event} is not possible while ${state}`);
}
