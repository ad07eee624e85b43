import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type SpokenLine, spokenLines, type TextDocument } from './spoken-lines.ts';

/**
 * INDEX.md: every document with its title and first line, by path. A pure function of these; it holds no time, so that it grows stale only when
 * one of them changes.
 */
export function indexText(
  documents: readonly TextDocument[],
  at: { readonly path: string; readonly folder: string },
): string {
  const entries = sorted(documents).map((document) => ({ path: document.path, ...told(document) }));
  const lines = entries.map(({ path, title, first }) => {
    const link = posix.relative(posix.dirname(at.path), path).split('/').map(encodeURIComponent).join('/');
    return `- [${escaped(title)}](${link})${first === '' ? '' : `: ${first}`}`;
  });
  return [
    madeBy(
      entries.map(({ path, title, first }) => `${path}\n${title}\n${first}\n`),
      entries.length,
    ),
    '',
    `# Index of ${at.folder}`,
    '',
    ...(lines.length === 0 ? ['No documents.'] : lines),
    '',
  ].join('\n');
}

const MADE_BY = 'Made by `waybill docs build`';

/** The line that tells a reader what the file was made of, and that no hand writes it. */
export function madeBy(parts: readonly string[], count: number): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  const what = `${count} ${count === 1 ? 'document' : 'documents'}`;
  return `<!-- ${MADE_BY} from ${what}, sha256:${hash.digest('hex')}. Edit the documents instead. -->`;
}

/** Whether a file's text says that the command made it. */
export function isMade(text: string): boolean {
  return text.startsWith(`<!-- ${MADE_BY} `);
}

/** By path, in an order that no locale changes. */
export function sorted(documents: readonly TextDocument[]): TextDocument[] {
  return [...documents].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

const FIRST_MOST = 160;

function told(document: TextDocument): { title: string; first: string } {
  // a file of the past has a title too
  const lines = spokenLines({ path: '', text: withoutFrontMatter(document.text) });
  const heading = lines.find((line) => line.heading !== null)?.heading;
  const title = heading?.text.trim() || posix.basename(document.path);
  const first = lines.find((line) => isProse(line) && line.line > (heading?.line ?? 0));
  const text = (first?.text ?? '').trim().replace(/\s+/g, ' ');
  return { title, first: text.length > FIRST_MOST ? `${text.slice(0, FIRST_MOST - 2).trimEnd()} …` : text };
}

function isProse({ heading, raw }: SpokenLine): boolean {
  return heading === null && !/^\s*(?:\||[-*_=]{3,}\s*$|<)/.test(raw) && !/^\s*!\[/.test(raw);
}

function withoutFrontMatter(text: string): string {
  return text.replace(/^\uFEFF?---\r?\n[\s\S]*?\r?\n---\r?\n/, '');
}

function escaped(title: string): string {
  return title.replace(/[[\]]/g, '\\$&');
}
