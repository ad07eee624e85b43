import { html } from 'hono/html';
import type { ErrorCode, WaybillError } from '../../order/error.ts';
import type { PageOf } from '../page.ts';
import { codeLink } from '../parts/code-link.ts';
import { shown } from '../parts/text.ts';

/** The status with which a code is told. */
export function statusOf(code: ErrorCode): 403 | 404 | 409 | 500 {
  if (code === 'UNKNOWN_ORDER') return 404;
  if (code === 'APPROVAL_REFUSED') return 403;
  return code === 'APPROVAL_STALE' || code === 'ILLEGAL_TRANSITION' || code === 'POLICY_INVALID' ? 409 : 500;
}

/** What could not be shown, what to do, and the way to all that is known of its code. */
export function errorView({ code, message, hint }: WaybillError): PageOf {
  return async () => ({
    title: code,
    place: null,
    regions: {},
    frame: () =>
      html`<h1>${code}</h1><p>${shown(message, 500)}</p><p>${shown(hint, 500)}</p><p>What it means and what mends it: ${codeLink(code)}. <a href="/">To the overview</a></p>`,
  });
}

/** An address at which nothing is. */
export const missingView: PageOf = async () => ({
  title: 'Not here',
  place: null,
  status: 404,
  regions: {},
  frame: () => html`<h1>There is no such page</h1><p><a href="/">To the overview</a></p>`,
});
