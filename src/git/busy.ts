import { join } from 'node:path';
import { pause } from '../platform/clock.ts';
import { exists } from '../platform/durable.ts';
import { fs, ifThere, lstatIfThere, statIfThere } from '../platform/fs.ts';
import { lastLines } from '../platform/jsonl.ts';
import { isAlive, processesIn } from '../platform/processes.ts';
import { fileMoment } from './config.ts';
import type { Repository } from './repository.ts';

const UNDER_WAY: readonly [file: string, what: string][] = [
  ['MERGE_HEAD', 'a merge'],
  ['rebase-merge', 'a rebase'],
  ['rebase-apply', 'a rebase or am'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
  ['BISECT_LOG', 'a bisect'],
];

/** Why nothing may land on `branch` now, or null: somebody is in the middle of something that a new commit would spoil. */
export function whyBusy(repo: Repository, branch: string): string | null {
  for (const [file, what] of UNDER_WAY) if (exists(join(repo.gitDir, file))) return `${what} is under way`;
  const head = repo.refs.head();
  if (head.kind === 'detached') return 'HEAD is detached';
  if (head.ref !== branch) return `the branch checked out is ${short(head.ref)}, the order started on ${short(branch)}`;
  const elsewhere = checkedOutElsewhere(repo, branch);
  if (elsewhere !== null) return `the branch is checked out in the work tree ${elsewhere}`;
  if (editorIsOpen(repo)) return 'an editor is open in git commit';
  return null;
}

/** Whether the branch is checked out in a linked work tree: moving it there would leave that tree behind. */
function checkedOutElsewhere(repo: Repository, branch: string): string | null {
  const folder = join(repo.gitDir, 'worktrees');
  for (const name of ifThere(() => fs.readdirSync(folder)) ?? []) {
    const head = ifThere(() => fs.readFileSync(join(folder, name, 'HEAD'), 'utf8'));
    if (head?.trim() === `ref: ${branch}`) return name;
  }
  return null;
}

export function short(ref: string): string {
  return ref.replace(/^refs\/heads\//, '');
}

/**
 * `git commit` writes COMMIT_EDITMSG, opens the editor and only then moves HEAD: a message newer than HEAD's last move, and a git
 * process alive in the work tree, is a person who is writing.
 */
function editorIsOpen(repo: Repository): boolean {
  const message = statIfThere(join(repo.gitDir, 'COMMIT_EDITMSG'));
  if (message === undefined) return false;
  const last = lastLines(join(repo.gitDir, 'logs', 'HEAD'), 1)[0] ?? '';
  const moved = Number(/> (\d+) [+-]\d{4}\t/.exec(last)?.[1] ?? 0);
  if (Math.floor(message.mtimeMs / 1000) <= moved) return false;
  return processesIn(repo.root, 'git').length > 0;
}

/** An index.lock that was there for longer than we would wait for it: somebody is at it, or a program left it. It is theirs to remove. */
export function staleLock(repo: Repository, olderThanMs: number): string | null {
  const lock = lstatIfThere(join(repo.gitDir, 'index.lock'));
  if (lock === undefined || lock.nlink > 1 || Date.now() - lock.ctimeMs < olderThanMs) return null;
  return `.git/index.lock lies there since ${lock.ctime.toISOString()}; remove it if no git command is running`;
}

/** An index younger than this may belong to a git command that has not come to its end. */
const YOUNG_INDEX_MS = 2000;

/** What git's files look like now: other words later mean that somebody moved the branch, HEAD or the index. */
export function momentOf(repo: Repository, branch: string): string {
  const index = statIfThere(join(repo.gitDir, 'index'));
  const head = repo.refs.head();
  return [
    head.kind === 'branch' ? head.ref : head.id,
    repo.refs.read(branch),
    index === undefined ? '' : `${index.ino}:${index.mtimeMs}:${index.size}`,
  ].join(' ');
}

/**
 * Whether somebody's git command is in the middle of its work: `reset`, `checkout` and others write files, then the index, and move HEAD
 * or the branch last, when index.lock is gone already. What is seen between those is nobody's change.
 */
export function isMidway(repo: Repository): boolean {
  return exists(join(repo.gitDir, 'index.lock')) || midway(repo).length > 0;
}

/** How long a git command of somebody's may take from its index to its branch. */
const MIDWAY_MS = 300;

/**
 * Waits for git commands that may have written the index and be about to move the branch; those that begin meanwhile may be followed by others
 * for ever. Returns which index that was: as long as it is that one, nobody is in between.
 */
export async function letThemEnd(repo: Repository): Promise<string> {
  const index = indexMoment(repo);
  const until = Date.now() + MIDWAY_MS;
  for (let left = midway(repo); left.length > 0 && Date.now() < until; left = left.filter((pid) => isAlive(pid)))
    await pause(1);
  return index;
}

/** Names the index as it is now. */
export function indexMoment(repo: Repository): string {
  return fileMoment(join(repo.gitDir, 'index'));
}

/** Processes of somebody's git, where the index may be theirs. */
function midway(repo: Repository): number[] {
  const index = statIfThere(join(repo.gitDir, 'index'));
  if (index === undefined || Date.now() - index.mtimeMs > YOUNG_INDEX_MS) return [];
  // written by us, and by nobody since: a look at all processes costs more than a landing
  if (indexMoment(repo) === repo.ownIndex) return [];
  return processesIn(repo.root, 'git');
}
