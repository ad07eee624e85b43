import type { RuntimeFacts } from '../../order/generated.ts';
import type { Settings } from '../../station/settings.ts';
import type { Unmeasured } from './fact.ts';

const HOUR_MS = 3_600_000;
/** A backup may be late by so many of its intervals before it is told. */
const BACKUPS_MISSED = 2;

/**
 * What is not in order in what was measured, each reason with `fail: ` or `warn: ` before it: fail for a ledger that does not hold and a critical
 * component at fault, warn for the rest, and for what could not be measured. Empty where nothing is. Pure.
 */
export function judged(
  facts: RuntimeFacts,
  settings: Pick<Settings, 'guardrail' | 'backup' | 'tracker'>,
  unmeasured: Unmeasured,
  atMs: number,
): string[] {
  return [
    ...ofLedger(facts),
    ...ofGuardrail(facts, settings.guardrail.enabled),
    ...ofProcess(facts),
    ...ofOrders(facts, settings.tracker.staleHours, atMs),
    ...ofBackup(facts, settings.backup),
    ...ofWork(facts),
    ...[...unmeasured].map(([name, why]) => `warn: ${name} could not be measured: ${why}`),
  ];
}

function ofLedger({ ledger }: RuntimeFacts): string[] {
  const fault = ledger.value?.fault ?? null;
  return fault === null ? [] : [`fail: the ledger does not hold: ${fault}`];
}

function ofGuardrail({ guardrail: { value, why } }: RuntimeFacts, isEnabled: boolean): string[] {
  if (value === null) return isEnabled && why === 'it never looked' ? ['warn: the guardrail never looked'] : [];
  if (value.components > 0 && value.unknown === value.components)
    return [`warn: the guardrail looked last at ${value.looked_at}: how its components are is unknown`];
  const told = value.faults.map(
    ({ component, kind, severity }) =>
      `${severity === 'critical' ? 'fail' : 'warn'}: component ${component}: ${kind.replaceAll('_', ' ')}`,
  );
  const more = value.drifted + value.unknown - value.faults.length;
  return more > 0 ? [...told, `fail: ${more} more components are at fault`] : told;
}

function ofProcess({ process: { value }, orders }: RuntimeFacts): string[] {
  if (value === null || value.state === 'running') return [];
  if (value.state === 'none') {
    const waiting = orders.value?.ready ?? 0;
    return waiting === 0
      ? []
      : [`warn: ${waiting} ${waiting === 1 ? 'order is' : 'orders are'} ready, and no station process runs`];
  }
  const said = {
    stopped: 'is stopped by a signal: it holds the station and does nothing',
    silent: 'is silent: its heartbeat is old',
    died: 'died: it ended without saying so',
  }[value.state];
  return [`warn: the station process ${said}`];
}

function ofOrders({ oldest_wait: { value } }: RuntimeFacts, staleHours: number, atMs: number): string[] {
  if (value === null || atMs - Date.parse(value.since) < staleHours * HOUR_MS) return [];
  const what = value.waiting_for === null ? value.status : `waiting for ${value.waiting_for}`;
  return [`warn: ${value.wo_id} is stale: ${what} since ${value.since}`];
}

function ofBackup({ backup: { value, why } }: RuntimeFacts, { to, everyHours }: Settings['backup']): string[] {
  if (to === null) return [];
  if (value === null) return why === undefined ? [] : [`warn: ${why}`];
  if (value.failed !== null) return [`warn: the last backup failed with ${value.failed}`];
  const isLate = value.behind > 0 && value.age_hours > BACKUPS_MISSED * everyHours;
  return isLate ? [`warn: the last backup is ${value.age_hours} hours old`] : [];
}

function ofWork({ missions, agents, backlog }: RuntimeFacts): string[] {
  const policy = missions.value?.policy ?? null;
  const problems = backlog.value?.problems ?? 0;
  return [
    ...(policy === null ? [] : [`warn: nothing is started: policy.yaml: ${policy}`]),
    ...(agents.value?.faults ?? []).map((fault) => `warn: agents/${fault}`),
    ...(problems === 0
      ? []
      : [`warn: ${problems} ${problems === 1 ? 'line' : 'lines'} of the backlog could not be read, or only in part`]),
  ];
}
