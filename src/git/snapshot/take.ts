import { dirname, isAbsolute, join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { ensureDir, namesIn, syncDir } from '../../platform/durable.ts';
import { fs, ifThere, lstatIfThere } from '../../platform/fs.ts';
import type { Environment } from '../../platform/process.ts';
import { gitFailed } from '../git.ts';
import { NO_OBJECT } from '../objects/object-id.ts';
import { syncRefs } from '../refs.ts';
import { configOf, type Repository } from '../repository.ts';
import { PrivateIndex } from './private-index.ts';

/** What a snapshot is to hold, and under which name. */
export interface SnapshotWish {
  /** The folder of refs, without a slash at its end. */
  readonly folder: string;
  readonly name: string;
  readonly why: string;
  /** Paths that are somebody else's business, relative to the root; a `*` stands for any characters but `/`. */
  readonly leaveOut: readonly string[];
  /** Paths that are taken although git ignores them, relative to the root; those that are not there are passed over. */
  readonly extra: readonly string[];
}

/** Something in the work tree that a snapshot could not hold, and why. */
export interface NotHeld {
  readonly path: string;
  readonly why: string;
}

export interface TakenSnapshot {
  readonly name: string;
  readonly ref: string;
  readonly id: string;
  readonly notHeld: readonly NotHeld[];
}

/** Whether a commit's message says that a snapshot was made of it. */
export function isSnapshotMessage(message: string): boolean {
  return /^snapshot: \S+\n\nBranch: .*\nHead: |^snapshot index: /.test(message);
}

/** What git takes for the name of a ref and every disk for the name of a file. */
export function isSnapshotName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name) && !/\.\.|\.$|\.lock$/i.test(name);
}

/**
 * Holds the work tree as it is in a commit of its own: its first parent is HEAD, its second the index, as `git stash` makes them, and its
 * tree has every file on disk that git does not ignore. Nothing that the person has is touched: neither HEAD, index, work tree, stash nor
 * a reflog. Everything is on disk before the ref says so. Throws SNAPSHOT_EXISTS, USAGE for a bad name, GIT_FAILED.
 */
export async function takeSnapshot(repo: Repository, wish: SnapshotWish): Promise<TakenSnapshot> {
  if (!isSnapshotName(wish.name))
    throw new WaybillError('USAGE', `${JSON.stringify(wish.name)} cannot be the name of a snapshot`, {
      hint: 'Letters, digits, dots, dashes and underscores, at most 100.',
    });
  const ref = `${wish.folder}/${wish.name}`;
  if (repo.refs.read(ref) !== null) throw taken(wish.name);
  const begun = Math.floor(Date.now() / 1000) * 1000;
  const branch = repo.refs.head();
  const head = branch.kind === 'branch' ? repo.refs.read(branch.ref) : branch.id;
  const index = PrivateIndex.copy(repo);
  try {
    const notHeld: NotHeld[] = [];
    const staged = await stagedTree(index, notHeld);
    await showHidden(repo, index);
    await addAll(repo, index, wish, notHeld);
    const tree = await text(index.run(['write-tree']));
    await noteRepositories(index, staged ?? tree, tree, notHeld);
    const ident = await identity(repo);
    const parents = head === null ? [] : [head];
    const about = branch.kind === 'branch' ? branch.ref.replace(/^refs\/heads\//, '') : 'detached';
    const commit = (of: string, from: readonly string[], message: string) =>
      text(repo.git.run(['commit-tree', of, ...from.flatMap((p) => ['-p', p])], { input: message, env: ident }));
    const indexCommit = staged === null ? null : await commit(staged, parents, `snapshot index: ${wish.name}\n`);
    const id = await commit(
      tree,
      [...parents, ...(indexCommit === null ? [] : [indexCommit])],
      messageOf(wish, about, head, indexCommit, notHeld),
    );
    syncObjects(repo, begun);
    await create(repo, ref, id, wish.name);
    await assertWhole(repo, ref, id, head);
    return { name: wish.name, ref, id, notHeld };
  } finally {
    index.close();
  }
}

/** The index as a tree, or null where it has conflicts, which no tree can show. */
async function stagedTree(index: PrivateIndex, notHeld: NotHeld[]): Promise<string | null> {
  const conflicts = await index.fields(['diff', '--name-only', '--diff-filter=U', '-z']);
  for (const path of new Set(conflicts))
    notHeld.push({ path, why: 'its stages of a merge; the file itself is held as it stands on disk' });
  return conflicts.length > 0 ? null : text(index.run(['write-tree']));
}

/** Git passes over changes of files that somebody marked (assume-unchanged, skip-worktree). Their bytes count all the same. */
async function showHidden(repo: Repository, index: PrivateIndex): Promise<void> {
  const marked = (await index.fields(['ls-files', '-v', '-z'])).filter((line) => /^[a-zS] /.test(line));
  const assumed = marked.filter((line) => /^[a-z]/.test(line)).map((line) => line.slice(2));
  const skipped = marked
    .filter((line) => /^s/i.test(line) && lstatIfThere(join(repo.root, line.slice(2))) !== undefined)
    .map((line) => line.slice(2));
  for (const [flag, paths] of [
    ['--no-assume-unchanged', assumed],
    ['--no-skip-worktree', skipped],
  ] as const)
    if (paths.length > 0)
      await index.run(['update-index', flag, '-z', '--stdin'], paths.map((path) => `${path}\0`).join(''));
}

async function addAll(repo: Repository, index: PrivateIndex, wish: SnapshotWish, notHeld: NotHeld[]): Promise<void> {
  const without = wish.leaveOut.map((path) => `:(top,exclude,glob)${path}`);
  const where = [':(top)', ...without];
  const refused = await add(index, ['--all'], where);
  if (refused !== null) throw refused;
  // git refuses all where one is not there; that one is held as what it is
  const extra = wish.extra
    .filter((path) => !isAbsolute(path) && !path.split('/').includes('..'))
    .filter((path) => lstatIfThere(join(repo.root, path)) !== undefined)
    .map((path) => `:(top,literal)${path}`);
  if (extra.length > 0 && (await add(index, ['--force'], [...extra, ...without])) !== null)
    for (const path of extra) {
      const why = await add(index, ['--force'], [path, ...without]);
      if (why !== null) notHeld.push({ path: path.replace(':(top,literal)', ''), why: why.message });
    }
  // what differs still could not be read
  const look = ['ls-files', '--others', '--modified', '--exclude-standard', '-z', '--', ...where];
  const seen = await index.try(look);
  if (seen.exitCode !== 0) throw gitFailed(look, seen);
  for (const [, path = '', why = ''] of seen.stderr.matchAll(/^warning: could not open directory '(.*)': (.*)$/gm))
    notHeld.push({ path, why: `the folder could not be read: ${why}` });
  const left = seen.stdout
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
  for (const path of new Set(left)) {
    const why = path.endsWith('/')
      ? 'it is another repository, without a commit'
      : 'it could not be read, or changed meanwhile';
    notHeld.push({ path, why });
  }
}

/**
 * Every blob goes into one pack, streamed: a file of its own for each would have to be synced each by itself. One file that cannot be
 * read never stops the others. Returns what git refused altogether, or null.
 */
async function add(
  index: PrivateIndex,
  options: readonly string[],
  pathspecs: readonly string[],
): Promise<WaybillError | null> {
  const settings = ['core.bigFileThreshold=1', 'core.fsync=all', 'core.safecrlf=false', 'advice.addEmbeddedRepo=false'];
  const from = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  const all = [...settings.flatMap((s) => ['-c', s]), 'add', '--ignore-errors', ...options, ...from];
  const result = await index.try(all, pathspecs.map((one) => `${one}\0`).join(''));
  // 1 is a file that could not be added
  return result.exitCode > 1 ? gitFailed(all, result) : null;
}

/** Another repository in the work tree is held as the commit it is at, and no more. */
async function noteRepositories(index: PrivateIndex, from: string, to: string, notHeld: NotHeld[]): Promise<void> {
  const lines = await index.fields(['diff-tree', '-r', '-z', '--no-renames', from, to]);
  for (const [n, line] of lines.entries())
    if (/^:\d+ 160000 /.test(line))
      notHeld.push({ path: lines[n + 1] ?? '', why: 'it is another repository: only which commit it is at is held' });
}

async function identity(repo: Repository): Promise<Environment> {
  const [, name = 'Waybill', mail = 'waybill@localhost'] =
    /^(.*?) ?<(.*)>$/.exec(await (await configOf(repo)).committer()) ?? [];
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: mail,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: mail,
  };
}

