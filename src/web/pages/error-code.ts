import { html } from 'hono/html';
import { ERROR_CODES, type ErrorCode } from '../../order/error.ts';
import { errorPage, findCode } from '../../order/errors/causes/page.ts';
import { THEMES } from '../../order/errors/causes/table.ts';
import type { Html, PageOf } from '../page.ts';
import { codeLink } from '../parts/code-link.ts';
import { shown } from '../parts/text.ts';

/** What an error code means, how it comes about, and what mends it: as `waybill explain CODE` tells it. */
export const errorCode: PageOf = async (_, { params }) => {
  const named = params['code'] ?? '';
  const { code, nearest } = findCode(named);
  if (code === null) {
    const near = nearest === null ? html`` : html`<p>Did you mean <a href="/errors/${nearest}">${nearest}</a>?</p>`;
    return {
      title: 'No such code',
      place: null,
      status: 404,
      regions: {},
      frame: () =>
        html`<h1>There is no code ${shown(named, 40)}</h1>${near}<p><a href="/errors">Every code</a>, or <a href="/">to the overview</a></p>`,
    };
  }
  const { what, retryable, causes, cure, page } = errorPage(code);
  const items = (texts: readonly string[]) => texts.map((text) => html`<li>${withCommands(text)}</li>`);
  return {
    title: code,
    place: null,
    regions: {},
    frame: () => html`<h1>${code}</h1><p>${what}</p>
<h2>How it comes about</h2><ul>${items(causes)}</ul>
<h2>What to do</h2><ol>${items(cure)}</ol>
<p>${retryable ? 'It is tried again by itself, as often as retries of the order says.' : 'It is not tried again by itself.'} An example, and where to read on: <code>${page}</code>, or <code>waybill explain ${code}</code>.</p>
<p><a href="/errors">Every code</a></p>`,
  };
};

/** Every code in a sentence, by the themes of an order's life: for whoever has none, or looks for a neighbour. */
export const errorCodes: PageOf = async () => ({
  title: 'Error codes',
  place: null,
  regions: {},
  frame: () =>
    html`<h1>Error codes</h1>${THEMES.map(
      ({ title, causes }) =>
        html`<h2>${title}</h2><dl>${(Object.keys(causes) as ErrorCode[]).map(
          (code) => html`<dt>${codeLink(code)}</dt><dd>${withCommands(ERROR_CODES[code].what)}</dd>`,
        )}</dl>`,
    )}`,
});

/** A text of ours with what stands in backticks as code. */
function withCommands(text: string): Html {
  return html`${text.split('`').map((part, n) => (n % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}
