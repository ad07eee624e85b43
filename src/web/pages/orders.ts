import { html } from 'hono/html';
import type { PageOf } from '../page.ts';
import { orderLink } from '../parts/order-link.ts';
import { statusBadge } from '../parts/status.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';

const PER_PAGE = 50;

/** Every order, newest change first. */
export const orders: PageOf = async ({ records }, { query }) => {
  const found = records.catalogue.page({ search: query.get('q') ?? '' }, Number(query.get('page') ?? 1), PER_PAGE);
  return {
    title: 'Orders',
    place: 'orders',
    regions: {
      list: html`<table><thead><tr><th>Order</th><th>Status</th><th>Lane</th><th>Title</th><th>Changed</th></tr></thead>
<tbody>${found.rows.map(
        (row) =>
          html`<tr><td>${orderLink(row.woId)}</td><td>${statusBadge(row.status, row.waitingFor)}</td><td>${shown(row.lane)}</td><td>${shown(row.title, 120)}</td><td>${time(row.updatedAt)}</td></tr>`,
      )}</tbody></table>`,
    },
    frame: ({ list }) => html`<h1>Orders</h1>${list}`,
  };
};
