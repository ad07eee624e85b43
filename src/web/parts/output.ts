import { html } from 'hono/html';
import type { Part } from '../../views/order/part.ts';
import { plain, sizeText } from '../../views/words.ts';
import type { Html } from '../page.ts';

/** Of one line so much is shown. */
const WIDTH = 2000;

/** What a terminal does with an escape sequence, nobody sees here: colours, moves, titles. */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,4000}(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** What a program said, as it would stand on a terminal, harmless and by lines: a line that it wrote over is only there as it was last. */
export function outputText(text: string): string {
  return text
    .replace(ESCAPES, '')
    .split('\n')
    .map((line) => lastOf(line.replace(/\r+$/, '')))
    .map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH)}… (${line.length - WIDTH} more characters)` : line))
    .map(plain)
    .join('\n');
}

function lastOf(line: string): string {
  return line.slice(line.lastIndexOf('\r') + 1);
}

/** A stream's end in a box that stays at its end while it grows. `rest` says where the whole stands. */
export function outputBox(label: string, { text, size, cut, isBinary }: Part, rest: Html): Html {
  if (isBinary) return html`<p class="cut">${label}: ${sizeText(size)} that are no text. ${rest}</p>`;
  if (size === 0) return html`<p class="none">${label}: nothing.</p>`;
  return html`${cut > 0 ? html`<p class="cut">${label}: ${sizeText(cut)} before this are not shown here. ${rest}</p>` : ''}<p class="label">${label}</p><div class="tail"><pre tabindex="0" role="group" aria-label="${label}">${outputText(text)}</pre></div>`;
}
