import { html } from 'hono/html';
import { flowOf, type NamedOrder } from '../../views/flow.ts';
import { stationStatus } from '../../views/station-status.ts';
import type { Html, PageOf } from '../page.ts';
import { flowPicture } from '../parts/flow.ts';
import { healthOf } from '../parts/health.ts';
import { orderLink } from '../parts/order-link.ts';
import { statusBadge } from '../parts/status.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';

/** Orders named in each list of the overview. */
const NAMED = 8;

/** What runs, what waits for people, what ended, and whether the station and its guardrail are well: the first screen. */
export const overview: PageOf = async ({ station, records }) => {
  const status = await stationStatus(station, records.fault());
  const flow = flowOf(station, records, status.lanes);
  return {
    title: 'Overview',
    place: 'overview',
    regions: {
      health: healthOf(status),
      flow: flowPicture(flow),
      running: list('Running', '/orders?status=running', flow.running, 'Nothing is running.'),
      asking: list('Waits for you', '/approvals', flow.asking, 'Nothing waits for you.'),
      ended: list('Ended last', '/orders', flow.ended, 'Nothing has ended yet.'),
    },
    frame: (r) => html`<h1 class="sr">Overview</h1>${r['health']}<section aria-label="The flow">${r['flow']}</section>
<div class="columns">${r['running']}${r['asking']}${r['ended']}</div>`,
  };
};

function list(title: string, href: string, rows: readonly NamedOrder[], none: string): Html {
  return html`<section class="card"><h2>${title}</h2>${
    rows.length === 0
      ? html`<p class="none">${none}</p>`
      : html`<ul class="rows">${rows.slice(0, NAMED).map(item)}</ul>`
  }${rows.length > NAMED ? html`<p class="more"><a href="${href}">and ${rows.length - NAMED} more</a></p>` : ''}</section>`;
}

/** An order in a list: what it is, and below it how it stands. */
function item({ woId, status, waitingFor, title, text, at, code }: NamedOrder): Html {
  const said = text === title ? '' : shown(text, 120);
  return html`<li data-key="${woId}"><p>${orderLink(woId)} ${shown(title, 80)}</p>
<p class="soft">${statusBadge(status, waitingFor)}${code === null ? '' : html` <a href="/errors/${code}">${code}</a>`} ${said} ${time(at)}</p></li>`;
}
