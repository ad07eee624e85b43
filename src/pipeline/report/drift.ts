import type { Contradiction } from '../../documents/contradiction.ts';
import { drifts } from '../../guardrail/history/drifts.ts';
import { Budget } from '../../guardrail/history/trace.ts';
import { readLook } from '../../guardrail/last-look.ts';
import { sha256 } from '../../order/canonical-json.ts';
import { asWaybillError } from '../../order/error.ts';
import type { DriftFinding, DriftReport } from '../../order/generated.ts';
import { conform } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';
import { checkDocuments } from '../documents/check.ts';
import { withoutPlaces } from './fact.ts';
import { oldestFirst } from './measure.ts';
import { type Failure, ordersSeen } from './orders-seen.ts';
import type { StatusMade } from './status.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** So long telemetry of the time may be read. */
const TELEMETRY_MS = 60_000;
/** So many orders, or places, are named of one finding. */
const MOST_REFS = 20;
/** A person said no: nothing drifted. */
const DECIDED = new Set(['DENIED']);

/** The ISO week of an instant, UTC, as in 2026-W47: of the year in which its Thursday lies. */
export function weekOf(at: string): string {
  const day = new Date(`${at.slice(0, 10)}T00:00:00Z`);
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/**
 * What drifted apart since an instant: contradictions and what else the documents' gate finds now (with the status file as it is shown), components that were at fault, orders that failed,
 * by code, and those that are stale. A source that cannot be read stands in `not_read`, and stops no other.
 */
export async function driftOf(station: Station, made: StatusMade, since: string): Promise<DriftReport> {
  const at = made.status.generated_at_utc;
  const notRead: string[] = [];
  const ask = async (name: string, call: () => DriftFinding[] | Promise<DriftFinding[]>) => {
    try {
      return await call();
    } catch (thrown) {
      notRead.push(`${name}: ${asWaybillError(thrown).message}`);
      return [];
    }
  };
  const findings = [
    ...made.contradictions.map((one) => ofStatement('contradiction', one)),
    ...(await ask('documents', () => ofGate(station, made, at))),
    ...(await ask('guardrail', () => ofGuardrail(station, since, at, notRead))),
    ...(await ask('orders', () => ofOrders(station, since, at))),
  ];
  const unlike = new Map(findings.map((finding) => [finding.fingerprint, finding]));
  const report: DriftReport = {
    v: 1,
    generated_at_utc: at,
    repo_root: '.',
    week: weekOf(at),
    since,
    findings: [...unlike.values()],
    not_read: notRead,
  };
  return conform('drift-report', withoutPlaces(report, station.layout.root), 'INTERNAL');
}

function finding(
  source: DriftFinding['source'],
  id: string,
  subject: string,
  rest: Pick<DriftFinding, 'severity' | 'message'> & Partial<DriftFinding>,
): DriftFinding {
  const fingerprint = sha256(`${source}\0${id}\0${subject}`).slice('sha256:'.length, 'sha256:'.length + 12);
  return { fingerprint, source, id, refs: [], count: 1, first: null, last: null, lasts: true, ...rest };
}

/** What the gate of documents finds beside the contradictions; of the status file it says what is known here better. */
async function ofGate(station: Station, { contradictions }: StatusMade, at: string): Promise<DriftFinding[]> {
  const { findings } = await checkDocuments(station, { asked: null, variable: null, now: at });
  const known = new Set(contradictions.map(({ id, message }) => `${id}: ${message}`));
  return findings
    .filter(({ id, message }) => !id.startsWith('status-') && !known.has(`${id}: ${message}`))
    .map((one) => ofStatement('documents', one));
}

function ofStatement(
  source: 'contradiction' | 'documents',
  { id, severity, message, refs }: Contradiction,
): DriftFinding {
  // the same one may stand some lines further down next week
  const subject = message.replace(/:\d+\b/g, '');
  return finding(source, id, subject, { severity, message, refs: refs.slice(0, MOST_REFS) });
}

function ofGuardrail({ layout }: Station, since: string, until: string, notRead: string[]): DriftFinding[] {
  const reach = { sinceMs: Date.parse(since), untilMs: Date.parse(until), budget: new Budget(TELEMETRY_MS) };
  const told = drifts(layout.telemetry, readLook(layout), reach);
  notRead.push(...told.notRead);
  return told.drifts.map(({ component, kind, severity, times, first, last, lasts }) =>
    finding('guardrail', kind, component, {
      severity: severity === 'critical' ? 'block' : 'warn',
      message: `component ${component} was ${kind.replaceAll('_', ' ')}${times > 1 ? ` ${times} times` : ''}${lasts ? ', and is' : ''}`,
      refs: [component],
      count: times,
      first,
      last,
      lasts,
    }),
  );
}

async function ofOrders({ layout, settings }: Station, since: string, at: string): Promise<DriftFinding[]> {
  const seen = await ordersSeen(layout, Date.parse(since));
  const byCode = new Map<string, Failure[]>();
  for (const failure of seen.failures)
    if (!DECIDED.has(failure.code)) byCode.set(failure.code, [...(byCode.get(failure.code) ?? []), failure]);
  const failed = [...byCode].sort(([a], [b]) => (a < b ? -1 : 1));
  const { staleHours } = settings.tracker;
  const stale = oldestFirst(seen.alive).filter(
    ({ updatedAt }) => Date.parse(at) - Date.parse(updatedAt) >= staleHours * HOUR_MS,
  );
  return [
    ...failed.map(([code, failures]) =>
      finding('orders', code, code, {
        severity: 'warn',
        message: `${failures.length} ${failures.length === 1 ? 'order' : 'orders'} failed with ${code}`,
        refs: failures.slice(-MOST_REFS).map(({ woId }) => woId),
        count: failures.length,
        first: failures[0]?.at ?? null,
        last: failures.at(-1)?.at ?? null,
      }),
    ),
    ...stale.map(({ woId, status, waitingFor, updatedAt }) =>
      finding('stale', waitingFor ?? status, woId, {
        severity: 'warn',
        message: `${woId} is ${waitingFor === null ? status : `waiting for ${waitingFor}`} for more than ${staleHours} hours`,
        refs: [woId],
        first: updatedAt,
        last: at,
      }),
    ),
  ];
}
