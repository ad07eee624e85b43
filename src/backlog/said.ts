import { PRIORITY_WORDS } from '../order/canonical.ts';
import type { Item } from './item.ts';

/** What the text of an item says, in Markdown and in YAML alike. */

/** Nothing, or as good as nothing, is null. */
export function said(text: string): string | null {
  const plain = text.replace(/^[\s*_,]+|[\s*_,]+$/g, '');
  return /^(?:[-–—?.]*|n\/?a|none|tbd|tba|todo|unassigned)$/i.test(plain) ? null : plain;
}

/** As orders have them, in small letters. */
const PRIORITIES: ReadonlyMap<string, Item['priority']> = new Map(
  Object.entries(PRIORITY_WORDS).map(([word, priority]) => [word.toLowerCase(), priority]),
);

/** The priority that a word names; null for no word. */
export function priorityIn(word: string | null): Item['priority'] | 'unknown' | null {
  if (word === null) return null;
  const plain = /^[a-z0-9]+/.exec(word.toLowerCase())?.[0] ?? '';
  return PRIORITIES.get(plain) ?? 'unknown';
}

/** Characters that show nothing, or turn the direction of a text. */
export const HIDDEN = /[\p{Bidi_Control}\u200b\u2060\u00ad\ufeff]/u;
