import { html } from 'hono/html';
import { asWaybillError } from '../../order/error.ts';
import type { Html } from '../page.ts';
import { codeLink } from './code-link.ts';
import { shown } from './text.ts';

/** Why the ledger cannot be read on, for every page, since none of them is as new as it looks then; nothing where `fault` is null. */
export function ledgerFault(fault: unknown): Html {
  if (fault === null) return html``;
  const { code, message, hint } = asWaybillError(fault);
  return html`<section class="health bad" aria-label="The ledger cannot be read"><p><strong>The ledger cannot be read on: what stands here is of before.</strong> ${codeLink(code)}: ${shown(message, 400)}</p><p>${shown(hint, 400)}</p></section>`;
}
