import { html } from 'hono/html';
import { asWaybillError } from '../../order/error.ts';
import type { HistoryDocument } from '../../order/generated.ts';
import { causeOf } from '../../views/guardrail/cause.ts';
import {
  type ComponentView,
  type GuardrailView,
  guardrailView,
  KEPT_MS,
  newestDrifts,
} from '../../views/guardrail/guardrail-view.ts';
import { quoted } from '../../views/guardrail/remedy.ts';
import { SPANS, stripOf } from '../../views/guardrail/spans.ts';
import type { Asked, Html, PageContext, PageOf } from '../page.ts';
import { shareText, strip, stripLegend } from '../parts/strip.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';
import { missingView } from './error.ts';
import { driftList, standingBadge, whatHelps } from './guardrail.ts';

/** So long the page waits for an answer; it comes by itself later, or when the page is loaded again. */
const PATIENCE_MS = 1500;
const HOUR_MS = 3_600_000;
const LINES = 40;

/** What was answered for each browser that has the page open: asked anew only when the fault is another one. */
const answered = new WeakMap<Asked, { readonly about: string; readonly answer: Answer }>();

type Answer = { readonly document: HistoryDocument | null; readonly failure: string | null };
const PENDING: Answer = { document: null, failure: null };

/** One component: how it was these days, what is wrong, what helps, and the likely cause. */
export const component: PageOf = async (context, asked) => {
  const name = asked.params['component'] ?? '';
  const view = guardrailView(context.station, context.records);
  const row = view.components.find((one) => one.name === name);
  const drifts = newestDrifts(
    { ...view.drifts, faults: view.drifts.faults.filter((one) => one.component === name) },
    20,
  );
  if (row === undefined && drifts.length === 0) return missingView(context, asked);
  return {
    title: shown(name, 80),
    place: 'guardrail',
    regions: {
      state: state(row, view),
      uptime: uptime(view, name),
      cause: row?.isPath === false ? html`` : await cause(context, asked, view, row, name),
      drift: html`<section class="card"><h2>What it went through in 7 days</h2>${drifts.length === 0 ? html`<p class="none">Nothing was at fault, as far as somebody looked.</p>` : driftList(drifts)}</section>`,
    },
    frame: (r) =>
      html`<p><a href="/guardrail">Guardrail</a></p><h1>${shown(name, 200)}</h1>${r['state']}${r['uptime']}${r['cause']}${r['drift']}`,
  };
};

function state(row: ComponentView | undefined, { look }: GuardrailView): Html {
  if (row === undefined)
    return html`<section class="card"><p>It is no component now: nobody looks after it.</p></section>`;
  const { kind, severity, repair, standing, fault } = row;
  return html`<section class="card"><p>${standingBadge(standing)} ${fault === null ? '' : html`since ${time(fault.since)}`} <span class="soft">${kind}, ${severity}, repair: ${repair}; checked ${time(look?.at ?? null)}</span></p>${whatHelps({ ...row, isPath: false })}</section>`;
}

function uptime({ looks, nowMs }: GuardrailView, name: string): Html {
  return html`<section class="card"><h2>How it was</h2>${(['day', 'week'] as const).map((span) => {
    const all = stripOf(looks, name, span, nowMs);
    return html`<figure class="uptime"><figcaption>${SPANS[span].name}: ${shareText(all)}</figcaption>${strip(all, SPANS[span].name)}</figure>`;
  })}${stripLegend()}</section>`;
}

async function cause(
  { station }: PageContext,
  asked: Asked,
  view: GuardrailView,
  row: ComponentView | undefined,
  name: string,
): Promise<Html> {
  const since = row?.fault?.since ?? '';
  const known = answered.get(asked);
  const answer = known?.about === since ? known.answer : await asking(station, name, since, view);
  if (answer !== PENDING) answered.set(asked, { about: since, answer });
  const command = html`<code>waybill history ${shown(quoted(name), 300)}</code>`;
  return html`<section class="card"><h2>Likely cause</h2>${
    answer.document !== null
      ? conclusion(answer.document)
      : answer.failure === null
        ? html`<p class="none">It is being looked for in git, logs and telemetry. It appears here; without JavaScript, load the page again.</p>`
        : html`<p class="fault">${shown(answer.failure, 400)}</p>`
  }<p class="soft">${command} says this and more.</p></section>`;
}

async function asking(
  station: PageContext['station'],
  path: string,
  since: string,
  { nowMs }: GuardrailView,
): Promise<Answer> {
  const began = since === '' ? nowMs - KEPT_MS : Date.parse(since) - HOUR_MS;
  const hours = Math.min(KEPT_MS, Math.max(24 * HOUR_MS, nowMs - began)) / HOUR_MS;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<Answer>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, PENDING);
  });
  const answer = causeOf(station, path, Math.ceil(hours), since).then(
    (document): Answer => ({ document, failure: null }),
    (thrown): Answer => ({ document: null, failure: asWaybillError(thrown).message }),
  );
  return Promise.race([answer, patience]).finally(() => clearTimeout(timer));
}

function conclusion({
  summary,
  cause: why,
  between,
  recent,
  advice,
  not_read: notRead,
  lessons,
  asked_at: at,
  hours,
}: HistoryDocument): Html {
  const events = between.length > 0 ? between : recent;
  return html`<p>${shown(summary, 600)}</p>${
    why === null
      ? ''
      : html`<p><strong>${why.confidence}</strong>: ${shown(why.text, 400)}${why.at === null ? '' : html` ${time(why.at)}`}</p><ul>${why.evidence.slice(0, LINES).map((line) => html`<li>${shown(line, 300)}</li>`)}</ul>`
  }${advice === null ? '' : html`<p>${advice.do.replaceAll('_', ' ')}: ${shown(advice.text, 400)}</p>${advice.command === null ? '' : html`<pre tabindex="0">${shown(advice.command, 500)}</pre>`}`}${
    events.length === 0
      ? ''
      : html`<details><summary>${between.length > 0 ? 'What happened between' : `The last ${hours} hours`}: ${events.length}</summary><ul class="rows">${events
          .slice(0, LINES)
          .map(
            ({ at: when, source, text, where }) =>
              html`<li>${time(when)} <span class="soft">${source}</span> ${shown(text, 200)} <span class="soft">${shown(where, 100)}</span></li>`,
          )}</ul>${events.length > LINES ? html`<p class="more">and ${events.length - LINES} more</p>` : ''}</details>`
  }${lessons.length === 0 ? '' : html`<h3>Lessons</h3><ul>${lessons.slice(0, 10).map((title) => html`<li>${shown(title, 200)}</li>`)}</ul>`}${
    notRead.length === 0
      ? ''
      : html`<details><summary>Not read: ${notRead.length}</summary><ul>${notRead.slice(0, LINES).map((line) => html`<li>${shown(line, 300)}</li>`)}</ul></details>`
  }<p class="soft">Looked into ${time(at)}.</p>`;
}
