import type { GuardrailLook } from '../../order/generated.ts';
import { type Line, linesOf } from './scans.ts';
import type { Reach } from './trace.ts';

/** A component that was at fault within a time, in one way. */
export interface Drift {
  readonly component: string;
  readonly kind: string;
  readonly severity: 'critical' | 'warning';
  /** How often it began to be. */
  readonly times: number;
  readonly first: string;
  readonly last: string;
  /** It was so at the last look. */
  readonly lasts: boolean;
}

/**
 * What the guardrail found at fault within reach: what telemetry tells, and what the last look remembers. A fault that lasts is told at every look and
 * counts once. By component.
 */
export function drifts(
  telemetry: string,
  look: GuardrailLook | null,
  reach: Reach,
): { readonly drifts: Drift[]; readonly notRead: readonly string[] } {
  const { lines, notRead } = linesOf(telemetry, reach);
  const found = new Map<string, Drift & { begun: Set<string> }>();
  const note = (
    component: string,
    kind: string,
    severity: string | null,
    since: string,
    at: string,
    lasts: boolean,
  ) => {
    const key = `${component}\0${kind}`;
    const known = found.get(key);
    const begun = (known?.begun ?? new Set()).add(since);
    found.set(key, {
      component,
      kind,
      severity: severity === 'warning' ? 'warning' : 'critical',
      begun,
      times: begun.size,
      first: known?.first ?? at,
      last: at,
      lasts,
    });
  };
  for (const line of lines.filter(isDrift)) {
    const at = new Date(line.at).toISOString();
    note(line.missing ?? '', line.kind ?? 'missing', line.severity, line.since ?? '', at, false);
  }
  for (const { component, kind, severity, since } of look?.faults ?? [])
    note(component, kind, severity, since, look?.at ?? since, true);
  const all = [...found.values()].map(({ begun: _, ...drift }) => drift);
  // that there is nothing from before is what was asked for
  return { drifts: all.sort(byName), notRead: notRead.filter((why) => !why.includes('nothing from before')) };
}

function isDrift({ event, missing }: Line): boolean {
  return event === 'wo_pipeline_drift' && missing !== null;
}

function byName(a: Drift, b: Drift): number {
  const [x, y] = [`${a.component}\0${a.kind}`, `${b.component}\0${b.kind}`];
  return x < y ? -1 : x > y ? 1 : 0;
}
