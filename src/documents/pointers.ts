import type { Contradiction } from './contradiction.ts';
import { type SpokenLine, spokenLines, type TextDocument } from './spoken-lines.ts';

/** Lines that say which plan counts. */
const POINTS =
  /\b(?:canonical|active|current|governing|authoritative)\s+(?:canonical\s+|execution\s+|master\s+)*plan\b|\bplan\s+(?:of\s+record|authority)\b/i;
const NOT_POINTING = /\bsupersed|\bregister\s+(?:of|names)|\b(?:not|no longer|previous|formerly)\b/i;
const NAMED_PATH = /`([^`\n]+\.(?:md|ya?ml))`|\]\(\s*<?([^)\s>]+\.(?:md|ya?ml))(?:#[^)]*)?>?\s*\)/gi;

/**
 * Documents that name another plan as the one that counts than the register does. A document that calls itself the canonical plan in its title
 * names itself. The register itself is not to be among the documents.
 */
export function misledPointers(
  documents: readonly TextDocument[],
  active: { readonly path: string; readonly ref: string } | null,
): Contradiction[] {
  if (active === null) return [];
  return documents.flatMap((document) =>
    pointersOf(document)
      .filter(({ to }) => !to.some((path) => isSame(path, active.path, document.path)))
      .map(({ to, line }) => ({
        id: 'pointer-against-register',
        severity: 'block' as const,
        message: `${document.path} names ${to[0]} as the plan that counts, and the register names ${active.path}`,
        refs: [`${document.path}:${line}`, active.ref],
      })),
  );
}

interface Pointer {
  /** Every document that the line names: it is enough that one of them is the plan. */
  readonly to: readonly string[];
  readonly line: number;
}

function pointersOf(document: TextDocument): Pointer[] {
  return spokenLines(document).flatMap((line) => {
    if (line.heading?.level === 1 && isOwnTitle(line)) return [{ to: [document.path], line: line.line }];
    if (!POINTS.test(line.text) || NOT_POINTING.test(line.text)) return [];
    const to = [...line.raw.matchAll(NAMED_PATH)].map(([, code, link]) => code ?? link ?? '');
    const plans = to.filter((path) => !/register[^/]*$/i.test(path));
    return plans.length === 0 ? [] : [{ to: plans, line: line.line }];
  });
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
