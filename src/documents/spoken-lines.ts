/** A document as text: what every finder of this folder is handed. */
export interface TextDocument {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
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
  /^(?:history|change ?log|log\b|journal|session|archive|revisions?\b|release notes|recent wins|timeline|past\b|previous|examples?\b|templates?\b|appendix|\[?\d{4}-\d\d(?:-\d\d)?)/i;
const PAST_FILE =
  /(?:^|\/)(?:change-?_?log|history|releases?|archived?|journal)[^/]*\.md$|(?:^|\/)(?:archived?|history|templates?|examples?|fixtures)\//i;

/**
 * The lines of a document that say how things are now. Left out: fenced code, comments, quotations, what is struck through, and sections and
 * files of the past or of examples.
 */
export function spokenLines({ path, text }: TextDocument): SpokenLine[] {
  if (PAST_FILE.test(path)) return [];
  const found: SpokenLine[] = [];
  let headings: Heading[] = [];
  let fence: string | null = null;
  for (const [n, raw] of blanked(text).split('\n').entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(raw)?.[1];
    if (fence !== null) {
      if (mark?.startsWith(fence) === true) fence = null;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      continue;
    }
    if (raw.trim() === '' || /^\s*>/.test(raw)) continue;
    const match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(raw);
    const heading = match === null ? null : { level: match[1]?.length ?? 1, text: bare(match[2] ?? ''), line: n + 1 };
    if (heading !== null) headings = headings.filter(({ level }) => level < heading.level);
    const all = heading === null ? headings : [...headings, heading];
    if (!all.some((h) => PAST_SECTION.test(h.text.replace(/^[^\p{L}\p{N}[]+/u, ''))))
      found.push({ line: n + 1, text: bare(raw), raw, under: headings, heading });
    if (heading !== null) headings = all;
  }
  return found;
}

/** Comments taken away, with their lines kept. */
function blanked(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/<!--[\s\S]*?(?:-->|$)/g, (all) => all.replace(/[^\n]/g, ''));
}

function bare(text: string): string {
  return text
    .replace(/~~.*?~~/g, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|__|`/g, '');
}
