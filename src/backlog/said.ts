import type { Item } from './item.ts';

/** What the text of an item says, in Markdown and in YAML alike. */

/** Nothing, or as good as nothing, is null. */
export function said(text: string): string | null {
  const plain = text.replace(/^[\s*_,]+|[\s*_,]+$/g, '');
  return /^(?:[-–—?.]*|n\/?a|none|tbd|tba|todo|unassigned)$/i.test(plain) ? null : plain;
}

const PRIORITIES: Readonly<Record<string, Item['priority']>> = {
  p0: 0,
  p1: 1,
  p2: 2,
  p3: 3,
  critical: 0,
  urgent: 0,
  high: 1,
  normal: 2,
  medium: 2,
  low: 3,
};

/** The priority that a word names; null for no word. */
export function priorityIn(word: string | null): Item['priority'] | 'unknown' | null {
  if (word === null) return null;
  const plain = /^[a-z0-9]+/.exec(word.toLowerCase())?.[0] ?? '';
  return Object.hasOwn(PRIORITIES, plain) ? (PRIORITIES[plain] ?? 'unknown') : 'unknown';
}

/** Characters that show nothing, or turn the direction of a text. */
export const HIDDEN = /[\p{Bidi_Control}\u200b\u2060\u00ad\ufeff]/u;
