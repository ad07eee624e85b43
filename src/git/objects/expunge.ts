import { join } from 'node:path';
import { namesIn, syncDir } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { moveRefs } from '../ref-transaction.ts';
import type { Repository } from '../repository.ts';
import { type FileEntry, PackWriter } from './pack-writer.ts';
import { holdsAny, replacePacks } from './replace-packs.ts';

/** Takes contents out of a ref's history and out of the object store: for what must not stay. */

/** So much of a history that is written again is held in memory. */
const BYTES_A_PACK = 64 * 1024 * 1024;

/** What becomes of one file of a commit: it stays, goes, or gets other bytes. */
export type Fate = 'keep' | 'drop' | Uint8Array;

/**
 * Writes the history of a ref again, commit by commit with its own message and time, and moves the ref; commits before the first one that
 * `fate` changes stay as they are. Returns the new tip, or the old one when nothing had to change. `scratch` is a folder for half-written
 * files. Throws GIT_FAILED.
 */
export async function rewriteHistory(
  repo: Repository,
  ref: string,
  tip: string,
  scratch: string,
  fate: (path: string, blob: string) => Promise<Fate>,
): Promise<string> {
  const pack = new PackWriter(repo, scratch);
  let parent: string | null = null;
  let changed = false;
  for (const commit of await commitsOf(repo, tip)) {
    const files: FileEntry[] = [];
    let touched = false;
    for (const { mode, blob, path } of commit.files) {
      if (mode === '000000') {
        files.push({ path, remove: true });
        continue;
      }
      const what = await fate(path, blob);
      touched ||= what !== 'keep';
      if (what === 'keep') files.push({ path, mode, blob });
      else if (what !== 'drop') files.push({ path, mode, bytes: what });
    }
    if (!changed && !touched) {
      parent = commit.id;
      continue;
    }
    changed = true;
    const { author, committer: ident, message } = commit;
    parent = await pack.commit({ parent, author, ident, message, files });
    if (pack.size >= BYTES_A_PACK) await pack.write();
  }
  try {
    await pack.write();
    if (!changed || parent === null) return tip;
    await moveRefs(repo, [{ ref, from: tip, to: parent }]);
    return parent;
  } finally {
    pack.release();
  }
}

interface LoggedCommit {
  readonly id: string;
  readonly author: string;
  readonly committer: string;
  readonly message: string;
  readonly files: readonly { mode: string; blob: string; path: string }[];
}

/** A history's commits, the oldest first, each with what it changed. Names in it are anybody's: nothing but NUL parts them. */
async function commitsOf(repo: Repository, tip: string): Promise<LoggedCommit[]> {
  const ids = (await repo.git.text(['rev-list', '--reverse', '--first-parent', tip])).split('\n');
  const input = ids.map((id) => `${id}\n`).join('');
  const texts = await objectTexts(repo, ids);
  const files = new Map<string, { mode: string; blob: string; path: string }[]>();
  const raw = await repo.git.run(['diff-tree', '--stdin', '--root', '-r', '-z', '--no-renames', '--no-abbrev'], {
    input,
  });
  const tokens = raw.toString('utf8').split('\0');
  let current: { mode: string; blob: string; path: string }[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = (tokens[i] ?? '').trim();
    if (token.startsWith(':')) {
      const [, mode = '', , blob = ''] = token.split(' ');
      current.push({ mode, blob, path: tokens[++i] ?? '' });
    } else if (/^[0-9a-f]{40}$/.test(token)) {
      current = [];
      files.set(token, current);
    }
  }
  return ids.map((id) => {
    const text = texts.get(id) ?? '';
    const head = text.slice(0, text.indexOf('\n\n'));
    const field = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1] ?? '';
    const message = text.slice(head.length + 2);
    return { id, author: field('author'), committer: field('committer'), message, files: files.get(id) ?? [] };
  });
}

/** Objects' contents by id, as text; those that are gone are missing. */
async function objectTexts(repo: Repository, ids: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (ids.length === 0) return found;
  const out = await repo.git.run(['cat-file', '--batch'], { input: ids.map((id) => `${id}\n`).join('') });
  for (let at = 0; at < out.length; ) {
    const end = out.indexOf(10, at);
    const [id = '', , size] = out.toString('latin1', at, end).split(' ');
    at = end + 1;
    if (size === undefined) continue;
    found.set(id, out.toString('utf8', at, at + Number(size)));
    at += Number(size) + 1;
  }
  return found;
}

