import type { Contradiction } from './contradiction.ts';
import { spokenLines, type TextDocument } from './spoken-lines.ts';

/** A commit that a document gives as proof. */
interface NamedCommit {
  readonly id: string;
  readonly ref: string;
}

/** `commit 558c375`, `commits: 558c375`; a number alone, or a hash of something else, is none. */
const NAMED =
  /(?<![\p{L}\p{N}-])(?:commit(?:ted as| id)?|merge commit|merged(?: as| in)?|landed(?: as| in)?)\s*[:=]?\s*([0-9a-f]{7,40})(?![\p{L}\p{N}])/giu;

/** The commits that documents name, each once, in the order of the documents: for the caller to look up. */
export function commitsNamed(documents: readonly TextDocument[]): string[] {
  return [...new Set(documents.flatMap(namedIn).map(({ id }) => id))];
}

/** Commits that documents name and history does not have. */
export function missingCommits(
  documents: readonly TextDocument[],
  commits: ReadonlyMap<string, boolean | null>,
): Contradiction[] {
  const missing = new Map<string, string[]>();
  for (const { id, ref } of documents.flatMap(namedIn))
    if (commits.get(id) === false) missing.set(id, [...(missing.get(id) ?? []), ref]);
  return [...missing].map(([id, refs]) => ({
    id: 'commit-not-in-history',
    severity: 'warn' as const,
    message: `commit ${id} is named, and is not in the history of the branch`,
    refs: [...new Set(refs)],
  }));
}

function namedIn(document: TextDocument): NamedCommit[] {
  return spokenLines(document).flatMap(({ line, text }) =>
    [...text.matchAll(NAMED)].flatMap(([, hex = '']) => {
      const id = hex.toLowerCase();
      // 2026021 is a number, and "defaced" a word
      return /\d/.test(id) && /[a-f]/.test(id) ? [{ id, ref: `${document.path}:${line}` }] : [];
    }),
  );
}
