import { plain } from '../../views/words.ts';

/** Other people's text as it is shown: one line, no control or bidirectional characters, at most so many characters. `html` escapes it. */
export function shown(text: string, most = 200): string {
  const line = plain(text.slice(0, most * 2 + 1))
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= most && text.length <= most * 2 ? line : `${characters.slice(0, most).join('')}…`;
}
