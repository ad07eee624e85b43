import type { GuardrailFault, TelemetryLine } from '../order/generated.ts';
import type { FaultKind, Finding } from './finding.ts';

/** What the alerts file and telemetry say, in the words of seed 003's script, which its operators grep for. */

const WORDS: Readonly<Record<FaultKind, string>> = {
  missing: 'Missing or not executable',
  not_executable: 'Missing or not executable',
  truncated: 'Truncated',
  altered: 'Altered',
  moved_back: 'Moved back',
  not_a_file: 'Not what it should be',
  too_few: 'Missing files',
  not_alive: 'Not alive',
  not_running: 'Not running',
  not_found: 'Program not found',
  low_disk: 'Disk nearly full',
  waits_long: 'Waits too long',
  broken: 'Broken',
  too_old: 'Too old',
  unreadable: 'Not readable',
  check_failed: 'Check failed',
};

/** One line for the alerts file, without its time. A reminder says since when. */
export function alertText(
  { kind, component, message }: Pick<Finding, 'kind' | 'component' | 'message'>,
  lasts: { readonly since: string; readonly lastedMs: number } | null,
): string {
  const isFolder = kind === 'missing' && message.startsWith('the folder');
  const plain = kind === 'missing' || kind === 'not_executable';
  const since = lasts === null ? '' : ` (since ${lasts.since}, for ${durationText(lasts.lastedMs)})`;
  return `ALERT: ${isFolder ? 'Missing directory' : WORDS[kind]}: ${component}${plain ? '' : `: ${message}`}${since}`;
}

/** A length of time as people say it: 40s, 12m, 3h 5m, 2d 4h. */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** One line for each component that is at fault, at every look; one that says that all is well where none is. */
export function lookLines(
  ts: string,
  faults: readonly GuardrailFault[],
  components: number,
  durationMs: number,
): TelemetryLine[] {
  if (faults.length === 0)
    return [
      { v: 1, ts, agent: 'guardrail', event: 'wo_pipeline_healthy', ok: true, components, duration_ms: durationMs },
    ];
  return faults.map(driftLine(ts));
}

export const driftLine =
  (ts: string) =>
  ({ component, kind, severity, message, since, good_at, mend }: GuardrailFault): TelemetryLine => ({
    v: 1,
    ts,
    agent: 'guardrail',
    event: 'wo_pipeline_drift',
    ok: false,
    missing: component,
    kind,
    severity,
    message,
    since,
    good_at,
    ...(mend === undefined ? {} : { mend }),
  });

export function recoveredLine(ts: string, fault: GuardrailFault, lastedMs: number): TelemetryLine {
  const { component, kind, since } = fault;
  return {
    v: 1,
    ts,
    agent: 'guardrail',
    event: 'wo_pipeline_recovered',
    ok: true,
    missing: component,
    kind,
    since,
    lasted_ms: lastedMs,
  };
}

/** What was at fault is no component any more: somebody took it out of waybill.yaml or a list. */
export function droppedLine(ts: string, { component, kind, since }: GuardrailFault): TelemetryLine {
  return { v: 1, ts, agent: 'guardrail', event: 'wo_pipeline_dropped', ok: false, missing: component, kind, since };
}

export function repairedLine(ts: string, fault: GuardrailFault, woId: string, lastedMs: number): TelemetryLine {
  const { component, kind, since } = fault;
  const what = { component, kind, since, lasted_ms: lastedMs };
  return { v: 1, ts, agent: 'guardrail', event: 'wo_pipeline_repaired', ok: true, wo_id: woId, ...what };
}

/** Looks that were not made: the machine slept, or no guardrail ran. */
export function missedLine(ts: string, missed: number, since: string): TelemetryLine {
  return { v: 1, ts, agent: 'guardrail', event: 'guardrail_missed', ok: false, missed, since };
}
