import { html } from 'hono/html';
import type { Html } from '../page.ts';

/** A time: absolute as it is sent, since a region that only grows older must not change; the browser says how long ago it was. */
export function time(iso: string | null): Html {
  if (iso === null) return html`<span class="none">–</span>`;
  return html`<time datetime="${iso}">${iso
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
    .replace(/Z$/, ' UTC')}</time>`;
}
