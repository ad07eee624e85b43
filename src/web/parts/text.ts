import { html } from 'hono/html';
import { plain } from '../../views/words.ts';
import type { Html } from '../page.ts';

/** Other people's text as it is shown: one line, no control or bidirectional characters, at most so many characters. `html` escapes it. */
export function shown(text: string, most = 200): string {
  const line = plain(text.slice(0, most * 2 + 1))
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= most && text.length <= most * 2 ? line : `${characters.slice(0, most).join('')}…`;
}

/** Other people's text, all of it: where somebody decides by what stands there, nothing is cut or folded. It wraps. */
export function whole(text: string): Html {
  return html`<span class="whole">${plain(text)}</span>`;
}

/** Other people's text as a part of an address, whatever stands in it: half a character is none, and would throw. */
export function addressPart(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}
