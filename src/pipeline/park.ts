import { staleLock, whyBusy } from '../git/busy.ts';
import type { LandingPlan } from '../git/landing.ts';
import { assertSupported, type Repository } from '../git/repository.ts';
import { asWaybillError } from '../order/error.ts';
import type { EventData } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import { pause } from '../platform/clock.ts';
import type { Draft } from '../record/ledger.ts';
import type { Runtime } from './runtime.ts';

/** Orders that must wait for the repository, and the branch that they wait for. */

/** The branch that orders land on now: the one checked out, or the one in settings; null while HEAD is detached. */
export function landingBranch(rt: Runtime): string | null {
  const { repo, settings } = rt.station;
  if (settings.git.branch !== null) return `refs/heads/${settings.git.branch}`;
  const head = repo.refs.head();
  return head.kind === 'branch' ? head.ref : null;
}

export function startedElsewhere(life: OrderLife, branch: string): boolean {
  return life.started !== null && life.started.branch !== '' && life.started.branch !== branch;
}

/** Why nothing can land on `branch` now, or null: the one question that a start and the end of a wait both ask. */
export async function whyNoLanding(repo: Repository, branch: string, lockOlderThanMs: number): Promise<string | null> {
  return whyBusy(repo, branch) ?? staleLock(repo, lockOlderThanMs) ?? (await whyUnsupported(repo));
}

async function whyUnsupported(repo: Repository): Promise<string | null> {
  try {
    await assertSupported(repo);
    return null;
  } catch (thrown) {
    return asWaybillError(thrown).message;
  }
}

/** A pause of about this length, so that two who do the same again and again don't stay in step. */
export function jittered(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random());
}

/** A person who commits beside us gets the lock most of the time: at most one landing a second for a minute after a meeting. */
const POLITE_FOR_MS = 60_000;
const POLITE_PAUSE_MS = 1000;
/** Where she commits between any two landings, the lock is ours for so small a part of the time (a person in a loop meets it about as often) … */
const PART_OF_TIME = 250;
/** … but orders don't wait longer than this. */
const LONGEST_POLITE_PAUSE_MS = 3000;

/** Whether somebody else used the repository not long ago. */
export function isContended(rt: Runtime): boolean {
  return Date.now() - rt.contendedAt <= POLITE_FOR_MS;
}

/**
 * Waits for our turn in a repository that somebody else is using. Asked before a start where that can land at once: between a start and
 * its landing she could go to another branch, again and again.
 */
export async function beFair(rt: Runtime): Promise<void> {
  if (!isContended(rt)) return;
  const wait = rt.lastLanding + rt.politePauseMs - Date.now();
  if (wait > 0) await pause(wait);
}

/** How long the next landing waits after this one, which held the index lock for so long. */
export function politePause(rt: Runtime, landed: LandingPlan, heldMs: number): number {
  const hasCommitted = rt.lastTip !== null && rt.lastTip !== landed.oldHead;
  if (!hasCommitted) return POLITE_PAUSE_MS;
  return Math.min(LONGEST_POLITE_PAUSE_MS, Math.max(POLITE_PAUSE_MS, heldMs * PART_OF_TIME));
}

/** Parks orders until the repository can take a landing again. */
export function parkForRepository(rt: Runtime, lives: readonly OrderLife[], why: string): void {
  rt.record(
    lives.flatMap((life) => [
      ...startedAgain(life),
      waits(life, { waiting_for: 'repository', until: null, why: `the repository cannot take a landing: ${why}` }),
    ]),
  );
  for (const life of lives) rt.running.delete(life.woId);
}

/** The table knows no way from ready to parked but through running. */
export function startedAgain(life: OrderLife): Draft[] {
  if (life.status !== 'ready') return [];
  const data = life.started ?? { plan_sha256: '', branch: '', head: null, changes: [], outputs: [] };
  return [{ event: 'started', woId: life.woId, attempt: life.attempt, from: 'ready', to: 'running', data }];
}

export function waits(life: OrderLife, data: EventData['waits']): Draft {
  return { event: 'waits', woId: life.woId, attempt: life.attempt, from: 'running', to: 'parked', data };
}
