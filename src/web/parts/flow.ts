import { html } from 'hono/html';
import type { Flow, FlowLane } from '../../views/flow.ts';
import type { Html } from '../page.ts';
import { shown } from './text.ts';

/** A place that orders pass, and the orders that stand there. */
interface Stop {
  readonly name: string;
  readonly kind: string;
  readonly query: string | null;
  count(row: Omit<FlowLane, 'lane'>): number;
}

/** On the way. */
const WAY: readonly Stop[] = [
  { name: 'Inbox', kind: 'inbox', query: null, count: ({ inbox }) => inbox },
  { name: 'Ready', kind: 'ready', query: 'status=ready', count: ({ ready }) => ready },
  { name: 'Running', kind: 'running', query: 'status=running', count: ({ running }) => running },
  { name: 'Done', kind: 'done', query: 'status=done', count: ({ ended }) => ended.done },
];
/** Beside it. */
const SIDE: readonly Stop[] = [
  { name: 'Parked', kind: 'parked', query: 'status=parked', count: ({ parked }) => parked },
  { name: 'Failed', kind: 'failed', query: 'status=failed', count: ({ ended }) => ended.failed },
  { name: 'Rejected', kind: 'rejected', query: 'status=rejected', count: ({ ended }) => ended.rejected },
  { name: 'Cancelled', kind: 'cancelled', query: 'status=cancelled', count: ({ ended }) => ended.cancelled },
];

/** The flow of orders as a picture: where they pass, how many stand there now, and the same for each lane. */
export function flowPicture({ lanes, total, waits, isWhole }: Flow): Html {
  return html`<div class="flow">
<ol class="way" aria-label="On the way">${WAY.map((stop) => box(stop, total))}</ol>
<ul class="side" aria-label="Beside the way">${SIDE.map((stop) => box(stop, total, stop.kind === 'parked' ? waits : {}))}</ul>
<p class="none">${isWhole ? 'Done, failed, rejected and cancelled: within the last 24 hours.' : 'What ended within the last 24 hours is being counted.'}</p>
</div>
${lanes.length === 0 ? html`<p class="none">No lane yet: drop an order into <code>bridge/inbox/LANE/</code>.</p>` : laneTable(lanes)}`;
}

function box({ name, kind, query, count }: Stop, total: Omit<FlowLane, 'lane'>, waits: Flow['waits'] = {}): Html {
  const n = count(total);
  const inner = html`<span class="count" data-count>${n}</span> <span class="stop">${name}</span>`;
  const list = Object.entries(waits).sort(([a], [b]) => (a < b ? -1 : 1));
  return html`<li class="box ${kind}${n === 0 ? ' empty' : ''}">${query === null ? html`<span class="in">${inner}</span>` : html`<a class="in" href="/orders?${query}">${inner}</a>`}${
    list.length === 0
      ? ''
      : html`<span class="chips">${list.map(
          ([wait, many]) =>
            html`<a href="/orders?status=parked&amp;waiting=${wait}">${wait} <span data-count>${many}</span></a> `,
        )}</span>`
  }</li>`;
}

function laneTable(lanes: readonly FlowLane[]): Html {
  const stops = [...WAY, ...SIDE];
  return html`<div class="card scroll"><table class="lanes"><caption class="sr">The same by lane</caption>
<thead><tr><th scope="col">Lane</th>${stops.map(({ name }) => html`<th scope="col" class="n">${name}</th>`)}</tr></thead>
<tbody>${lanes.map(
    (row) =>
      html`<tr><th scope="row"><a href="/orders?lane=${encodeURIComponent(row.lane)}">${shown(row.lane, 40)}</a></th>${stops.map(
        (stop) => cell(stop, row),
      )}</tr>`,
  )}</tbody></table></div>`;
}

function cell({ count, query, kind }: Stop, row: FlowLane): Html {
  const n = count(row);
  if (n === 0) return html`<td class="n zero">·</td>`;
  if (query === null) return html`<td class="n" data-count>${n}</td>`;
  return html`<td class="n"><a class="${kind}" href="/orders?lane=${encodeURIComponent(row.lane)}&amp;${query}" data-count>${n}</a></td>`;
}
