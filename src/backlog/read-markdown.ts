import { type CheckBox, indentOf, readBox } from './box.ts';
import type { Backlog, Item, Problem, ProblemCode } from './item.ts';
import { plainKey } from './key.ts';
import { type Line, linesOf, MAX_LINE } from './lines.ts';
import { itemOf, type Listed } from './markdown-item.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Reads a backlog in Markdown. Every line with a check box is either an item or a problem of severity `unread`; what was read and is odd is
 * a problem of severity `told`. Never throws. `file` is the name in places.
 */
export function readMarkdown(file: string, given: Uint8Array | string): Backlog {
  const { listed, problems } = listedIn(file, given);
  return {
    items: listed.map(({ item }) => item),
    problems: problems.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column),
  };
}

/** The same, with the lines that each item has: for those who change the text. */
export function listedIn(
  file: string,
  given: Uint8Array | string,
): { lines: readonly Line[]; listed: Listed[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const tell = (line: number, column: number, code: ProblemCode, message: string, hint: string, isRead = false) => {
    problems.push({
      code,
      severity: isRead ? 'told' : 'unread',
      message,
      hint,
      place: { file, line: line + 1, column: column + 1 },
    });
  };
  if (given.length > MAX_BYTES) {
    tell(0, 0, 'FILE_UNREADABLE', `the file is larger than ${MAX_BYTES} bytes`, 'Split it, or take out what is done.');
    return { lines: [], listed: [], problems };
  }
  const lines = linesOf(given);
  const broken = lines.findIndex(({ isBroken }) => isBroken);
  if (broken !== -1) tell(broken, 0, 'NOT_UTF8', 'the file has bytes that are no UTF-8', 'Save it as UTF-8.', true);
  const heading = new Headings((line, column, name) =>
    tell(
      line,
      column,
      'PRIORITY_UNKNOWN',
      `${name} is no priority`,
      'Write P0 to P3; what follows counts as P3.',
      true,
    ),
  );
  const listed: Listed[] = [];
  const seen = new Map<string, Item>();
  /** Items whose lines may go on, each indented deeper than the one before. */
  let open: Gathered[] = [];
  const found: Gathered[] = [];
  for (const [n, line] of lines.entries()) {
    const box = boxOf(line);
    if (box.kind === 'unread') {
      tell(n, box.column, box.code, box.message, box.hint);
      if (!line.isCode) open = open.filter((item) => item.box.indent < indentOf(line.raw));
      continue;
    }
    if (box.kind === 'box') {
      open = open.filter((item) => item.box.indent < box.indent);
      const entry = { at: n, first: line.text.slice(box.to), box, further: [], last: n, priority: heading.priority };
      open.push(entry);
      found.push(entry);
      continue;
    }
    if (line.text.trim() === '' && !line.isCode) continue;
    const indent = indentOf(line.raw);
    const owner = open.findLast((item) => item.box.indent < indent);
    if (owner !== undefined && line.raw.length <= MAX_LINE) {
      if (!line.isCode) owner.further.push(line.text);
      // lines of its own that follow another item stay apart
      if (owner === open.at(-1)) owner.last = n;
      continue;
    }
    if (owner === undefined && !line.isCode) {
      open = [];
      heading.see(n, line.text, lines[n - 1]?.text ?? '');
    }
  }
  for (const { at, last, box, first, further, priority } of found) {
    const made = itemOf({ file, lines, at, last, box, first, further, priority, tell });
    if (made === null) continue;
    const earlier = seen.get(plainKey(made.item.key));
    if (earlier === undefined) {
      seen.set(plainKey(made.item.key), made.item);
      listed.push(made);
      for (const note of made.notes) tell(at, box.column, note.code, note.message, note.hint, true);
    } else
      tell(
        at,
        box.column,
        'SAME_KEY',
        `line ${at + 1} has the key ${made.item.key} of line ${earlier.place.line}: ${JSON.stringify(made.item.title)}${
          earlier.status === made.item.status ? '' : `, there ${earlier.status}, here ${made.item.status}`
        }`,
        'Remove one of the two, or give each an id of its own: ` — ID: name`.',
      );
  }
  return { lines, listed, problems };
}

/** An item with the lines that belong to it, while they are read. */
interface Gathered {
  readonly at: number;
  readonly box: CheckBox;
  readonly first: string;
  readonly further: string[];
  last: number;
  readonly priority: Item['priority'];
}

type Seen =
  | { readonly kind: 'none' }
  | CheckBox
  | {
      readonly kind: 'unread';
      readonly code: ProblemCode;
      readonly message: string;
      readonly hint: string;
      readonly column: number;
    };

/** What a line has of a check box, with all reasons for which it is not read. */
function boxOf(line: Line): Seen {
  const isLong = line.raw.length > MAX_LINE;
  const read = (text: string) => readBox(isLong ? text.slice(0, 400) : text);
  const box = read(line.text);
  // also beside the sign that opens a comment
  const isBlanked = line.text !== line.raw;
  const seen =
    box.kind === 'none' && isBlanked ? read(line.raw.replace(/<!--|-->/g, (sign) => ' '.repeat(sign.length))) : box;
  if (seen.kind === 'none') return seen;
  const unread = (code: ProblemCode, message: string, hint: string): Seen => ({
    kind: 'unread',
    code,
    message,
    hint,
    column: seen.column,
  });
  if (line.isCode)
    return unread('NOT_READ', 'a check box in a block of code', 'Take it out of the block if it is an item.');
  if (box.kind === 'none')
    return unread('NOT_READ', 'a check box in a comment', 'Take it out of the comment if it is an item.');
  if (isLong)
    return unread(
      'LINE_TOO_LONG',
      `the line has ${line.raw.length} characters, the limit is ${MAX_LINE}`,
      'Shorten it.',
    );
  if (line.isBroken)
    return unread('NOT_UTF8', 'the line has bytes that are no UTF-8', 'Write it anew, and save the file as UTF-8.');
  if (box.kind !== 'box') return unread(box.kind === 'unclear' ? 'BOX_UNCLEAR' : 'BOX_MISPLACED', box.why, box.hint);
  return box;
}

const PRIORITY = /^[^A-Za-z0-9]*(?:priority[^A-Za-z0-9]*)?P(\d+)(?![A-Za-z0-9])/i;

/** Which priority holds: a heading sets it for its section. */
class Headings {
  priority: Item['priority'] = 3;
  #level = 0;
  readonly #unknown: (line: number, column: number, name: string) => void;

  constructor(unknown: (line: number, column: number, name: string) => void) {
    this.#unknown = unknown;
  }

  /** `before` is the line above: a line of signs under it makes a heading of it. */
  see(at: number, text: string, before: string): void {
    const atx = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(text);
    if (atx !== null) this.#heading(at, atx[1]?.length ?? 1, atx[2] ?? '');
    const underlined = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(text);
    if (underlined !== null && /^ {0,3}[^\s#>|`~\-*+=]/.test(before) && !/^ {0,3}\d{1,9}[.)] /.test(before))
      this.#heading(at - 1, underlined[1]?.startsWith('=') ? 1 : 2, before);
  }

  #heading(at: number, level: number, text: string): void {
    const number = PRIORITY.exec(text)?.[1];
    if (number === undefined) {
      // a deeper heading parts what it stands under
      if (level <= 2 || level <= this.#level) [this.priority, this.#level] = [3, 0];
      return;
    }
    const isKnown = /^[0-3]$/.test(number);
    if (!isKnown) this.#unknown(at, 0, `P${number}`);
    this.priority = (isKnown ? Number(number) : 3) as Item['priority'];
    this.#level = level;
  }
}
