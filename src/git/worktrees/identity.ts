import { dirname, join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { readIfThere } from '../../platform/durable.ts';
import { fs, ifThere, lstatIfThere } from '../../platform/fs.ts';
import { Git } from '../git.ts';
import type { Repository } from '../repository.ts';
import type { Worktree, WorktreeRecords } from './record.ts';

/** What git keeps of a worktree: `<git dir>/worktrees/<name>`. */
export function adminFolder(repo: Repository, { name }: Pick<Worktree, 'name'>): string {
  return join(repo.gitDir, 'worktrees', name);
}

/** Names the folder at a path: device and inode. Empty where there is none. */
export function folderId(path: string): string {
  const stat = ifThere(() => fs.lstatSync(path, { bigint: true }));
  return stat?.isDirectory() === true ? `${stat.dev}:${stat.ino}` : '';
}

/**
 * Whose the folder at a worktree's path is. `ours`: as it was made. `gone`: there is none. `theirs`: another repository's, as after a copy of this
 * one with all its records. `orphan`: the one that was made, by a repository that lay elsewhere then. `changed`: anything else.
 */
export type Ownership = 'ours' | 'gone' | 'theirs' | 'orphan' | 'changed';

export function ownershipOf(repo: Repository, worktree: Worktree): Ownership {
  const { path, name, folder_id } = worktree;
  if (lstatIfThere(path) === undefined) return 'gone';
  if (!isMadeFolder(path, folder_id)) return 'changed';
  const text = textOf(join(path, '.git'));
  if (text === dotGit(repo, worktree)) return 'ours';
  const admin = /^gitdir: (.+)\n$/.exec(text)?.[1];
  if (admin === undefined || !admin.endsWith(`/worktrees/${name}`)) return 'changed';
  return lstatIfThere(admin) === undefined ? 'orphan' : 'theirs';
}

function isMadeFolder(path: string, id: string): boolean {
  return id !== '' && folderId(path) === id && ifThere(() => fs.realpathSync(path)) === path;
}

/** Whether git's folder for a worktree still speaks of this one. */
export function isOurAdmin(repo: Repository, worktree: Worktree): boolean {
  const admin = adminFolder(repo, worktree);
  return (
    lstatIfThere(admin)?.isDirectory() === true &&
    textOf(join(admin, 'gitdir')) === `${join(worktree.path, '.git')}\n` &&
    textOf(join(admin, 'commondir')) === '../..\n'
  );
}

/** The bytes of a worktree's `.git` file. */
export function dotGit(repo: Repository, worktree: Worktree): string {
  return `gitdir: ${adminFolder(repo, worktree)}\n`;
}

/** Throws WORKTREE_BROKEN unless folder, `.git` file and git's own folder are all as they were made. Asked before each git call in it. */
export function assertWorktree(repo: Repository, worktree: Worktree): void {
  const broken = (what: string) => new WaybillError('WORKTREE_BROKEN', `worktree ${worktree.name}: ${what}`);
  if (!isMadeFolder(worktree.path, worktree.folder_id))
    throw broken(`${worktree.path} is not the folder that was made`);
  if (textOf(join(worktree.path, '.git')) !== dotGit(repo, worktree))
    throw broken('its .git file is not the one that was written');
  if (!isOurAdmin(repo, worktree)) throw broken(`${adminFolder(repo, worktree)} does not belong to it any more`);
}

/** The same as a question. */
export function isWhole(repo: Repository, worktree: Worktree): boolean {
  try {
    assertWorktree(repo, worktree);
    return true;
  } catch {
    return false;
  }
}

/** A plain file's text; empty for everything else, a link too. */
function textOf(path: string): string {
  return lstatIfThere(path)?.isFile() === true ? (readIfThere(path)?.toString('utf8') ?? '') : '';
}

/** Settings of a person that would make git see less of a work tree than there is, or write beside what it is told. */
const SETTINGS = [
  'core.trustctime=true',
  'core.checkStat=default',
  'core.ignoreStat=false',
  'core.splitIndex=false',
  'core.untrackedCache=false',
  'index.sparse=false',
  'submodule.recurse=false',
];

/** What points git at a worktree and at nothing else, whatever stands in its `.git` file or in the environment. */
export interface WorktreeGit {
  run(args: readonly string[], input?: string): Promise<Buffer>;
}

/** Git for a worktree, with the index that we made. Each call asserts first whose folder it is. */
export function gitIn(repo: Repository, records: WorktreeRecords, worktree: Worktree): WorktreeGit {
  const git = new Git(worktree.path);
  const env = {
    GIT_DIR: adminFolder(repo, worktree),
    GIT_COMMON_DIR: repo.gitDir,
    GIT_WORK_TREE: worktree.path,
    GIT_INDEX_FILE: records.index(worktree.name),
    GIT_CEILING_DIRECTORIES: dirname(worktree.path),
  };
  const settings = [...SETTINGS, `core.sparseCheckout=${isSparse(repo, worktree)}`, 'core.sparseCheckoutCone=false'];
  return {
    run: async (args, input) => {
      assertWorktree(repo, worktree);
      const call = [...settings.flatMap((setting) => ['-c', setting]), ...args];
      return git.run(call, { env, ...(input === undefined ? {} : { input }) });
    },
  };
}

export function sparseFile(repo: Repository, worktree: Worktree): string {
  return join(adminFolder(repo, worktree), 'info', 'sparse-checkout');
}

function isSparse(repo: Repository, worktree: Worktree): boolean {
  return shapeOf(worktree).sparse !== null && lstatIfThere(sparseFile(repo, worktree)) !== undefined;
}

/** Which folders are checked out, and what comes from the root. */
export interface WorktreeShape {
  readonly sparse: readonly string[] | null;
  readonly link: readonly string[];
  readonly copy: readonly string[];
}

export function shapeText({ sparse, link, copy }: WorktreeShape): string {
  return JSON.stringify({ sparse, link, copy });
}

export function shapeOf({ shape }: Pick<Worktree, 'shape'>): WorktreeShape {
  return JSON.parse(shape) as WorktreeShape;
}
