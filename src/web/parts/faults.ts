import { html } from 'hono/html';
import type { Html } from '../page.ts';
import { shown } from './text.ts';

/** Longer words of an address are cut. */
const MOST = 300;

/** What of an address could not be understood and so does not count: a page that passed it over would seem to answer it. */
export function faultNotes(faults: readonly string[]): Html {
  return html`${faults.map((fault) => html`<p class="fault" role="alert">${shown(fault, MOST)}</p>`)}`;
}

/** Says that a word is none of those that are known. */
export function noneOf(what: string, word: string, known: readonly string[]): string {
  return `${JSON.stringify(word.slice(0, 60))} is no ${what}, and was passed over: ${what} is one of ${known.join(', ')}`;
}
