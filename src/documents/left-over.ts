import type { Contradiction } from './contradiction.ts';
import { spokenLines, type TextDocument } from './spoken-lines.ts';

/** How a document that counts as finished says so, near its beginning. */
const FINISHED = /^\W*(?:document\s+)?status\W*:\W*(?:active|final|finalized|finalised|approved|ratified|canonical)\b/i;
const HEAD_LINES = 30;
/** As a marker, not as a word: `TODO: say more`, `(WIP)`, a line that begins with TODO; TBD anywhere. */
const MARKER =
  /(?<![\p{L}\p{N}_-])(?:(?:TODO|FIXME|WIP)(?=\s*:)|TODO(?=\()|TBD(?![\p{L}\p{N}_-]))|(?<=\()(?:TODO|FIXME|WIP)(?=\))|(?<=\[)(?:TODO|FIXME|WIP)(?=\])|(?<=^\s*(?:[-*+]\s+(?:\[.\]\s+)?)?)(?:TODO|FIXME)(?=\s|$)/gu;
/** `no TODO markers`, `remove WIP notes`: spoken of, not left over. */
const SPOKEN_OF_BEFORE = /\b(?:no|without|remove|removed|any|zero|free of|all|grep)\s+(?:[\p{L}/]+[\s/]+)?$/iu;
const SPOKEN_OF_AFTER = /^['"]?\s*[/-]?\s*(?:\p{L}+\s+)?(?:markers?|placeholders?|lists?|comments?|tags?|limits?)\b/iu;

/** Markers of unfinished work in documents whose own status says that they are finished. */
export function leftOver(documents: readonly TextDocument[]): Contradiction[] {
  return documents.flatMap((document) => {
    const lines = spokenLines(document);
    if (!lines.slice(0, HEAD_LINES).some(({ text }) => FINISHED.test(text))) return [];
    const marked = lines.flatMap(({ line, raw }) => {
      const text = raw.replace(/`[^`]*`/g, '');
      const word = [...text.matchAll(MARKER)].find(
        (match) =>
          !SPOKEN_OF_BEFORE.test(text.slice(0, match.index)) &&
          !SPOKEN_OF_AFTER.test(text.slice(match.index + match[0].length)),
      )?.[0];
      return word === undefined ? [] : [{ line, word }];
    });
    if (marked.length === 0) return [];
    const words = [...new Set(marked.map(({ word }) => word))].join(', ');
    return [
      {
        id: 'marker-left-over',
        severity: 'warn' as const,
        message: `${document.path} says that it is finished, and has ${words}`,
        refs: marked.slice(0, 12).map(({ line }) => `${document.path}:${line}`),
      },
    ];
  });
}
