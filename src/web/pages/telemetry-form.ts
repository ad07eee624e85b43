import { html } from 'hono/html';
import type { WantedLines } from '../../views/telemetry/search.ts';
import type { Html, PageContext } from '../page.ts';
import { faultNotes } from '../parts/faults.ts';

/** What an address asks of telemetry. */
export interface AskedLines {
  readonly wanted: WantedLines;
  /** As it was typed, by the field's name; what is empty is not there. */
  readonly typed: ReadonlyMap<string, string>;
  /** What could not be understood, in words. */
  readonly faults: readonly string[];
}

const FIELDS = ['q', 'event', 'lane', 'order', 'agent', 'ok', 'since', 'until'] as const;
/** Longer words nobody types. */
const LONGEST = 200;

/** Reads what is asked for; what cannot be understood is told and does not count. */
export function askedLines(query: URLSearchParams, nowMs: number): AskedLines {
  const typed = new Map<string, string>();
  for (const name of FIELDS) {
    const text = (query.get(name) ?? '').trim().slice(0, LONGEST);
    if (text !== '') typed.set(name, text);
  }
  const faults: string[] = [];
  const instant = (name: 'since' | 'until') => {
    const text = typed.get(name);
    if (text === undefined) return {};
    const at = instantOf(text, nowMs);
    if (at === null)
      faults.push(`${JSON.stringify(text)} is no time: write 2026-11-22 10:00 (UTC), or 24h for a day ago`);
    return at === null ? {} : { [name]: at };
  };
  const text = (name: 'event' | 'lane' | 'order' | 'agent') => {
    const value = typed.get(name);
    return value === undefined ? {} : { [name]: value };
  };
  const [words, ok] = [typed.get('q'), typed.get('ok')];
  const wanted: WantedLines = {
    ...text('event'),
    ...text('lane'),
    ...text('order'),
    ...text('agent'),
    ...(ok === 'yes' || ok === 'no' ? { ok: ok === 'yes' } : {}),
    ...instant('since'),
    ...instant('until'),
    ...(words === undefined ? {} : { words }),
  };
  return { wanted, typed, faults };
}

/** An instant in UTC, or how long ago it was: 30m, 24h, 7d. Null for what is neither. */
function instantOf(text: string, nowMs: number): number | null {
  const [, n, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (n !== undefined) return nowMs - Number(n) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'm' | 'h' | 'd'];
  const [whole, day, clock = '00:00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(?: ?(?:Z|UTC))?$/.exec(text) ?? [];
  const at = whole === undefined ? Number.NaN : Date.parse(`${day}T${clock}Z`);
  return Number.isNaN(at) ? null : at;
}

/** The same question as an address. */
export function queryOf({ typed }: AskedLines, more: Readonly<Record<string, string>> = {}): string {
  return new URLSearchParams([...typed, ...Object.entries(more)]).toString();
}

/** The form that asks; it stands outside of what is drawn again, so that nobody's typing is lost. */
export function fields({ station, records }: PageContext, { typed, faults }: AskedLines): Html {
  const value = (name: string) => typed.get(name) ?? '';
  const lanes = [
    ...new Set([...Object.keys(station.settings.lanes), ...records.board.lanes().map(({ lane }) => lane)]),
  ];
  const field = (name: string, label: string, hint: string, listId = '') =>
    html`<label>${label} <input name="${name}" value="${value(name)}" placeholder="${hint}" maxlength="${LONGEST}"${listId === '' ? '' : html` list="${listId}"`}></label>`;
  const ok = value('ok');
  return html`<form method="get" action="/telemetry" class="filter" role="search" aria-label="Filter telemetry">
<label>Words <input type="search" name="q" value="${value('q')}" maxlength="${LONGEST}"></label>
${field('event', 'Event', 'wo_failed', 'events')}${field('lane', 'Lane', 'MAIN', 'lanes')}${field('order', 'Order', 'WO-1')}${field('agent', 'Agent', 'executor')}
<label>Outcome <select name="ok">${[
    ['', 'any'],
    ['yes', 'ok'],
    ['no', 'not ok'],
  ].map(
    ([key, name]) => html`<option value="${key ?? ''}"${key === ok ? html` selected` : ''}>${name ?? ''}</option>`,
  )}</select></label>
${field('since', 'Since', '24h')}${field('until', 'Until (UTC)', '2026-11-22 10:00')}
<button class="primary">Search</button> <a href="/telemetry">Clear</a>
<datalist id="events">${EVENTS.map((name) => html`<option value="${name}"></option>`)}</datalist>
<datalist id="lanes">${lanes.sort().map((name) => html`<option value="${name}"></option>`)}</datalist>
</form>${faultNotes(faults)}`;
}

/** What people look for most; any other can be typed. */
const EVENTS = [
  'wo_received',
  'wo_rejected',
  'wo_started',
  'wo_command',
  'wo_step_ended',
  'wo_parked',
  'wo_resumed',
  'wo_completed',
  'wo_failed',
  'wo_cancelled',
  'wo_pipeline_drift',
  'wo_pipeline_recovered',
  'wo_pipeline_repaired',
  'wo_pipeline_healthy',
  'station_opened',
] as const;