/** Every value stands in one line: paths and reasons are anybody's. */
function messageOf(
  wish: SnapshotWish,
  branch: string,
  head: string | null,
  index: string | null,
  notHeld: readonly NotHeld[],
): string {
  return [
    `snapshot: ${wish.name}`,
    '',
    `Branch: ${branch}`,
    `Head: ${head ?? 'none'}`,
    `Index: ${index ?? 'none'}`,
    `Why: ${wish.why.replace(/\s+/g, ' ')}`,
    ...notHeld.slice(0, 1000).map((left) => `Not-Held: ${JSON.stringify(left)}`),
    '',
  ].join('\n');
}

/** Git syncs objects, not the folders that name them. */
function syncObjects(repo: Repository, since: number): void {
  const objects = join(repo.gitDir, 'objects');
  for (const name of namesIn(objects).filter((n) => /^([0-9a-f]{2}|pack)$/.test(n))) {
    const folder = join(objects, name);
    const stat = ifThere(() => fs.statSync(folder));
    if (stat !== undefined && stat.mtimeMs >= since) ifThere(() => syncDir(folder));
  }
  syncDir(objects);
}

/** Compare-and-swap against nothing, by git: of two who want the name one gets it. */
async function create(repo: Repository, ref: string, id: string, name: string): Promise<void> {
  ensureDir(dirname(join(repo.gitDir, ref)));
  const args = ['update-ref', '--no-deref', ref, id, NO_OBJECT];
  const result = await repo.git.try(args);
  if (result.exitCode !== 0) {
    if (repo.refs.read(ref) !== null) throw taken(name);
    throw gitFailed(args, result);
  }
  syncRefs(repo.gitDir, [ref]);
}

/** A `git gc --prune=now` beside us may have eaten objects while nothing referred to them. */
async function assertWhole(repo: Repository, ref: string, id: string, head: string | null): Promise<void> {
  const not = head === null ? [] : ['--not', head];
  const walked = await repo.git.try(['rev-list', '--objects', '--quiet', id, ...not]);
  if (walked.exitCode === 0) return;
  await repo.git.try(['update-ref', '--no-deref', '-d', ref, id]);
  throw new WaybillError(
    'GIT_FAILED',
    `objects of the snapshot are gone again: ${walked.stderr.trim().slice(0, 200)}`,
    {
      hint: 'Somebody pruned the repository meanwhile (git gc --prune=now). Take the snapshot again.',
    },
  );
}

function taken(name: string): WaybillError {
  return new WaybillError('SNAPSHOT_EXISTS', `there is a snapshot ${name} already`);
}

async function text(said: Promise<Buffer>): Promise<string> {
  return (await said).toString('utf8').trim();
}
