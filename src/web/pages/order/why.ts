import { html } from 'hono/html';
import type { Explanation } from '../../../views/why.ts';
import type { Html } from '../../page.ts';
import { codeLink } from '../../parts/code-link.ts';
import { orderLink } from '../../parts/order-link.ts';
import { statusBadge } from '../../parts/status.ts';
import { shown } from '../../parts/text.ts';
import { time } from '../../parts/time.ts';

const MOST = 20;

/** Why it is where it is, who ends that, what the failure means, and what to do. */
export function whyOf(told: Explanation): Html {
  const { failure, until, dependencies, next, facts } = told;
  // the last one is what the sentence tells
  const tried = told.tried.slice(0, -1);
  return html`<section class="card why ${told.status}" aria-label="Why"><p class="sentence">${shown(told.why, 800)} <span class="since">Since ${time(told.since)}${until === null ? '' : html`, until ${time(until)}`}.</span></p>
${told.released_by.length === 0 ? '' : html`<p>Who or what ends that: ${told.released_by.map((who, i) => html`${i === 0 ? '' : '; '}${shown(who, 300)}`)}.</p>`}
${failure === null ? '' : html`<p>${codeLink(failure.code)}: ${shown(failure.what ?? failure.message, 600)}</p>`}
${dependencies.length === 0 ? '' : html`<ul class="plain">${dependencies.slice(0, MOST).map((of) => html`<li>${of.root ? html`<strong>in the end:</strong> ` : ''}${orderLink(of.wo_id)} ${of.status === 'unknown' ? 'was never seen' : statusBadge(of.status, of.waiting_for)} ${shown(of.why, 200)}</li>`)}</ul>`}
${facts.length === 0 ? '' : html`<dl class="review">${facts.slice(0, MOST).map(({ about, text }) => html`<dt>${shown(about, 60)}</dt><dd>${shown(text, 400)}</dd>`)}</dl>`}
${tried.length === 0 ? '' : html`<details><summary>Tried before: ${tried.length}</summary><ol class="plain">${tried.slice(-MOST).map((one) => html`<li>attempt ${one.attempt}, ${time(one.at)}: ${one.code === null ? '' : html`${codeLink(one.code)} `}${shown(one.message, 300)}</li>`)}</ol></details>`}
${next.length === 0 ? '' : html`<p class="next">What to do next:</p><ul class="next">${next.slice(0, MOST).map(({ what, command }) => html`<li>${shown(what, 300)}${command === null ? '' : html` <code>${shown(command, 300)}</code>`}</li>`)}</ul>`}
</section>`;
}