/**
 * What is left of commits that `isOurs` (by their message) and that nothing reaches any more, neither a ref, reflog, index or work tree,
 * nor somebody else's commit, reachable or not: all their objects, and those of `more` that are as unreachable.
 */
export async function leftovers(
  repo: Repository,
  isOurs: (message: string) => boolean,
  more: readonly string[],
): Promise<string[]> {
  const { git } = repo;
  const lines = (buffer: Buffer) =>
    buffer
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '');
  const heads = [...(await git.text(['worktree', 'list', '--porcelain'])).matchAll(/^HEAD ([0-9a-f]{40})$/gm)];
  const pseudo = PSEUDO_REFS.flatMap(
    (name) => ifThere(() => fs.readFileSync(join(repo.gitDir, name), 'latin1'))?.match(/^[0-9a-f]{40}/gm) ?? [],
  );
  const roots = await existing(repo, [...heads.map((m) => m[1] ?? '').filter((id) => !/^0+$/.test(id)), ...pseudo]);
  const reached = new Set(
    lines(
      await git.run([
        'rev-list',
        '--objects',
        '--no-object-names',
        '--all',
        '--reflog',
        '--indexed-objects',
        ...roots.map((o) => o.id),
      ]),
    ),
  );
  const all = lines(
    await git.run(['cat-file', '--batch-all-objects', '--unordered', '--batch-check=%(objectname) %(objecttype)']),
  );
  const unreached = all.flatMap((line) =>
    line.endsWith(' commit') && !reached.has(line.slice(0, 40)) ? [line.slice(0, 40)] : [],
  );
  const texts = await objectTexts(repo, unreached);
  const messageOf = (id: string) => (texts.get(id) ?? '').replace(/^[\s\S]*?\n\n/, '');
  const ours = unreached.filter((id) => isOurs(messageOf(id)));
  const others = unreached.filter((id) => !ours.includes(id));
  const objectsOf = async (ids: readonly string[]) =>
    ids.length === 0
      ? []
      : lines(
          await git.run(['rev-list', '--objects', '--no-object-names', '--missing=allow-any', '--stdin'], {
            input: ids.map((id) => `${id}\n`).join(''),
          }),
        );
  for (const id of await objectsOf(others)) reached.add(id);
  const candidates = [...new Set([...(await objectsOf(ours)), ...more])].filter((id) => !reached.has(id));
  return (await existing(repo, candidates)).map((o) => o.id);
}

const PSEUDO_REFS = ['ORIG_HEAD', 'MERGE_HEAD', 'FETCH_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD'];

async function existing(repo: Repository, ids: readonly string[]): Promise<{ id: string; type: string }[]> {
  if (ids.length === 0) return [];
  const out = await repo.git.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: ids.map((id) => `${id}\n`).join(''),
  });
  return out
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const [id = '', type = ''] = line.split(' ');
      return type === 'blob' || type === 'tree' || type === 'commit' || type === 'tag' ? [{ id, type }] : [];
    });
}

/**
 * Removes objects from the store: loose ones, and packs that hold one are written again without it. Returns those that are still there
 * (in a pack that somebody marked to be kept, or in another repository's store that this one borrows from).
 */
export async function removeObjects(repo: Repository, ids: readonly string[]): Promise<string[]> {
  const unwanted = new Set(ids);
  const objects = join(repo.gitDir, 'objects');
  for (const id of unwanted) {
    const folder = join(objects, id.slice(0, 2));
    if (ifThere(() => fs.unlinkSync(join(folder, id.slice(2))) === undefined) === true) syncDir(folder);
  }
  const packs = join(objects, 'pack');
  for (const name of namesIn(packs).filter((n) => /^pack-[0-9a-f]+\.idx$/.test(n))) {
    if (holdsAny(join(packs, name), unwanted)) await replacePacks(repo, [name.slice(0, -4)], unwanted);
  }
  return (await existing(repo, ids)).map((o) => o.id);
}

/** Commits, on any ref, that brought this blob in: at most three. */
export async function commitsWith(repo: Repository, blob: string): Promise<string[]> {
  const out = await repo.git.text(['log', '--all', '--format=%H', '-n', '3', `--find-object=${blob}`]);
  return out.split('\n').filter((line) => line !== '');
}
