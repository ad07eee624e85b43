import { type Cell, cells, type Looks, stretches } from './uptime.ts';

const HOUR_MS = 3_600_000;

/** Spans that strips are shown for: how long, and how long a cell of it. */
export const SPANS = {
  day: { name: 'the last 24 hours', ms: 24 * HOUR_MS, cellMs: HOUR_MS / 2 },
  week: { name: 'the last 7 days', ms: 168 * HOUR_MS, cellMs: 2 * HOUR_MS },
} as const;

export type SpanName = keyof typeof SPANS;

/** The strip of one component, or of all together (null), up to now: whole cells, and the one that is not over yet. */
export function stripOf(looks: Looks, component: string | null, span: SpanName, nowMs: number): Cell[] {
  const { ms, cellMs } = SPANS[span];
  // begins with a whole cell, so that it stays the same until the next one begins
  const from = (Math.floor(nowMs / cellMs) + 1) * cellMs - ms;
  return cells(stretches(looks, component, { from, to: nowMs }), cellMs);
}
