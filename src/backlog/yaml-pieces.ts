/** One entry of a list in a text that does not parse as a whole. */
export interface Piece {
  readonly text: string;
  /** Lines of the file above it. */
  readonly above: number;
}

const LIST = /^(?:tasks|items|work_items):[ \t]*(?:#.*)?$/;

/** The entries of a list of tasks by their dashes alone: so that one that does not parse hides none of the others. */
export function piecesOf(text: string): Piece[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  const pieces: { at: number; lines: string[] }[] = [];
  // a file may be nothing but the list
  let inList = /^-(?:\s|$)/.test(lines.find((line) => /^[^\s#]/.test(line) && line.trim() !== '---') ?? '');
  let indent: number | null = null;
  for (const [at, line] of lines.entries()) {
    if (LIST.test(line)) {
      [inList, indent] = [true, null];
      continue;
    }
    if (!inList || line.trim() === '' || /^\s*#/.test(line)) {
      if (inList) pieces.at(-1)?.lines.push(line);
      continue;
    }
    const own = line.length - line.trimStart().length;
    const isDash = /^\s*-(?:\s|$)/.test(line);
    if (isDash && (indent === null || own === indent)) {
      indent = own;
      pieces.push({ at, lines: [line] });
    } else if (indent !== null && own > indent) pieces.at(-1)?.lines.push(line);
    else if (line.trim() !== '---') inList = false;
  }
  return pieces.map(({ at, lines: own }) => ({ text: `${own.join('\n')}\n`, above: at }));
}
