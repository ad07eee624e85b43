import type { GuardrailFault } from '../order/generated.ts';
import { millisecondsBetween } from '../platform/clock.ts';
import type { Alert } from './alert.ts';
import type { Finding } from './finding.ts';
import { alertText, durationText } from './words.ts';

/** What one look changes in what is known to be at fault. */
export interface Turn {
  readonly faults: readonly GuardrailFault[];
  readonly alerts: readonly Alert[];
  /** Faults that are over, with how long they lasted in milliseconds. */
  readonly recovered: readonly { readonly fault: GuardrailFault; readonly lastedMs: number }[];
  /** Faults of what is no component any more: nobody knows whether they are over. */
  readonly dropped: readonly GuardrailFault[];
}

/** The pause between two reminders grows up to this. */
const LONGEST_PAUSE_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * Puts what a look found against what was known before: what is new is told, what lasts is told again with growing pauses, what is over is told
 * with how long it lasted. What `isGone` says is no component any more has not recovered. `goodAt` is the look before, in
 * which what is at fault now was good; null where that was not looked at. Pure.
 */
export function turn(
  before: readonly GuardrailFault[],
  findings: readonly Finding[],
  at: {
    readonly now: string;
    readonly goodAt: (component: string) => string | null;
    readonly remindAfterMinutes: number;
    readonly isGone: (fault: GuardrailFault) => boolean;
  },
): Turn {
  const known = new Map(before.map((fault) => [fault.component, fault]));
  const faults = new Map<string, GuardrailFault>();
  const alerts: Alert[] = [];
  for (const found of findings) {
    // of several faults of one component the first counts
    if (faults.has(found.component)) continue;
    const old = known.get(found.component);
    const { component, kind, severity, message, mend } = found;
    const since = old?.since ?? at.now;
    const what = old === undefined || old.kind !== kind ? 'drift' : isDue(old, at) ? 'reminder' : null;
    const lastedMs = millisecondsBetween(since, at.now);
    if (what !== null)
      alerts.push({
        at: at.now,
        what,
        severity,
        component,
        since,
        text: alertText(found, what === 'reminder' ? { since, lastedMs } : null),
      });
    const told = what === null && old !== undefined ? old : null;
    faults.set(component, {
      component,
      kind,
      severity,
      message,
      since,
      good_at: old === undefined ? at.goodAt(component) : old.good_at,
      told_at: told?.told_at ?? at.now,
      tells: told?.tells ?? (what === 'drift' ? 1 : (old?.tells ?? 0) + 1),
      ...(mend === null ? {} : { mend }),
      ...(old?.escalated ? { escalated: true } : {}),
    });
  }
  const over = before.filter(({ component }) => !faults.has(component));
  const dropped = over.filter(at.isGone);
  const gone = new Set(dropped);
  const recovered = over
    .filter((fault) => !gone.has(fault))
    .map((fault) => ({ fault, lastedMs: millisecondsBetween(fault.since, at.now) }));
  for (const { fault, lastedMs } of recovered) {
    const { component, severity, since } = fault;
    const text = `RECOVERED: ${component} after ${durationText(lastedMs)}`;
    alerts.push({ at: at.now, what: 'recovered', severity, component, since, text });
  }
  for (const { component, severity, since } of dropped) {
    const text = `NO LONGER LOOKED AFTER: ${component}, at fault since ${since}`;
    alerts.push({ at: at.now, what: 'dropped', severity, component, since, text });
  }
  return { faults: [...faults.values()], alerts, recovered, dropped };
}

function isDue(fault: GuardrailFault, at: { readonly now: string; readonly remindAfterMinutes: number }): boolean {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, at.remindAfterMinutes * MINUTE_MS * 2 ** Math.min(fault.tells - 1, 30));
  return millisecondsBetween(fault.told_at, at.now) >= pauseMs;
}
