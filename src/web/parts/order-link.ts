import { html } from 'hono/html';
import type { Html } from '../page.ts';
import { addressPart, shown } from './text.ts';

/** The address of an order's page. */
export function orderAddress(woId: string): string {
  return `/orders/${addressPart(woId)}`;
}

/** A link to an order's page; ids are checked before they are anybody's, and are encoded here all the same. */
export function orderLink(woId: string): Html {
  return html`<a class="id" href="${orderAddress(woId)}">${shown(woId, 80)}</a>`;
}
