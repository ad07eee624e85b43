import type { ItemStatus } from './item.ts';

/** What a line has of a check box. Columns count from 0. */
export type Box =
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear' | 'misplaced'; readonly why: string; readonly hint: string; readonly column: number }
  | {
      readonly kind: 'box';
      readonly status: ItemStatus;
      /** What about its form is odd; null where everybody reads it. */
      readonly odd: string | null;
      /** Where the bullet stands, or the box where there is none. */
      readonly column: number;
      /** The brackets, with what is in them. */
      readonly from: number;
      readonly to: number;
      /** How far the line is indented, a tab up to the next multiple of four. */
      readonly indent: number;
    };

/** One that can be read. */
export type CheckBox = Extract<Box, { kind: 'box' }>;

const NONE: Box = { kind: 'none' };

/** What stands in a box, and means. */
const MARKS: Readonly<Record<string, ItemStatus>> = {
  '': 'open',
  x: 'done',
  X: 'done',
  '/': 'in progress',
  '!': 'blocked',
  '~': 'dropped',
  '-': 'dropped',
  // not everybody's, with one meaning
  '✓': 'done',
  '✔': 'done',
  '☑': 'done',
  '✅': 'done',
  '√': 'done',
  '–': 'dropped',
  '—': 'dropped',
  todo: 'open',
  done: 'done',
  wip: 'in progress',
  'in progress': 'in progress',
  'in-progress': 'in progress',
  in_progress: 'in progress',
  blocked: 'blocked',
};
/** Those that the format knows; the others are read, and said to be odd. */
const KNOWN = [' ', 'x', 'X', '/', '!', '~', '-'];

const BOX = /^([ \t]*)(?:([-*+]|\d{1,9}[.)])([ \t\u00a0]*))?\[([^[\]]{0,12})\]/;
/** Behind a box, these make a link or a reference of it. */
const LINKS = '([:';
/** A box as it stands in other places, also with its brackets doubled or escaped: no link, and no `[!NOTE]`. */
const SIGN = String.raw`\\?\[{1,2}[ \u00a0xX/!~\-✓✔✅√–—]?\\?\](?!\]?[([:\p{L}\p{N}])`;
/**
 * What may stand before a box in places where it is none: quotations, headings, tables, emphasis, pictures, other bullets, also letters (`a.`), and
 * a priority. Words are none of it.
 */
const ELSEWHERE = new RegExp(
  String.raw`^(?:[^\p{L}[\]［☐☑☒\\\x60"'“”„«(<]|(?<![\p{L}\p{N}])(?:[A-Za-z](?=[.)][ \t])|\(?[Pp](?=\d(?![\p{L}\p{N}]))))*(?:${SIGN}|［[ \u3000xX✓]?］|[☐☑☒])`,
  'u',
);
const TABLE = /^[ \t]*\|/;
const CELL = new RegExp(String.raw`\|[ \t]*(?:[-*+][ \t]+)?${SIGN}`, 'u');
const UNCLOSED = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[xX]?[ \t][^\]]*$/;

/** Reads the check box of a line, if it has one. What looks like one is never `none`. */
export function readBox(line: string): Box {
  const found = BOX.exec(line);
  if (found === null) return elsewhere(line);
  const [all, white = '', bullet, gap = '', inside = ''] = found;
  const from = all.length - inside.length - 2;
  const to = all.length;
  const next = line.charAt(to);
  const mark = inside.replaceAll('\u00a0', ' ').trim();
  const word = mark.toLowerCase();
  const status = Object.hasOwn(MARKS, mark) ? MARKS[mark] : Object.hasOwn(MARKS, word) ? MARKS[word] : undefined;
  const column = bullet === undefined ? from : white.length;
  const isLink = next !== '' && LINKS.includes(next);
  if (bullet === undefined) {
    // a line of prose may begin with brackets
    if (isLink || status === undefined || mark.length > 1 || !/^[ \t]+\S/.test(line.slice(to))) return NONE;
    return { kind: 'misplaced', why: 'a check box without a bullet', hint: 'Write `- [ ] Title`.', column };
  }
  if (isLink) {
    if (!isMarks(mark)) return NONE;
    return {
      kind: 'unclear',
      why: `${shown(inside)}${next}: a check box, or the words of a link`,
      hint: 'For a check box put a space behind it; for a link, words into it.',
      column,
    };
  }
  if (status === undefined) return [...mark].length === 1 || isMarks(mark) ? unclear(inside, column) : NONE;
  const odd = oddity(inside, gap, next);
  return { kind: 'box', status, odd, column, from, to, indent: indentOf(line) };
}

/** Only marks, such as `[x/]` or `[?]`: `[P1]`, `[1]` and `[RFC]` are words of a list. */
function isMarks(mark: string): boolean {
  return mark.length <= 4 && [...mark].every((c) => /[xX\s]|[^\p{L}\p{N}]/u.test(c));
}

function oddity(inside: string, gap: string, next: string): string | null {
  if (!KNOWN.includes(inside)) return `${shown(inside)} is no mark that everybody reads`;
  if (gap === '') return 'no space between bullet and check box';
  if (gap.includes('\u00a0')) return 'no ordinary space between bullet and check box';
  return next !== '' && !/\s/.test(next) ? 'no space behind the check box' : null;
}

function unclear(inside: string, column: number): Box {
  return {
    kind: 'unclear',
    why: `${shown(inside)} can mean several things`,
    hint: 'Write [ ] open, [/] in progress, [x] done, [!] blocked, or [-] dropped.',
    column,
  };
}

function elsewhere(line: string): Box {
  const at = ELSEWHERE.test(line)
    ? line.search(/[[［☐☑☒]/)
    : (TABLE.test(line) && CELL.test(line)) || UNCLOSED.test(line)
      ? line.indexOf('[')
      : -1;
  if (at === -1) return NONE;
  return {
    kind: 'misplaced',
    why: 'a check box where none is read',
    hint: 'Items stand in lists: `- [ ] Title`, not in tables, quotations, headings or emphasis.',
    column: at,
  };
}

/** How far a line is indented, a tab up to the next multiple of four. */
export function indentOf(line: string): number {
  let width = 0;
  for (const c of line) {
    if (c === ' ') width++;
    else if (c === '\t') width += 4 - (width % 4);
    else break;
  }
  return width;
}

function shown(inside: string): string {
  return `[${inside}]`;
}
