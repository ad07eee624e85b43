import { html } from 'hono/html';
import type { Html } from '../page.ts';
import { shown } from './text.ts';

/** An error code, with the way to its cause and cure. */
export function codeLink(code: string): Html {
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code)
    ? html`<a class="code" href="/errors/${code}">${code}</a>`
    : html`<span class="code">${shown(code, 60)}</span>`;
}
