import { basename, dirname, join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { ensureDir, namesIn, syncDir, writeDurable } from '../../platform/durable.ts';
import { fs, ifThere, lstatIfThere } from '../../platform/fs.ts';
import { livingIn } from '../../platform/processes.ts';
import type { Repository } from '../repository.ts';
import { removeFolder, removeUntracked } from './clean.ts';
import {
  adminFolder,
  assertWorktree,
  dotGit,
  folderId,
  gitIn,
  isOurAdmin,
  ownershipOf,
  shapeOf,
  sparseFile,
} from './identity.ts';
import { bringFromRoot, isBrought } from './links.ts';
import type { Worktree, WorktreeRecords } from './record.ts';

/**
 * Makes the worktree that `plan` describes, with its base checked out and what it needs from the root brought in. The record stands before
 * anything is made. Throws GIT_FAILED, or what the disk says; then cleaning up finds what there is by the record.
 */
export async function addWorktree(repo: Repository, records: WorktreeRecords, plan: Worktree): Promise<Worktree> {
  ensureDir(dirname(plan.path));
  records.write(plan);
  // one written elsewhere would be git's to find again; ours is asked for by name
  const words = ['-c', 'worktree.useRelativePaths=false', 'worktree', 'add', '--quiet', '--detach', '--no-checkout'];
  await repo.git.run([...words, plan.path, plan.base]);
  const made = records.write({ ...plan, folder_id: folderId(plan.path) });
  assertWorktree(repo, made);
  writeSparse(repo, made);
  return checkOut(repo, records, made, plan.base);
}

/** Which folders are checked out, in the words of git: everything at the top, and the folders named. */
function writeSparse(repo: Repository, worktree: Worktree): void {
  const { sparse } = shapeOf(worktree);
  if (sparse === null) return;
  const folders = sparse.map((folder) => `/${folder.replace(/^\/+|\/+$/g, '')}/\n`);
  ensureDir(dirname(sparseFile(repo, worktree)));
  writeDurable(sparseFile(repo, worktree), ['/*\n', '!/*/\n', ...folders].join(''));
}

/**
 * Puts a clean worktree at a commit: its files, our index, its own index and HEAD, and nothing under way. Costs what differs from the commit it
 * was at. Throws WORKTREE_BROKEN, GIT_FAILED.
 */
export async function checkOut(
  repo: Repository,
  records: WorktreeRecords,
  worktree: Worktree,
  base: string,
): Promise<Worktree> {
  // nobody else uses our index: a lock on it is what a kill left
  ifThere(() => fs.unlinkSync(`${records.index(worktree.name)}.lock`));
  await gitIn(repo, records, worktree).run(['read-tree', '--reset', '-u', base]);
  clearAdmin(repo, worktree);
  writeDurable(join(adminFolder(repo, worktree), 'HEAD'), `${base}\n`);
  const links = bringFromRoot(repo.root, worktree.path, shapeOf(worktree));
  fs.copyFileSync(records.index(worktree.name), join(adminFolder(repo, worktree), 'index'));
  return records.write({ ...worktree, base, links });
}

/** What git needs of a worktree. All else there is a command's doing: a lock, a merge under way, refs and settings of its own. */
const ADMIN = ['gitdir', 'commondir', 'HEAD', 'locked'];

function clearAdmin(repo: Repository, worktree: Worktree): void {
  assertWorktree(repo, worktree);
  const admin = adminFolder(repo, worktree);
  for (const name of namesIn(admin)) if (!ADMIN.includes(name) && name !== 'info') removeFolder(join(admin, name));
  removeFolder(join(admin, 'info'));
  writeSparse(repo, worktree);
}

/**
 * Points HEAD of a worktree at its base again: a branch that a command checked out there would count as checked out elsewhere, and nothing could
 * land on it.
 */
export function leaveBranches(repo: Repository, worktree: Worktree): void {
  assertWorktree(repo, worktree);
  writeDurable(join(adminFolder(repo, worktree), 'HEAD'), `${worktree.base}\n`);
}

/**
 * Every path whose content may differ from the base: what differs by its stat from our index, and what is neither tracked nor ignored. It makes no
 * difference what was done to the worktree's own index, HEAD or flags. A path that ends in / is a repository of its own.
 */
export async function changedPaths(repo: Repository, records: WorktreeRecords, worktree: Worktree): Promise<string[]> {
  const git = gitIn(repo, records, worktree);
  const differing = await git.run(['diff-files', '--name-only', '-z', '--no-renames', '--ignore-submodules=dirty']);
  const untracked = await git.run(['ls-files', '--others', '--exclude-standard', '-z']);
  const paths = [differing, untracked].flatMap((out) => out.toString('utf8').split('\0'));
  return [...new Set(paths)].filter((path) => path !== '' && !isBrought(worktree.links, path)).sort();
}

/**
 * Takes out of a worktree all that its base does not have, and puts back what it does. Returns whether it is clean for certain: nobody lives in
 * it, and nothing differs when it is looked at again. Throws WORKTREE_BROKEN and what git or the disk says: then it is not.
 */
export async function cleanWorktree(repo: Repository, records: WorktreeRecords, worktree: Worktree): Promise<boolean> {
  if (!(await sweepWorktree(repo, records, worktree))) return false;
  return isClean(repo, records, records.read(worktree.name) ?? worktree);
}

/** The same without the look at the end, for one that is looked at before its next use. */
export async function sweepWorktree(repo: Repository, records: WorktreeRecords, worktree: Worktree): Promise<boolean> {
  if (livingIn(worktree.path).length > 0) return false;
  const git = gitIn(repo, records, worktree);
  // by their flags as we left them, also where a command put a file that is not checked out
  const flags = ['-c', 'sparse.expectFilesOutsideOfPatterns=true', 'ls-files', '-t', '--stage', '-z'];
  const staged = (await git.run(flags))
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '' && !line.startsWith('S'));
  const tracked = staged.map((line) => ({
    path: line.slice(line.indexOf('\t') + 1),
    isSubmodule: line.startsWith('160000', 2),
  }));
  removeUntracked(worktree.path, tracked);
  await checkOut(repo, records, { ...worktree, links: [] }, worktree.base);
  return true;
}

