import { join } from 'node:path';
import { namesIn, syncDir } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { FastImport, type FileEntry } from './fast-import.ts';
import type { Repository } from './repository.ts';

/** Takes contents out of a ref's history and out of the object store: for what must not stay. */

/** What becomes of one file of a commit: it stays, goes, or gets other bytes. */
export type Fate = 'keep' | 'drop' | Uint8Array;

/**
 * Writes the history of `tip` again, commit by commit with its own message and time, under `scratchRef`; commits before the first one that
 * `fate` changes stay as they are. Returns the new tip, or `tip` when nothing had to change.
 */
export async function rewriteHistory(
  repo: Repository,
  tip: string,
  scratch: { ref: string; marksFile: string },
  fate: (path: string, blob: string) => Promise<Fate>,
): Promise<string> {
  const log = await repo.git.run([
    'log',
    '--reverse',
    '--first-parent',
    '--root',
    '--raw',
    '-r',
    '-z',
    '--no-renames',
    '--no-abbrev',
    '--date=raw',
    `--format=${START}%H %P%n%an <%ae> %ad%n%cn <%ce> %cd%n%B${END}`,
    tip,
  ]);
  const git = new FastImport(repo);
  let parent: string | { mark: number } | null = null;
  let changed = false;
  let last = 0;
  for (const commit of parseLog(log)) {
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
    last = git.commit({
      ref: scratch.ref,
      parent,
      author: commit.author,
      ident: commit.committer,
      message: commit.message,
      files,
    });
    parent = { mark: last };
  }
  if (!changed) return tip;
  const marks = await git.run(scratch.marksFile);
  return marks.get(last) ?? tip;
}

const START = '\x01';
const END = '\x02';

interface LoggedCommit {
  readonly id: string;
  readonly author: string;
  readonly committer: string;
  readonly message: string;
  readonly files: readonly { mode: string; blob: string; path: string }[];
}

/** `\x01 id parents \n author \n committer \n message \x02 \0 :modes ids status \0 path \0 …` */
function* parseLog(log: Buffer): Generator<LoggedCommit> {
  for (const entry of log.toString('utf8').split(START).slice(1)) {
    const end = entry.indexOf(END);
    const [ids = '', author = '', committer = '', ...message] = entry.slice(0, end).split('\n');
    const raw = entry
      .slice(end + 1)
      .split('\0')
      .filter((part) => part.trim() !== '');
    const files: { mode: string; blob: string; path: string }[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const [, mode = '', , blob = ''] = (raw[i] ?? '').trim().split(' ');
      files.push({ mode, blob, path: raw[i + 1] ?? '' });
    }
    yield { id: ids.split(' ')[0] ?? '', author, committer, message: message.join('\n'), files };
  }
}

/** The blobs of a history that nothing else in the repository reaches: no ref, reflog, index or work tree. */
export async function blobsOnlyIn(repo: Repository, tip: string, more: readonly string[]): Promise<string[]> {
  const { git } = repo;
  // what an earlier try has removed already is missing
  const mine = (await git.run(['rev-list', '--objects', '--no-object-names', '--missing=allow-any', tip]))
    .toString('latin1')
    .split('\n');
  const heads = [...(await git.text(['worktree', 'list', '--porcelain'])).matchAll(/^HEAD ([0-9a-f]{40})$/gm)]
    .map((m) => m[1] ?? '')
    .filter((id) => !/^0+$/.test(id));
  const pseudo = ['ORIG_HEAD', 'MERGE_HEAD', 'FETCH_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD'].flatMap(
    (name) => {
      const text = ifThere(() => fs.readFileSync(join(repo.gitDir, name), 'latin1'));
      return text?.match(/^[0-9a-f]{40}/gm) ?? [];
    },
  );
  const known = await existing(repo, [...heads, ...pseudo]);
  const reached = new Set(
    (
      await git.run([
        'rev-list',
        '--objects',
        '--no-object-names',
        '--all',
        '--reflog',
        '--indexed-objects',
        ...known.map((o) => o.id),
      ])
    )
      .toString('latin1')
      .split('\n'),
  );
  const candidates = [...new Set([...mine, ...more])].filter((id) => id !== '' && !reached.has(id));
  return (await existing(repo, candidates)).filter((o) => o.type === 'blob').map((o) => o.id);
}

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
  for (const name of namesIn(packs).filter((n) => /^pack-[0-9a-f]+\.idx$/.test(n)))
    await repack(repo, packs, name.slice(0, -4), unwanted);
  return (await existing(repo, ids)).map((o) => o.id);
}

async function repack(repo: Repository, packs: string, name: string, unwanted: ReadonlySet<string>): Promise<void> {
  const index = ifThere(() => fs.readFileSync(join(packs, `${name}.idx`)));
  if (index === undefined) return;
  const listing = await repo.git.run(['show-index'], { input: index });
  const held = listing
    .toString('latin1')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? []);
  const files = namesIn(packs).filter((n) => n.startsWith(`${name}.`));
  if (!held.some((id) => unwanted.has(id)) || files.some((n) => n.endsWith('.keep') || n.endsWith('.promisor'))) return;
  const rest = held.filter((id) => !unwanted.has(id));
  // the new pack is there before the old one goes
  if (rest.length > 0)
    await repo.git.run(['pack-objects', '--quiet', join(packs, 'pack')], {
      input: rest.map((id) => `${id}\n`).join(''),
    });
  for (const extra of ['multi-pack-index']) ifThere(() => fs.unlinkSync(join(packs, extra)));
  for (const n of [`${name}.idx`, ...files.filter((f) => f !== `${name}.idx`)])
    ifThere(() => fs.unlinkSync(join(packs, n)));
  syncDir(packs);
}

/** Commits, on any ref, that brought this blob in: at most three. */
export async function commitsWith(repo: Repository, blob: string): Promise<string[]> {
  const out = await repo.git.text(['log', '--all', '--format=%H', '-n', '3', `--find-object=${blob}`]);
  return out.split('\n').filter((line) => line !== '');
}
