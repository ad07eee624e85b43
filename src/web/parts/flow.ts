import { html } from 'hono/html';
import type { Flow } from '../../views/flow.ts';
import type { Html } from '../page.ts';
import { shown } from './text.ts';

/** The flow of orders as a picture: a row for each lane, a column for each place, with how many stand there. */
export function flowPicture({ lanes, waits }: Flow): Html {
  return html`<table class="flow"><thead><tr><th scope="col">Lane</th><th scope="col">Inbox</th><th scope="col">Ready</th><th scope="col">Running</th><th scope="col">Parked</th></tr></thead>
<tbody>${lanes.map(
    (row) =>
      html`<tr><th scope="row">${shown(row.lane, 40)}</th><td>${row.inbox}</td><td>${row.ready}</td><td>${row.running}</td><td>${row.parked}</td></tr>`,
  )}</tbody></table>
<p>${Object.entries(waits).map(([wait, n]) => html`<span class="badge parked">${wait} ${n}</span> `)}</p>`;
}
