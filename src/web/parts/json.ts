import { html } from 'hono/html';
import type { Html } from '../page.ts';

/** So many characters of a document are shown. */
const MOST = 4000;

/**
 * A document as indented JSON. What could move or hide text stands there as its escape, so that it can be seen; a long one is cut, and says so.
 */
export function json(value: unknown): Html {
  return excerpt(JSON.stringify(value, null, 2) ?? 'null');
}

/** Text that is no document, as it stands there, in the same way. */
export function excerpt(text: string): Html {
  const shown = text.slice(0, MOST).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => (c === '\n' ? c : escapeOf(c)));
  const more = text.length - MOST;
  return html`<pre tabindex="0">${shown}${
    more > 0
      ? html`
<span class="more">… ${more} more characters</span>`
      : ''
  }</pre>`;
}

function escapeOf(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
