import { posix } from 'node:path';
import type { Contradiction } from '../../documents/contradiction.ts';
import { corpusText } from '../../documents/corpus.ts';
import { indexText, isMade } from '../../documents/document-index.ts';
import type { TextDocument } from '../../documents/spoken-lines.ts';
import { blobs, filesBelow } from '../../git/history.ts';
import { WaybillError } from '../../order/error.ts';
import type { Station } from '../../station/station.ts';

/** The documents of the folder as the branch has them, and the two files that are made of them; the backlog is in neither of the two. */
export interface Committed {
  readonly documents: readonly TextDocument[];
  readonly made: readonly Made[];
  /** Documents that are no text. */
  readonly notRead: readonly Contradiction[];
}

/** A file that is made of documents: what it must be, and what the branch has. */
export interface Made {
  readonly kind: 'index' | 'corpus';
  readonly path: string;
  readonly wanted: string;
  /** Null where there is none. */
  readonly present: string | null;
  /** Whether what is there was made by the command too. */
  readonly isOurs: boolean;
}

const DOCUMENT = /\.(?:md|markdown)$/i;

/**
 * Reads them from the commit that is checked out, so that index and corpus are of what the repository has and not of a draft in somebody's work
 * tree. Throws GIT_FAILED where git cannot read it: nothing is taken for empty.
 */
export async function readCommitted({ repo, settings }: Station): Promise<Committed> {
  const { index, corpus, folder: named } = settings.documents;
  const folder = posix.normalize(named).replace(/\/$/, '');
  const at = folder === '.' ? '' : folder;
  const tip = repo.refs.checkedOut();
  const targets = [index, corpus].filter((path) => path !== null).map((path) => posix.normalize(path));
  const below = tip === null ? [] : await filesBelow(repo.git, tip, at);
  const files = below.filter(({ path }) => DOCUMENT.test(path) && !targets.includes(path));
  const bytes = await blobs(repo.git, [...new Set(files.map(({ id }) => id))]);
  const documents: TextDocument[] = [];
  const notRead: Contradiction[] = [];
  for (const { path, id } of files) {
    const blob = bytes.get(id);
    if (blob === undefined) throw new WaybillError('GIT_FAILED', `git has no object for ${path}`);
    const text = textOf(blob);
    if (text === null)
      notRead.push({ id: 'not-checked', severity: 'block', message: `${path} is not UTF-8`, refs: [path] });
    else documents.push({ path, text });
  }
  // it changes with each item that is done, and is read otherwise: both would be stale all the time
  const backlog = settings.backlog.files.map((path) => posix.normalize(path));
  const indexed = documents.filter(({ path }) => !backlog.includes(path));
  const made: Made[] = [];
  const add = async (kind: Made['kind'], path: string | null, make: (path: string) => string) => {
    if (path === null) return;
    const plain = posix.normalize(path);
    const present = tip === null ? null : await textAt(repo, tip, plain);
    made.push({ kind, path: plain, wanted: make(plain), present, isOurs: present === null || isMade(present) });
  };
  const shown = at === '' ? 'this repository' : at;
  await add('index', index, (path) => indexText(indexed, { path, folder: shown }));
  await add('corpus', corpus, () => corpusText(indexed, { folder: shown }));
  return { documents, made, notRead };
}

/** What the gate says of those that are missing or stale. Pure. */
export function notCurrent(made: readonly Made[]): Contradiction[] {
  return made
    .filter(({ wanted, present }) => wanted !== present)
    .map(({ kind, path, present }) => ({
      id: `${kind}-${present === null ? 'missing' : 'stale'}`,
      severity: 'block',
      message: present === null ? `${path} is not there` : `${path} is not what its documents make`,
      refs: [path],
    }));
}

/** The text that a commit has at a path, null for none. */
async function textAt(repo: Station['repo'], tip: string, path: string): Promise<string | null> {
  const [file] = (await filesBelow(repo.git, tip, posix.dirname(path) === '.' ? '' : posix.dirname(path))).filter(
    (entry) => entry.path === path,
  );
  if (file === undefined) return null;
  const blob = (await blobs(repo.git, [file.id])).get(file.id);
  if (blob === undefined) throw new WaybillError('GIT_FAILED', `git has no object for ${path}`);
  return blob.toString('utf8');
}

function textOf(bytes: Buffer): string | null {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) && !text.includes('\0') ? text : null;
}
