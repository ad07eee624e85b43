import type { GuardrailLook } from '../../order/generated.ts';
import { statIfThere } from '../../platform/fs.ts';
import { readLinesBackwards } from '../../platform/jsonl.ts';
import { turnedFiles } from '../../platform/turned-files.ts';
import { readJsonLine } from '../json-line.ts';
import { isAbout, type Reach, type Told, type Trace } from './trace.ts';

/**
 * What the guardrail's scans saw of a path, from telemetry. Each scan tells of every component that is not in order, and of none when all are:
 * so a scan that is silent of a component found it in order. That holds only of paths that are components, and not of our own guardrail's, which
 * between its scans looks at single ones: its lines say since when a fault is known, and when all was looked at before.
 */

/** Lines of one scan may be written a moment apart. */
const ONE_SCAN_MS = 1000;
/** The clock is looked at every so many lines. */
const LINES_BETWEEN_LOOKS = 4096;

/** One line of telemetry, as far as it tells of components. */
export interface Line {
  readonly at: number;
  readonly event: string;
  readonly missing: string | null;
  readonly kind: string | null;
  readonly goodAt: string | null;
  readonly since: string | null;
  readonly severity: string | null;
}

/** `isWatched`: settings name the path as a component. Oldest first. */
export function scans(telemetry: string, path: string, isWatched: boolean, reach: Reach): Told {
  const { lines, notRead } = linesOf(telemetry, reach);
  const about = lines.filter(({ missing }) => missing !== null && isAbout(path, missing));
  const traces: Trace[] = lines.filter(({ event }) => event === 'station_opened').map(restart);
  if (about.length > 0 || isWatched) traces.push(...sightings(lines, about));
  return { traces: traces.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), notRead };
}

/**
 * What the guardrail remembers of its last look, where no `git clean` reaches: telemetry may be gone. `isWatched`: the path is a component, so
 * that a look that does not name it found it in order.
 */
export function lastSeen(look: GuardrailLook | null, path: string, isWatched: boolean, reach: Reach): Trace[] {
  if (look === null) return [];
  const about = look.faults.filter(({ component }) => isAbout(path, component));
  const found = about.flatMap(({ kind, since, good_at }) => [
    ...(good_at === null ? [] : [trace(Date.parse(good_at), 'seen', 'a scan found it in order', null)]),
    trace(Date.parse(since), 'missing', said({ kind }), kind),
  ]);
  if (about.length === 0 && isWatched) found.push(trace(Date.parse(look.at), 'seen', 'a scan found it in order', null));
  return found
    .filter(({ at }) => Date.parse(at) >= reach.sinceMs && Date.parse(at) <= reach.untilMs)
    .map((one) => ({ ...one, where: 'the last look' }));
}

/** The components that scans missed within reach, those missed last first. */
export function componentsMissed(telemetry: string, reach: Reach): string[] {
  const { lines } = linesOf(telemetry, reach);
  const missed = lines.filter(({ event, missing }) => event === 'wo_pipeline_drift' && missing !== null);
  return [...new Set(missed.reverse().flatMap(({ missing }) => (missing === null ? [] : [missing])))];
}

function sightings(lines: readonly Line[], about: readonly Line[]): Trace[] {
  const found: Trace[] = [];
  const near = (at: number) => about.some((other) => Math.abs(other.at - at) <= ONE_SCAN_MS);
  for (const line of lines) {
    if (about.includes(line)) {
      const good = line.event === 'wo_pipeline_recovered' || line.event === 'wo_pipeline_repaired';
      found.push(trace(line.at, good ? 'seen' : 'missing', good ? backAgain(line) : said(line), line.kind));
      if (good) continue;
      // what it remembers from before the telemetry that is left
      if (line.goodAt !== null) found.push(trace(Date.parse(line.goodAt), 'seen', 'a scan found it in order', null));
      if (line.since !== null) found.push(trace(Date.parse(line.since), 'missing', said(line), line.kind));
    } else if (line.event === 'wo_pipeline_healthy')
      found.push(trace(line.at, 'seen', 'a scan found every component in order', null));
    // a scan that remembers may have looked at one component only, and then says nothing of the others
    else if (line.event === 'wo_pipeline_drift' && line.since === null && !near(line.at))
      found.push(trace(line.at, 'seen', 'a scan told of other components only', null));
  }
  return found;
}

function backAgain({ event }: Line): string {
  return event === 'wo_pipeline_repaired' ? 'a repair brought it back' : 'the guardrail saw it back';
}

function said({ kind }: Pick<Line, 'kind'>): string {
  return kind === null || kind === 'missing' ? 'a scan missed it' : `a scan found it ${kind.replaceAll('_', ' ')}`;
}

function trace(at: number, effect: 'seen' | 'missing', text: string, fault: string | null): Trace {
  const kind = effect === 'missing' && fault !== null && fault !== 'missing' ? 'broken' : effect;
  const time = new Date(at).toISOString();
  const more = effect === 'missing' && fault !== null ? { fault } : {};
  return { at: time, source: 'telemetry', kind: 'scan', effect: kind, text, where: 'telemetry', ...more };
}

function restart({ at }: Line): Trace {
  const time = new Date(at).toISOString();
  return {
    at: time,
    source: 'telemetry',
    kind: 'restart',
    effect: null,
    text: 'the station started',
    where: 'telemetry',
  };
}

/** The lines that matter within reach, oldest first, read from the end. */
export function linesOf(telemetry: string, reach: Reach): { lines: Line[]; notRead: string[] } {
  const lines: Line[] = [];
  const files = [telemetry, ...turnedFiles(telemetry)];
  if (statIfThere(telemetry) === undefined && files.length === 1)
    return { lines, notRead: ['telemetry: there is none'] };
  let n = 0;
  for (const file of files) {
    for (const text of readLinesBackwards(file)) {
      if (n++ % LINES_BETWEEN_LOOKS === LINES_BETWEEN_LOOKS - 1 && reach.budget.isOver)
        return { lines: lines.reverse(), notRead: [`telemetry: no time was left before ${since(lines)}`] };
      const line = /wo_pipeline_|station_opened/.test(text) || n % 256 === 0 ? parsed(text) : null;
      if (line === null) continue;
      if (line.at < reach.sinceMs) {
        const hours = new Date(reach.sinceMs).toISOString();
        return { lines: lines.reverse(), notRead: [`telemetry: nothing from before ${hours} (--hours)`] };
      }
      if (line.at <= reach.untilMs) lines.push(line);
    }
  }
  return { lines: lines.reverse(), notRead: [] };
}

function since(lines: readonly Line[]): string {
  const last = lines.at(-1);
  return last === undefined ? 'now' : new Date(last.at).toISOString();
}

/** A line as anybody may have written it: only its time is certain to be needed. */
function parsed(text: string): Line | null {
  const field = readJsonLine(text);
  if (field === null) return null;
  const of = (key: string): string | null => {
    const found = field(key);
    return typeof found === 'string' ? found : null;
  };
  const at = Date.parse(of('ts') ?? '');
  if (Number.isNaN(at)) return null;
  const instant = (key: string) => (Number.isNaN(Date.parse(of(key) ?? '')) ? null : of(key));
  return {
    at,
    event: of('event') ?? '',
    missing: of('missing') ?? (of('event') === 'wo_pipeline_repaired' ? of('component') : null),
    kind: of('kind'),
    goodAt: instant('good_at'),
    since: instant('since'),
    severity: of('severity'),
  };
}
