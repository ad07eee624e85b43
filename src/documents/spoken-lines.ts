/** A document as text: what every finder of this folder is handed. */
export interface TextDocument {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  /** Somebody named exactly this file: it tells of today, whatever its path looks like. */
  readonly isNamed?: boolean;
}

/** One line in which the author speaks of how things are now. */
export interface SpokenLine {
  /** From 1. */
  readonly line: number;
  /** Marks of bold, code and links taken away, and what is struck through. */
  readonly text: string;
  /** The same with its marks. */
  readonly raw: string;
  /** The headings above it, outermost first; a heading's own text is not among them. */
  readonly under: readonly Heading[];
  readonly heading: Heading | null;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly line: number;
}

/** Sections and files that tell what was, or what something may look like: they contradict nothing that is said of today. */
const PAST_SECTION =
  /^(?:history|change ?log|log\b|journal|session|archive|revisions?\b|release notes|recent wins|timeline|past\b|previous|examples?\b|templates?\b|appendix)/i;
const DATED_SECTION = /^\[?(\d{4}-\d\d(?:-\d\d)?)(?!\d)/;
const PAST_FILE =
  /(?:^|\/)(?:change-?_?log|history|releases?|archived?|journal)[^/]*\.md$|(?:^|\/)(?:archived?|history|templates?|examples?|fixtures)\//i;

/**
 * The lines of a document that say how things are now. Left out: fenced code, comments, quotations, what is struck through, and sections and
 * files of the past or of examples. A dated section is of the past where a later one stands in the document; the title hides nothing.
 */
export function spokenLines(document: TextDocument): SpokenLine[] {
  if (isPastFile(document)) return [];
  const all = allLines(document.text).lines;
  const title = all.find(({ heading }) => heading?.level === 1)?.heading;
  const isPast = (h: Heading) => h !== title && PAST_SECTION.test(unsigned(h.text));
  const dates = all.flatMap(({ heading, under }) =>
    heading === null || heading === title || under.some(isPast) ? [] : (dateOf(heading) ?? []),
  );
  const newest = dates.sort().at(-1) ?? '';
  const isOld = (h: Heading) => {
    const date = h === title ? null : dateOf(h);
    // 2026-11 may be as late as 2026-11-22
    return date !== null && date < newest.slice(0, date.length);
  };
  return all.filter(({ heading, under }) => {
    const within = heading === null ? under : [...under, heading];
    return !within.some((h) => isPast(h) || isOld(h));
  });
}

/** Whether its path says that a document tells what was: nothing of it is read. */
export function isPastFile({ path, isNamed = false }: TextDocument): boolean {
  return !isNamed && PAST_FILE.test(path);
}

/** Where code or a comment begins that never ends, so that nothing behind it was read; null for nowhere. From 1. */
export function neverClosed({ text }: TextDocument): { readonly line: number; readonly what: string } | null {
  return allLines(text).open;
}

/** All but fenced code, comments and quotations. */
function allLines(text: string): { lines: SpokenLine[]; open: ReturnType<typeof neverClosed> } {
  const lines: SpokenLine[] = [];
  let headings: Heading[] = [];
  let fence: { mark: string; line: number } | null = null;
  const plain = text.replace(/\r\n?/g, '\n');
  for (const [n, raw] of blanked(plain).split('\n').entries()) {
    if (fence !== null) {
      if (CLOSES.exec(raw)?.[1]?.startsWith(fence.mark) === true) fence = null;
      continue;
    }
    const mark = OPENS.exec(raw)?.slice(1).find(Boolean);
    if (mark !== undefined) {
      fence = { mark, line: n + 1 };
      continue;
    }
    if (raw.trim() === '' || /^\s*>/.test(raw)) continue;
    const match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(raw);
    const heading = match === null ? null : { level: match[1]?.length ?? 1, text: bare(match[2] ?? ''), line: n + 1 };
    if (heading !== null) headings = headings.filter(({ level }) => level < heading.level);
    lines.push({ line: n + 1, text: bare(raw), raw, under: headings, heading });
    if (heading !== null) headings = [...headings, heading];
  }
  if (fence !== null) return { lines, open: { line: fence.line, what: 'code' } };
  const comment = plain.indexOf('<!--', plain.lastIndexOf('-->') + 1);
  const open = comment === -1 ? null : { line: plain.slice(0, comment).split('\n').length, what: 'a comment' };
  return { lines, open };
}

/** The marks around fenced code, also in an item; three on one line with more of them are code in a sentence. */
const OPENS = /^\s*(?:(?:[-*+]|\d+[.)])\s+)*(?:(`{3,})[^`]*|(~{3,}).*)$/;
const CLOSES = /^\s*(`{3,}|~{3,})\s*$/;

function dateOf({ text }: Heading): string | null {
  return DATED_SECTION.exec(unsigned(text))?.[1] ?? null;
}

/** Without signs before the first word. */
function unsigned(text: string): string {
  return text.replace(/^[^\p{L}\p{N}[]+/u, '');
}

/** Comments taken away, with their lines kept. */
function blanked(text: string): string {
  return text.replace(/<!--[\s\S]*?(?:-->|$)/g, (all) => all.replace(/[^\n]/g, ''));
}

function bare(text: string): string {
  return text
    .replace(/~~.*?~~/g, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|__|`/g, '');
}
