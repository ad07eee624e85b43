import { html } from 'hono/html';
import type { WaybillError } from '../../order/error.ts';
import type { PageOf } from '../page.ts';
import { shown } from '../parts/text.ts';

/** What could not be shown, and what to do. */
export function errorView({ code, message, hint }: WaybillError): PageOf {
  return async () => ({
    title: code,
    place: null,
    regions: {},
    frame: () =>
      html`<h1>${code}</h1><p>${shown(message, 500)}</p><p>${shown(hint, 500)}</p><p><a href="/">To the overview</a></p>`,
  });
}

export const missingView: PageOf = async () => ({
  title: 'Not here',
  place: null,
  status: 404,
  regions: {},
  frame: () => html`<h1>There is no such page</h1><p><a href="/">To the overview</a></p>`,
});
