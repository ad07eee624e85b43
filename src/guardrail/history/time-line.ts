import type { Committed } from './commits.ts';
import type { Standing } from './standing.ts';
import type { Trace } from './trace.ts';

/** Everything that is known of one path, source by source, each oldest first. */
export interface Facts {
  readonly path: string;
  readonly askedAt: string;
  readonly hours: number;
  readonly standing: Standing;
  readonly moves: readonly Trace[];
  readonly committed: Committed;
  readonly stashes: readonly Trace[];
  readonly orders: readonly Trace[];
  readonly scans: readonly Trace[];
  readonly hooks: readonly Trace[];
  readonly rollbacks: readonly Trace[];
  readonly services: readonly Trace[];
  /** When what git does not track was swept away. */
  readonly swept: { readonly at: string; readonly gone: boolean } | null;
  readonly lessons: readonly string[];
  readonly notRead: readonly string[];
}

/** Git and some logs know whole seconds: what they put at a second happened within it. */
export const SECOND_MS = 1000;

/** All of it on one line of time, oldest first, each thing told once. */
export function timeLine(facts: Facts): Trace[] {
  const moved = new Set(facts.moves.map(({ to }) => to));
  const { moves, stashes, orders, scans, hooks, rollbacks, services, committed } = facts;
  const commits = committed.traces.filter(({ to }) => !moved.has(to));
  const all = [...commits, ...moves, ...stashes, ...orders, ...scans, ...hooks, ...rollbacks, ...services];
  // every scan that tells of a fault says again since when it is known
  return [...new Map(all.map((trace) => [`${trace.at} ${trace.source} ${trace.text}`, trace])).values()].sort(byTime);
}

/** The path was there, and as it should be. */
export function good(facts: Facts): Trace[] {
  const isGood = ({ effect }: Trace) => effect === 'seen' || effect === 'appeared' || effect === 'changed';
  return [...facts.moves, ...facts.orders, ...facts.scans].filter(isGood).sort(byTime);
}

/** Somebody missed it, or found it broken. */
export function bad(facts: Facts): Trace[] {
  const seen = facts.scans.filter(({ effect }) => effect === 'missing' || effect === 'broken');
  return [...seen, ...facts.services].sort(byTime);
}

function byTime(a: Trace, b: Trace): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
}

/** Whether a trace lies between two times, as closely as its clock tells. */
export function liesBetween(at: string, from: string | null, to: string | null): boolean {
  const ms = Date.parse(at);
  return (from === null || ms + SECOND_MS > Date.parse(from)) && (to === null || ms < Date.parse(to) + SECOND_MS);
}