/** Whether nothing in it differs from its base, apart from what came from the root and what is ignored. */
export async function isClean(repo: Repository, records: WorktreeRecords, worktree: Worktree): Promise<boolean> {
  return (await changedPaths(repo, records, worktree)).length === 0;
}

/**
 * Removes a worktree, what git knows of it, and last its record. A folder that is not the one that was made stays. Whoever calls has kept what was
 * worth keeping. Throws what the disk says.
 */
export function removeWorktree(repo: Repository, records: WorktreeRecords, worktree: Worktree): void {
  const ownership = ownershipOf(repo, worktree);
  const isWaiting = worktree.state === 'idle' && ownership === 'orphan';
  if (ownership === 'ours' || isWaiting || isHalfMade(repo, worktree)) removeFolder(worktree.path);
  if (isOurAdmin(repo, worktree) || isHalfMadeAdmin(repo, worktree)) removeFolder(adminFolder(repo, worktree));
  // a power loss would bring them back, and by then nobody would know of them
  for (const folder of [dirname(worktree.path), join(repo.gitDir, 'worktrees')])
    if (lstatIfThere(folder)?.isDirectory() === true) syncDir(folder);
  ifThere(() => rmdirIfEmpty(join(repo.gitDir, 'worktrees')));
  records.forget(worktree.name);
}

/** A kill came before its folder was noted. Nothing has run in it: its name is used once, and stood on record before the folder was made. */
function isHalfMade(repo: Repository, worktree: Worktree): boolean {
  const { path, name, folder_id, state } = worktree;
  if (state !== 'making' || folder_id !== '' || basename(path) !== name) return false;
  const names = folderId(path) === '' ? [] : namesIn(path);
  const text = ifThere(() => fs.readFileSync(join(path, '.git'), 'utf8')) ?? '';
  return names.length === 0 || (names.length === 1 && (text === '' || text === dotGit(repo, worktree)));
}

/** Git writes what it knows of a worktree file by file. */
function isHalfMadeAdmin(repo: Repository, worktree: Worktree): boolean {
  if (worktree.state !== 'making') return false;
  const text = ifThere(() => fs.readFileSync(join(adminFolder(repo, worktree), 'gitdir'), 'utf8')) ?? '';
  return text === '' || text.trim() === join(worktree.path, '.git');
}

function rmdirIfEmpty(path: string): void {
  if (namesIn(path).length === 0) fs.rmdirSync(path);
}

/** Throws SETTINGS_INVALID where worktrees cannot lie there. */
export function assertOutside(repo: Repository, folder: string): void {
  const real = ifThere(() => fs.realpathSync(folder)) ?? folder;
  if (real === repo.root || real.startsWith(`${repo.root}/`) || real.startsWith(`${repo.gitDir}/`))
    throw new WaybillError('SETTINGS_INVALID', `worktrees.folder: ${folder} lies inside the repository`, {
      hint: 'Name a folder outside of it, or none.',
    });
}
