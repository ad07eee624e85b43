import type { Contradiction } from './contradiction.ts';
import { type SpokenLine, spokenLines, type TextDocument } from './spoken-lines.ts';

/** Words that say which plan counts. */
const POINTS =
  /\b(?:canonical|active|current|governing|authoritative)\s+(?:canonical\s+|execution\s+|master\s+)*plan\b|\bplan\s+(?:of\s+record|authority)\b/i;
const NAMED_PATH =
  /`([^`\n]+\.(?:md|ya?ml))(?:#[^`\n]*)?`|\[[^\]\n]*\]\(\s*<?([^)\s>]+\.(?:md|ya?ml))(?:#[^)]*)?>?\s*\)|(?<![\p{L}\p{N}._/:-])([\p{L}\p{N}._/-]+\.md)(?![\p{L}\p{N}/])/giu;
/** Right before the words: they are of another plan than today's, or of none. */
const OF_ANOTHER =
  /\b(?:no|not|no longer|previous(?:ly)?|former(?:ly)?|old|past|next|(?:supersed|replac)(?:es?|ed|ing)(?!\s+by\b))(?:\s+(?!by\b)\p{L}+){0,2}\s*$/iu;
/** Before a path, behind the words: it is not the one that counts. */
const TURNED = /\b(?:supersed|replac|instead of|no longer|previous|former)|\b(?:was|were|not|not in)\W*$/i;
/** Between a path and the words behind it: `docs/plan.md` is the active plan. */
const IS_THE = /^[ :*_)—–-]*(?:is|remains|stays|as|=)? ?(?:now|still)? ?(?:the|our)?[ *_(]*$/i;
/** What may stand before the path of a line below `## Active plan`. */
const LEAD = /^\s*(?:\d+[.)])?(?:(?:see|it|this|is|the|plan|path|file|document|active|current|canonical)\b|[\W_])*$/i;
const LED_OUT =
  /^\W*(?:is|was)?\s*(?:superseded|replaced|former|previous|old\b|retired|obsolete|archived|no longer|not\b|until\b|draft)/i;
const OTHER_SECTION = /supersed|replac|histor|archiv|\b(?:no|not|previous|former|past|old|next|drafts?|proposed)\b/i;

/** What the register says: the plan that counts, and where. */
interface Active {
  readonly path: string;
  /** `register:line`. */
  readonly ref: string;
}

/**
 * Documents that name another plan as the one that counts than the register does. A document that calls itself the canonical plan in its title
 * names itself. The register itself points to nothing.
 */
export function misledPointers(documents: readonly TextDocument[], active: Active | null): Contradiction[] {
  if (active === null) return [];
  const register = active.ref.replace(/:\d+$/, '');
  return documents.flatMap((document) =>
    (document.path === register ? [] : pointersOf(document, register))
      .filter(({ to }) => !isSame(to, active.path, document.path))
      .map(({ to, line }) => ({
        id: 'pointer-against-register',
        severity: 'block' as const,
        message: `${document.path} names ${to} as the plan that counts, and the register names ${active.path}`,
        refs: [`${document.path}:${line}`, active.ref],
      })),
  );
}

interface Pointer {
  readonly to: string;
  readonly line: number;
}

function pointersOf(document: TextDocument, register: string): Pointer[] {
  return spokenLines(document).flatMap((line) => {
    if (line.heading?.level === 1 && isOwnTitle(line)) return [{ to: document.path, line: line.line }];
    const raw = unmarked(line.raw);
    const paths = [...raw.matchAll(NAMED_PATH)].flatMap((match) => {
      const to = match[1] ?? match[2] ?? match[3] ?? '';
      const isRegister = /register[^/]*$/i.test(to) || isSame(to, register, document.path);
      return isRegister ? [] : [{ to, at: match.index, end: match.index + match[0].length }];
    });
    const to = pointedTo(raw, line.under.at(-1)?.text ?? '', paths);
    return to === undefined ? [] : [{ to, line: line.line }];
  });
}

interface Place {
  readonly to: string;
  readonly at: number;
  readonly end: number;
}

/** The plan that a line says counts: before `is the active plan`, else the first behind these words, else the first of the line. */
function pointedTo(raw: string, section: string, paths: readonly Place[]): string | undefined {
  // a task may speak of a plan that is yet to count
  const box = /^\s*(?:[-*+]|\d+[.)])\s+\[.\]\s+/.exec(raw)?.[0].length;
  const words = POINTS.exec(worded(raw));
  if (words === null) {
    const [first] = paths;
    if (first === undefined || box !== undefined || !POINTS.test(section) || OTHER_SECTION.test(section)) return;
    return LEAD.test(raw.slice(0, first.at)) && !LED_OUT.test(raw.slice(first.end)) ? first.to : undefined;
  }
  const [from, to] = [words.index, words.index + words[0].length];
  if (box !== undefined && /[\p{L}\p{N}]/u.test(raw.slice(box, from))) return;
  if (OF_ANOTHER.test(raw.slice(0, from))) return;
  const isTurned = (text: string) => TURNED.test(text.split(/[;)]/).at(-1) ?? '');
  const said = paths.find(
    ({ at, end }) =>
      (at <= from && to <= end) || (end <= from && IS_THE.test(raw.slice(end, from).replace(/\s+/g, ' '))),
  );
  if (said !== undefined) return said.to;
  const behind = paths.filter(({ at }) => at >= to);
  if (behind.length > 0) return behind.find(({ at }) => !isTurned(raw.slice(to, at)))?.to;
  return paths.find(({ at, end }) => !isTurned(raw.slice(0, at)) && !TURNED.test(raw.slice(end, from)))?.to;
}

/** Paths and backticks taken out, with every other character where it was; the text of a link stays. */
function worded(raw: string): string {
  return raw
    .replace(NAMED_PATH, (all) => {
      const text = all.startsWith('[') ? all.slice(0, all.indexOf('](')) : '';
      return text.padEnd(all.length, '.');
    })
    .replaceAll('`', ' ');
}

/** What is struck through, and marks of bold, as blanks. */
function unmarked(raw: string): string {
  return raw.replace(/~~.*?~~|\*\*|(?<!\S)__|__(?!\S)/g, (all) => ' '.repeat(all.length));
}

/** `# Master Plan v1.1 (Superseding, Canonical)`. */
function isOwnTitle({ text }: SpokenLine): boolean {
  return /\bplan\b/i.test(text) && /[([][^)\]]*\bcanonical\b[^)\]]*[)\]]/i.test(text) && !/\b(?:not|non)\b/i.test(text);
}

function isSame(named: string, active: string, from: string): boolean {
  const plain = (path: string) => decoded(path).replace(/^(?:\.{1,2}\/)+|^\//, '');
  if (plain(named) === plain(active)) return true;
  // relative to the document, or by its name alone: the same name in another folder is taken for the same plan
  const name = (path: string) => plain(path).split('/').at(-1);
  const isRelative = /^\.{1,2}\//.test(named) || !named.includes('/');
  return isRelative && name(named) === name(active) && named !== from;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
