import { html } from 'hono/html';
import { durationText } from '../../guardrail/words.ts';
import type { Drift } from '../../views/guardrail/drift-record.ts';
import {
  type ComponentView,
  type GuardrailView,
  guardrailView,
  newestDrifts,
} from '../../views/guardrail/guardrail-view.ts';
import { lastAlerts } from '../../views/guardrail/last-alerts.ts';
import { newestLessons } from '../../views/guardrail/newest-lessons.ts';
import { SPANS, stripOf } from '../../views/guardrail/spans.ts';
import type { Asked, Html, PageContext, PageOf } from '../page.ts';
import { orderLink } from '../parts/order-link.ts';
import { statusBadge } from '../parts/status.ts';
import { shareText, strip, stripLegend } from '../parts/strip.ts';
import { addressPart, shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';

const PER_PAGE = 60;
/** Strips of single components: those that were at fault. */
const STRIPS = 30;
const DRIFTS = 30;
const REPAIRS = 10;
const LESSONS = 5;
const ALERTS = 20;

/** Whether the guardrail is happy: components, what drifted, how long it was good, repairs, lessons. */
export const guardrail: PageOf = async (context, asked) => {
  const view = guardrailView(context.station, context.records);
  return {
    title: 'Guardrail',
    place: 'guardrail',
    regions: {
      verdict: verdict(view),
      uptime: uptime(view),
      components: components(view, asked),
      drift: drift(view, context),
      repairs: repairs(context, view),
      lessons: lessons(context),
    },
    frame: (r) => html`<h1>Guardrail</h1>${r['verdict']}${r['uptime']}
<section class="card"><h2>Components</h2>${search(asked)}${r['components']}</section>${r['drift']}
<div class="columns">${r['repairs']}${r['lessons']}</div>`,
  };
};

/** Yes, no, or not known; and what to do where it is not yes. */
export function verdict({ look, isOld, isOn, everySeconds, settingsFault }: GuardrailView): Html {
  const notes: Html[] = [];
  if (settingsFault !== null)
    notes.push(
      html`waybill.yaml does not count now (${shown(settingsFault)}): components are those of when it could be read last.`,
    );
  if (look === null)
    return banner(
      'unknown',
      html`Nobody has looked yet. ${isOn ? html`The station looks by itself while it runs: <code>waybill up</code>. ` : html`The station does not look by itself: <code>guardrail.enabled</code> is false in waybill.yaml. `}<code>waybill guardrail --once</code> looks now; <code>waybill service install guardrail</code> lets it look every ${durationText(everySeconds * 1000)}.`,
      notes,
    );
  const who = { station: 'the station', guardrail: 'the guardrail', once: 'a look by hand or from cron' }[look.by];
  const when = html`Looked ${time(look.at)}, by ${who}.`;
  if (isOld)
    notes.push(
      html`That look is old: nobody looks any more. <code>waybill up</code>, or <code>waybill service install guardrail</code>.`,
    );
  const n = look.faults.length;
  if (n > 0)
    return banner(
      'bad',
      html`<strong>Is it happy? No:</strong> ${n} of ${look.components} components ${n === 1 ? 'is' : 'are'} at fault. ${when}`,
      notes,
    );
  if (isOld)
    return banner(
      'unknown',
      html`<strong>Is it happy? Not known.</strong> ${when} Then all ${look.components} components were good.`,
      notes,
    );
  return banner(
    'good',
    html`<strong>Is it happy? Yes:</strong> ${look.components} components, nothing is missing. ${when}`,
    notes,
  );
}

function banner(standing: 'good' | 'bad' | 'unknown', text: Html, notes: readonly Html[]): Html {
  return html`<section class="health ${standing}" aria-label="Is the guardrail happy?"><p>${text}</p>${notes.map((note) => html`<p>${note}</p>`)}</section>`;
}

function uptime({ looks, drifts, nowMs }: GuardrailView): Html {
  return html`<section class="card"><h2>All components together</h2>${(['day', 'week'] as const).map((span) => {
    const { name } = SPANS[span];
    const all = stripOf(looks, null, span, nowMs);
    return html`<figure class="uptime"><figcaption>${name}: ${shareText(all)}</figcaption>${strip(all, `All components, ${name}`)}</figure>`;
  })}${stripLegend()}${drifts.isWhole ? '' : html`<p class="more">Telemetry is being read: back to ${time(new Date(drifts.back).toISOString())} so far.</p>`}</section>`;
}

function search({ query }: Asked): Html {
  return html`<form method="get" action="/guardrail" class="filter" role="search" aria-label="Filter components"><label>Name, kind or fault <input type="search" name="q" value="${query.get('q') ?? ''}" maxlength="200"></label><button>Search</button></form>`;
}

function components({ components: all, looks, look, nowMs }: GuardrailView, { query }: Asked): Html {
  const words = (query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = all.filter(({ name, kind, fault }) => {
    const text = `${name} ${kind} ${fault?.kind ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (wanted.length === 0)
    return html`<p class="none">${all.length === 0 ? html`No component is named: list them below <code>guardrail.components</code> in waybill.yaml.` : html`No component is like that. <a href="/guardrail">All ${all.length}</a>`}</p>`;
  const pages = Math.ceil(wanted.length / PER_PAGE);
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(query.get('page') ?? 1)) || 1));
  const broken = new Set(looks.faults.map(({ component }) => component));
  let strips = 0;
  const cell = (row: ComponentView) =>
    broken.has(row.name) && strips++ < STRIPS
      ? strip(stripOf(looks, row.name, 'day', nowMs), `${shown(row.name, 80)}, the last 24 hours`, true)
      : html`<span class="none">no fault</span>`;
  const link = (n: number, rel: string, text: string) =>
    html`<a rel="${rel}" href="/guardrail?${new URLSearchParams({ ...(words.length > 0 ? { q: words.join(' ') } : {}), page: String(n) }).toString()}">${text}</a> `;
  return html`<table class="components"><thead><tr><th scope="col">Component</th><th scope="col">State</th><th scope="col" class="wide">24 hours</th><th scope="col">What is wrong, and what helps</th></tr></thead>
<tbody>${wanted.slice((page - 1) * PER_PAGE, page * PER_PAGE).map((row) => component(row, look?.at ?? null, cell(row)))}</tbody></table>
${pages === 1 ? '' : html`<nav class="pager" aria-label="Pages of components"><p>${wanted.length} components, page ${page} of ${pages}. ${page > 1 ? link(page - 1, 'prev', 'Before') : ''}${page < pages ? link(page + 1, 'next', 'Next') : ''}</p></nav>`}`;
}

function component(row: ComponentView, at: string | null, uptimeCell: Html): Html {
  const { name, kind, severity, repair, standing, fault } = row;
  return html`<tr data-key="${componentHref(name)}"><th scope="row"><a class="id" href="${componentHref(name)}">${shown(name, 120)}</a><br><span class="soft">${kind}${severity === 'warning' ? ', warning' : ''}${repair === 'report' ? '' : `, repair: ${repair}`}</span></th>
<td>${standingBadge(standing)}<br>${fault === null ? html`<span class="soft">checked ${time(at)}</span>` : html`<span class="soft">since ${time(fault.since)}</span>`}</td>
<td class="wide">${uptimeCell}</td>
<td>${fault === null ? '' : whatHelps(row)}</td></tr>`;
}

/** What is wrong with a component, and what helps; of a file also where to ask why. */
export function whatHelps({ name, fault, remedy, isPath }: ComponentView): Html {
  if (fault === null || remedy === null) return html``;
  return html`<p><strong>${fault.kind.replaceAll('_', ' ')}</strong>: ${shown(fault.message, 300)}${
    fault.good_at === null ? '; never seen good' : html`; last seen good ${time(fault.good_at)}`
  }</p><p>${remedy.text}${fault.mend === undefined ? '' : html` A repair would bring it back ${shown(fault.mend, 80)}.`}</p>${
    remedy.command === null ? '' : html`<pre tabindex="0">${shown(remedy.command, 500)}</pre>`
  }<p class="soft">${isPath ? html`<a href="${componentHref(name)}">Likely cause</a> · ` : ''}docs/runbooks/${remedy.runbook}.md</p>`;
}

/** The address of a component's page. */
export function componentHref(name: string): string {
  return `/guardrail/${addressPart(name)}`;
}

/** How a component stands, by a mark and a word: colour alone says nothing to some. */
export function standingBadge(standing: ComponentView['standing']): Html {
  const [mark, word] = { good: ['✓', 'good'], bad: ['✗', 'at fault'], unknown: ['?', 'not known'] }[standing];
  return html`<span class="badge ${{ good: 'done', bad: 'failed', unknown: 'quiet' }[standing]}"><span aria-hidden="true">${mark ?? ''}</span> ${word ?? ''}</span>`;
}

function drift({ drifts }: GuardrailView, { station }: PageContext): Html {
  const rows = newestDrifts(drifts, DRIFTS);
  const more = drifts.faults.length - rows.length;
  return html`<section class="card"><h2>What drifted in 7 days</h2>${
    rows.length === 0 ? html`<p class="none">Nothing, as far as somebody looked.</p>` : driftList(rows)
  }${more > 0 ? html`<p class="more">and ${more} more</p>` : ''}<p><a href="/telemetry?event=wo_pipeline_&amp;since=7d">All that it told</a></p>${alerts(station.layout.alerts)}</section>`;
}

/** What people were told last: the end of the alerts file. */
function alerts(path: string): Html {
  const lines = lastAlerts(path, ALERTS).reverse();
  if (lines.length === 0) return html``;
  return html`<details><summary>The alerts file's last ${lines.length} lines</summary><ol class="alerts">${lines.map((line) => html`<li>${shown(line, 300)}</li>`)}</ol></details>`;
}

/** Faults, one row each: since when, how long, and how it was over. */
export function driftList(rows: readonly Drift[]): Html {
  return html`<ul class="rows drifts">${rows.map(
    ({ component: name, kind, message, since, last, end, ended, woId }) =>
      html`<li data-key="${since} ${componentHref(name)}">${time(new Date(since).toISOString())} <a class="id" href="${componentHref(name)}">${shown(name, 100)}</a> <strong>${shown(kind.replaceAll('_', ' '), 40)}</strong> <span>${shown(message, 200)}</span> <span class="soft">${
        end === null
          ? html`told last ${time(new Date(last).toISOString())}`
          : html`${ended === 'dropped' ? 'no longer looked after' : ended === 'repaired' ? html`repaired${woId === null ? '' : html` by ${orderLink(woId)}`}` : 'over'} after ${durationText(end - since)}`
      }</span></li>`,
  )}</ul>`;
}

function repairs({ records }: PageContext, { look }: GuardrailView): Html {
  const rows = records.catalogue.select({ search: 'wo-repair-' }).slice(0, REPAIRS);
  const about = new Map((look?.repairs ?? []).map((repair) => [repair.wo_id, repair]));
  // the newest may be a command that no station has taken yet
  const waiting = [...about.values()].filter(({ wo_id: woId }) => records.catalogue.get(woId) === null);
  return html`<section class="card"><h2>Repairs</h2>${
    rows.length + waiting.length === 0
      ? html`<p class="none">None. What has <code>repair: auto</code> or <code>ask</code> is brought back by an order.</p>`
      : html`<ul class="rows">${waiting.map(({ wo_id: woId, component: name, at }) => html`<li data-key="${woId}">${statusBadge('ready')} ${shown(woId, 80)} <span>${shown(name, 90)}</span> ${time(at)} <span class="soft">waits for a station</span></li>`)}${rows.map(
          ({ woId, status, waitingFor, title, updatedAt }) =>
            html`<li data-key="${woId}">${statusBadge(status, waitingFor)} ${orderLink(woId)} <span>${shown(title, 90)}</span> ${time(updatedAt)}${about.get(woId)?.denied === true ? html` <span class="soft">not asked again</span>` : ''}</li>`,
        )}</ul>`
  }</section>`;
}

function lessons({ station }: PageContext): Html {
  const rows = newestLessons(station.layout.lessons, LESSONS);
  return html`<section class="card"><h2>Lessons</h2>${
    rows.length === 0
      ? html`<p class="none">None yet. <code>waybill forensics</code> writes one down with its report.</p>`
      : html`<ul class="rows">${rows.map(({ id, at, type, title }) => html`<li data-key="${id}">${time(at)} <span class="soft">${type}</span> ${shown(title, 200)}</li>`)}</ul><p><code>waybill lessons search</code> lists all.</p>`
  }</section>`;
}
