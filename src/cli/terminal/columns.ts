/** Texts beside each other on a terminal. */

/** How wide a terminal is of which nothing is known. */
export const COLUMNS = 80;

/** Characters that take two columns: of East Asian scripts, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Those that take none. */
const NO_WIDTH = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

function widthOf(character: string): number {
  return NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** As much of a line as fits into so many columns, with an ellipsis where something is left out. */
export function cutTo(text: string, columns: number): string {
  let width = 0;
  let fits = '';
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return `${shortened(fits, columns - 1)}…`;
    fits += character;
  }
  return fits;
}

function shortened(text: string, columns: number): string {
  let width = 0;
  let fits = '';
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) break;
    fits += character;
  }
  return fits.trimEnd();
}

/** A text over several lines, each indented; words that are longer than a line stay whole. */
export function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > COLUMNS) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line].join('\n');
}

/** How wide a terminal is; null where standard output is none, and a line may be as long as it likes. */
export function terminalColumns(): number | null {
  return process.stdout.isTTY ? process.stdout.columns || COLUMNS : null;
}

/** A text with blanks behind it, so that it takes so many columns; a longer one is cut. */
export function padTo(text: string, columns: number): string {
  const fits = cutTo(text, columns);
  return fits + ' '.repeat(Math.max(0, columns - columnsOf(fits)));
}

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** What switches colours, as picocolors writes it. */
const STYLE = /(\u001b\[[\d;]*m)/;

/** The same as cutTo for a line with colours, which take no room; null: as it is. */
export function cutStyled(line: string, columns: number | null): string {
  if (columns === null) return line;
  let room = columns;
  let out = '';
  for (const part of line.split(STYLE)) {
    if (STYLE.test(part)) {
      out += part;
      continue;
    }
    const fits = room > 0 ? cutTo(part, room) : '';
    if (fits !== part && room > 0) room = 0;
    else room -= columnsOf(fits);
    out += fits;
  }
  return out;
}
