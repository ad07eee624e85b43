import { WaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import type { Status, WaitingFor } from '../order/transition.ts';

/** Why an order is not ready yet. `until` is when to look again by the clock, null when only an event ends the wait. */
export interface Wait {
  readonly waitingFor: WaitingFor;
  readonly until: string | null;
  readonly why: string;
}

/** What is known of an order that another one depends on. */
export type Known = (woId: string) => Status | 'unknown';

/** What an order asks to wait for, apart from other orders. */
export interface WaitRequest {
  readonly hold: boolean;
  readonly notBefore: string | null;
  readonly dependsOn: readonly string[];
}

/**
 * The wait that keeps an order from being ready, or null. Throws DEPENDENCY_FAILED where a dependency ended otherwise than done.
 * `since` is when it was received: a dependency never seen within the deadline ends as DEPENDENCY_UNKNOWN.
 */
export function waitOf(
  request: WaitRequest,
  now: string,
  since: string,
  deadlineHours: number,
  known: Known,
): Wait | null {
  if (request.hold) return { waitingFor: 'hold', until: null, why: 'held by its author; `waybill release` lets it go' };
  const unmet = unmetDependencies(request.dependsOn, now, since, deadlineHours, known);
  if (unmet !== null) return unmet;
  if (request.notBefore !== null && request.notBefore > now)
    return { waitingFor: 'time', until: request.notBefore, why: `not before ${request.notBefore}` };
  return null;
}

function unmetDependencies(
  dependsOn: readonly string[],
  now: string,
  since: string,
  deadlineHours: number,
  known: Known,
): Wait | null {
  const waiting: string[] = [];
  const unseen: string[] = [];
  for (const id of dependsOn) {
    const status = known(id);
    if (status === 'done') continue;
    if (status === 'failed' || status === 'rejected' || status === 'cancelled')
      throw new WaybillError('DEPENDENCY_FAILED', `${id}, which it depends on, ended as ${status}`);
    waiting.push(id);
    if (status === 'unknown') unseen.push(id);
  }
  if (waiting.length === 0) return null;
  const deadline = new Date(Math.min(Date.parse(since) + deadlineHours * 3_600_000, LATEST)).toISOString();
  if (unseen.length > 0 && now >= deadline)
    throw new WaybillError('DEPENDENCY_UNKNOWN', `${unseen.join(', ')} was never seen within ${deadlineHours} hours`);
  const why = `depends on ${waiting.join(', ')}${unseen.length > 0 ? ` (never seen: ${unseen.join(', ')})` : ''}`;
  return { waitingFor: 'dependency', until: unseen.length > 0 ? deadline : null, why };
}

/** How often it is looked whether there are agents by now. */
const AGENTS_MS = 60_000;

/**
 * The wait for an agent that an order needs, or null. `agents`: those that may do a mission, none for any; null for an order that needs none.
 * `areThere`: whether roles are configured at all; asked only for a mission, because it reads their files.
 */
export function agentWait(agents: readonly string[] | null, areThere: () => boolean, nowMs: number): Wait | null {
  if (agents === null || areThere()) return null;
  const wanted = agents.length > 0 ? `; wanted: ${agents.join(', ')}` : '';
  const why = `no agent is configured${wanted}. \`waybill agents init\` writes agents/`;
  return { waitingFor: 'agent', until: new Date(nowMs + AGENTS_MS).toISOString(), why };
}

/** How long until an agent that cannot be used is looked for again: first, and at most. */
const FIRST_AGENT_LOOK_MS = 60_000;
const RAREST_AGENT_LOOK_MS = 3_600_000;

/** When to look again for an agent that a mission waits for since `since` (null: since now): after as long as it has waited, so that the wait doubles. */
export function nextAgentLook(since: string | null, nowMs: number): string {
  const waited = since === null ? 0 : nowMs - Date.parse(since);
  return new Date(nowMs + Math.min(RAREST_AGENT_LOOK_MS, Math.max(FIRST_AGENT_LOOK_MS, waited))).toISOString();
}

/** Year 9999: what a deadline of any length can still be written as. */
const LATEST = 253_402_300_799_000;

/** Pause before the n-th retry (counted from 0): doubles from the base up to the limit. */
export function backoffMs(retriesUsed: number, baseSeconds: number, maxSeconds: number): number {
  return Math.min(maxSeconds, baseSeconds * 2 ** Math.min(retriesUsed, 30)) * 1000;
}

/** The way on which following `depends_on` through live orders leads back to where it began, or null. Ids are the same in any case. */
export function findCycle(
  woId: string,
  dependsOn: readonly string[],
  dependsOnOf: (woId: string) => readonly string[],
): string[] | null {
  const cameFrom = new Map<string, string>();
  const trail = (from: string): string[] => {
    const steps = [woId];
    for (let at: string | undefined = from; at !== undefined; at = cameFrom.get(at.toLowerCase())) steps.push(at);
    return steps.reverse();
  };
  const left: [string, readonly string[]][] = [[woId, dependsOn]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [at, ids] = next;
    for (const id of ids) {
      if (id.toLowerCase() === woId.toLowerCase()) return trail(at);
      if (cameFrom.has(id.toLowerCase())) continue;
      cameFrom.set(id.toLowerCase(), at);
      left.push([id, dependsOnOf(id)]);
    }
  }
  return null;
}

/** Orders that wait, arranged so that an event finds whom it wakes without looking at the others. */
export class WaitingRoom {
  readonly #byDependency = new Map<string, Set<string>>();
  readonly #timed = new Map<string, number>();
  /** Since when, in ms. */
  readonly #repository = new Map<string, number>();

  add(life: OrderLife): void {
    this.remove(life);
    if (life.until !== null) this.#timed.set(life.woId, Date.parse(life.until));
    if (life.waitingFor === 'repository') this.#repository.set(life.woId, Date.parse(life.updatedAt));
    if (life.waitingFor !== 'dependency') return;
    for (const id of life.admitted?.depends_on ?? []) {
      const key = id.toLowerCase();
      const waiting = this.#byDependency.get(key) ?? new Set();
      waiting.add(life.woId);
      this.#byDependency.set(key, waiting);
    }
  }

  remove(life: OrderLife): void {
    this.#timed.delete(life.woId);
    this.#repository.delete(life.woId);
    for (const id of life.admitted?.depends_on ?? []) {
      const waiting = this.#byDependency.get(id.toLowerCase());
      waiting?.delete(life.woId);
      if (waiting?.size === 0) this.#byDependency.delete(id.toLowerCase());
    }
  }

  /** Who waits for this order. */
  dependents(woId: string): string[] {
    return [...(this.#byDependency.get(woId.toLowerCase()) ?? [])];
  }

  /** Whose time has come. */
  due(nowMs: number): string[] {
    return [...this.#timed].filter(([, at]) => at <= nowMs).map(([woId]) => woId);
  }

  /** Who waits for the repository. */
  repository(): string[] {
    return [...this.#repository.keys()];
  }

  /** When the last of them began to wait, in ms. */
  repositorySince(): number {
    return Math.max(0, ...this.#repository.values());
  }

  /** Milliseconds until the next time comes, null when none is waited for. */
  nextDue(nowMs: number): number | null {
    let next: number | null = null;
    for (const at of this.#timed.values()) next = Math.min(next ?? Number.POSITIVE_INFINITY, Math.max(0, at - nowMs));
    return next;
  }
}
