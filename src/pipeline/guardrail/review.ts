import type { TelemetryLine } from '../../order/generated.ts';
import { readLinesBackwards } from '../../platform/jsonl.ts';
import { conforms } from '../../platform/schema.ts';
import { turnedFiles } from '../../platform/turned-files.ts';
import type { Station } from '../../station/station.ts';

/** What automatic repair did, or would have done, to one fault. */
export interface Reviewed {
  readonly component: string;
  readonly kind: string;
  readonly since: string;
  /** When it was over; null while it lasts. */
  readonly until: string | null;
  readonly mend: string;
  /** The order that brought it back; null where none did. */
  readonly wo_id: string | null;
}

/** A fault as telemetry tells of it, whether a repair could have ended it or not. */
export interface ToldFault extends Omit<Reviewed, 'mend'> {
  readonly message: string;
  /** What a repair would do; null where nothing would. */
  readonly mend: string | null;
}

const HOUR_MS = 3_600_000;

/** The faults of the last hours that a repair could have ended, oldest first, as telemetry tells of them. */
export function reviewRepairs(station: Station, hours: number): Reviewed[] {
  const from = new Date(Date.now() - hours * HOUR_MS).toISOString();
  return faultsSince(station, from).flatMap(({ message: _, mend, ...fault }) =>
    mend === null ? [] : [{ ...fault, mend }],
  );
}

/** The faults that the guardrail told of since an instant, oldest first. */
export function faultsSince(station: Station, from: string): ToldFault[] {
  const rows = new Map<string, ToldFault>();
  const ends = new Map<string, { until: string; woId: string | null }>();
  for (const line of linesSince(station.layout.telemetry, from)) {
    const { event, since, mend, kind, message } = line;
    const component = line['missing'] ?? line['component'];
    if (line.agent !== 'guardrail' || typeof component !== 'string' || typeof since !== 'string') continue;
    const key = `${component} ${since}`;
    if (event === 'wo_pipeline_recovered') ends.set(key, { until: line.ts, woId: ends.get(key)?.woId ?? null });
    if (event === 'wo_pipeline_repaired') ends.set(key, { until: line.ts, woId: line.wo_id ?? null });
    if (event !== 'wo_pipeline_drift' || typeof kind !== 'string') continue;
    const end = ends.get(key);
    const known = rows.get(key);
    rows.set(key, {
      component,
      kind,
      since,
      until: end?.until ?? null,
      mend: known?.mend ?? (typeof mend === 'string' ? mend : null),
      wo_id: end?.woId ?? null,
      message: known?.message ?? (typeof message === 'string' ? message : ''),
    });
  }
  return [...rows.values()].sort((a, b) => (a.since < b.since ? -1 : 1));
}

/** Telemetry from now back to an instant, through files that were turned. */
function* linesSince(path: string, from: string): Generator<TelemetryLine> {
  for (const file of [path, ...turnedFiles(path)])
    for (const text of readLinesBackwards(file)) {
      if (!text.includes('"guardrail"')) {
        const ts = /"ts":"([^"]{1,40})"/.exec(text)?.[1];
        if (ts !== undefined && ts < from) return;
        continue;
      }
      const line = parse(text);
      if (line === null) continue;
      if (line.ts < from) return;
      yield line;
    }
}

function parse(text: string): TelemetryLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return conforms('telemetry-line', value) ? (value as TelemetryLine) : null;
  } catch {
    return null; // being written, or somebody else's
  }
}
