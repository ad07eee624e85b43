import { html } from 'hono/html';
import type { StateDocument } from '../../../order/generated.ts';
import type { Linked, OrderDetails } from '../../../views/order/details.ts';
import { durationText } from '../../../views/words.ts';
import type { Html } from '../../page.ts';
import { orderLink } from '../../parts/order-link.ts';
import { statusBadge } from '../../parts/status.ts';
import { shown } from '../../parts/text.ts';
import { time } from '../../parts/time.ts';

const LINKED = 50;

/** What the order is, whose, and where it stands. */
export function headOf({ state, dependsOn, dependents }: OrderDetails): Html {
  const { requester } = state;
  const by = requester.declared_by;
  const rows: [string, Html | null][] = [
    [
      'Lane',
      html`<a href="/orders?lane=${encodeURIComponent(state.lane)}">${shown(state.lane, 60)}</a>, ${shown(state.priority, 20)}, ${shown(state.type, 40)}`,
    ],
    [
      'Requested by',
      html`${shown(requester.user ?? `uid ${requester.uid}`, 60)} via ${requester.via}${by === null ? '' : html`, who says to be “${shown(by, 80)}”`}`,
    ],
    ['Summary', state.summary === '' || state.status === 'done' ? null : html`${shown(state.summary, 600)}`],
    ['Received', time(state.received_at)],
    ['Started', state.started_at === null ? null : time(state.started_at)],
    ['Ended', state.finished_at === null ? null : html`${time(state.finished_at)}${tookOf(state)}`],
    ['Attempt', state.attempt > 1 || state.revision > 1 ? html`${state.attempt}, revision ${state.revision}` : null],
    ['Depends on', linksOf(dependsOn)],
    ['Waited for by', linksOf(dependents)],
    [
      'Tags',
      state.tags.length === 0
        ? null
        : html`${state.tags.slice(0, 20).map((tag) => html`<span class="tag">${shown(tag, 40)}</span> `)}`,
    ],
    ['Trace', html`<code>${state.trace_id}</code>`],
  ];
  return html`<h1><span class="of-order">${statusBadge(state.status, state.waiting_for)} <span class="id">${shown(state.wo_id, 80)}</span></span> ${shown(state.title, 300)}</h1>
<dl class="review">${rows.map(([name, value]) => (value === null ? '' : html`<dt>${name}</dt><dd>${value}</dd>`))}</dl>`;
}

function tookOf({ started_at: started, finished_at: finished }: StateDocument): Html | string {
  return started === null || finished === null
    ? ''
    : html`, after ${durationText(Date.parse(finished) - Date.parse(started))}`;
}

function linksOf(orders: readonly Linked[]): Html | null {
  if (orders.length === 0) return null;
  return html`<ul class="plain">${orders
    .slice(0, LINKED)
    .map(
      ({ woId, title, status, waitingFor }) =>
        html`<li>${orderLink(woId)} ${status === null ? html`<span class="none">not seen, or long ago</span>` : statusBadge(status, waitingFor)} ${shown(title, 80)}</li>`,
    )}${orders.length > LINKED ? html`<li class="more">and ${orders.length - LINKED} more</li>` : ''}</ul>`;
}
