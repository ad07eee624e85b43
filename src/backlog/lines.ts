/** A line of a Markdown file. */
export interface Line {
  /** As it stands there, without what ends it. */
  readonly raw: string;
  /** With spaces in the place of comments. */
  readonly text: string;
  readonly eol: string;
  /** In a fenced block of code, its fences included. */
  readonly isCode: boolean;
  /** It has bytes that are no UTF-8. */
  readonly isBroken: boolean;
}

/** The lines of a file: what is code and what is a comment is known, and bytes that are no UTF-8 spoil only their own line. */
export function linesOf(given: Uint8Array | string): Line[] {
  const { text, isBroken } = typeof given === 'string' ? { text: given, isBroken: false } : decoded(given);
  const parts = text.replace(/^\ufeff/, '').split(/(\r\n|\n|\r)/);
  const lines: Line[] = [];
  let fence: Fence | null = null;
  let inComment = false;
  for (let i = 0; i < parts.length; i += 2) {
    const raw = parts[i] ?? '';
    const eol = parts[i + 1] ?? '';
    // behind the end of the last line there is none
    if (eol === '' && raw === '' && i > 0) break;
    const broken = isBroken && raw.includes('\ufffd');
    if (!inComment) {
      const opened: Fence | null = fence ?? openedBy(raw);
      if (opened !== null) {
        fence = fence !== null && closes(raw, fence) ? null : opened;
        lines.push({ raw, text: raw, eol, isCode: true, isBroken: broken });
        continue;
      }
    }
    const blanked = withoutComments(raw, inComment);
    inComment = blanked.inComment;
    lines.push({ raw, text: blanked.text, eol, isCode: false, isBroken: broken });
  }
  return lines;
}

function decoded(bytes: Uint8Array): { text: string; isBroken: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), isBroken: false };
  } catch {
    return { text: new TextDecoder('utf-8').decode(bytes), isBroken: true };
  }
}

interface Fence {
  readonly sign: string;
  readonly length: number;
}

const FENCE = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/;

function openedBy(line: string): Fence | null {
  const found = FENCE.exec(line);
  const [, signs = '', info = ''] = found ?? [];
  if (found === null || (signs.startsWith('`') && info.includes('`'))) return null;
  return { sign: signs.charAt(0), length: signs.length };
}

function closes(line: string, { sign, length }: Fence): boolean {
  const [, signs = '', rest = ''] = /^[ \t>]*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  return signs.startsWith(sign) && signs.length >= length && rest.trim() === '';
}

/** The line with spaces for what is in a comment. A sign of a comment in a code span is none. */
function withoutComments(line: string, inComment: boolean): { text: string; inComment: boolean } {
  if (!inComment && !line.includes('<!--')) return { text: line, inComment };
  const plain = withoutCodeSpans(line);
  let text = '';
  let at = 0;
  let within = inComment;
  while (at < line.length) {
    const sign = within ? '-->' : '<!--';
    const found = (within ? line : plain).indexOf(sign, at);
    if (found === -1)
      return { text: text + (within ? ' '.repeat(line.length - at) : line.slice(at)), inComment: within };
    const end = within ? found + sign.length : found;
    text += within ? ' '.repeat(end - at) : line.slice(at, end);
    at = end;
    within = !within;
  }
  return { text, inComment: within };
}

/** More than anybody writes in one line. */
export const MAX_LINE = 20_000;

/** The same line with x for what is in code spans, so that positions stay. */
export function withoutCodeSpans(line: string): string {
  if (!line.includes('`') || line.length > MAX_LINE) return line;
  const runs = [...line.matchAll(/`+/g)].map((m) => ({ at: m.index, length: m[0].length }));
  const ofLength = new Map<number, number[]>();
  for (const [n, { length }] of runs.entries()) {
    const same = ofLength.get(length);
    if (same === undefined) ofLength.set(length, [n]);
    else same.push(n);
  }
  let text = '';
  let at = 0;
  for (let n = 0; n < runs.length; n++) {
    const run = runs[n];
    if (run === undefined) break;
    // the next of the same length closes it
    const same = ofLength.get(run.length) ?? [];
    while ((same[0] ?? Number.POSITIVE_INFINITY) <= n) same.shift();
    const end = runs[same[0] ?? runs.length];
    if (end === undefined) continue;
    text += line.slice(at, run.at) + 'x'.repeat(end.at + end.length - run.at);
    at = end.at + end.length;
    n = same[0] ?? n;
  }
  return text + line.slice(at);
}
