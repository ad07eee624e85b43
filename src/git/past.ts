import type { ToolLimits } from '../platform/process.ts';
import { type Git, gitFailed } from './git.ts';

/** What git knows of a path's past. Everything here takes limits: a repository may be large, and who asks has little time. */

/** What each of these commits has at a path: the id of a blob or a tree, or null where it has nothing there or is gone. */
export async function objectsAt(
  git: Git,
  commits: readonly string[],
  path: string,
  limits: ToolLimits,
): Promise<Map<string, string | null>> {
  const ids = [...new Set(commits)];
  const found = new Map<string, string | null>();
  if (ids.length === 0) return found;
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)', '--buffer'];
  const result = await git.try(args, { input: ids.map((id) => `${id}:${path}\n`).join(''), ...limits });
  if (result.cut !== undefined) return found;
  if (result.exitCode !== 0) throw gitFailed(args, result);
  const lines = result.stdout.toString('utf8').split('\n');
  for (const [n, id] of ids.entries())
    found.set(id, /^([0-9a-f]{40}) (?:blob|tree)$/.exec(lines[n] ?? '')?.[1] ?? null);
  return found;
}

/** A commit that changed something at a path. */
export interface TouchingCommit {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly subject: string;
  /** The order that made it, or null. */
  readonly order: string | null;
  readonly changes: readonly TouchedFile[];
}

/** One file in such a commit. */
interface TouchedFile {
  readonly path: string;
  readonly status: string;
  readonly modeBefore: string;
  readonly modeAfter: string;
}

const FORMAT = '--format=%x1e%H%x1f%ct%x1f%an <%ae>%x1f%s%x1f%(trailers:key=Work-Order,valueonly,separator=%x20)%x1f';

/**
 * The commits that touched a path, newest first, at most `most`. `from` are git's words for where to look: `HEAD`, or EVERYWHERE. Null where
 * the time was not enough.
 */
export async function commitsTouching(
  git: Git,
  path: string,
  from: readonly string[],
  most: number,
  limits: ToolLimits,
): Promise<TouchingCommit[] | null> {
  const args = ['--literal-pathspecs', 'log', `-n${most}`, '--raw', '--no-abbrev', '--no-renames', '-z', FORMAT];
  const result = await git.try([...args, ...from, '--', path], limits);
  if (result.cut !== undefined) return null;
  // a repository without a commit, or a history with a hole in it
  if (result.exitCode !== 0) return [];
  return result.stdout
    .toString('utf8')
    .split('\x1e')
    .slice(1)
    .map((text) => {
      const [id = '', seconds = '', by = '', subject = '', order = '', raw = ''] = text.split('\x1f');
      const fields = raw.split('\0').filter((field) => field.trim() !== '');
      const changes: TouchedFile[] = [];
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const [, modeBefore = '', modeAfter = '', status = ''] =
          /:(\d{6}) (\d{6}) [0-9a-f]+ [0-9a-f]+ (\w)/.exec(fields[i] ?? '') ?? [];
        changes.push({ path: fields[i + 1] ?? '', status, modeBefore, modeAfter });
      }
      const at = new Date(Number(seconds) * 1000).toISOString();
      return { id, at, by, subject, order: order.trim() === '' ? null : order.trim(), changes };
    });
}

/** Every branch, tag and remote branch, and what only reflogs still know; our own refs hold no work of anybody's. */
export const EVERYWHERE: readonly string[] = ['--full-history', '--exclude=refs/waybill/*', '--all', '--reflog'];

/** Where a commit moved a file to, or null where it did not. */
export async function renamedTo(git: Git, commit: string, path: string, limits: ToolLimits): Promise<string | null> {
  const args = ['diff-tree', '-r', '-z', '-M', '--diff-filter=R', '--no-commit-id', '--name-status', '-l2000', commit];
  const result = await git.try(args, limits);
  if (result.exitCode !== 0 || result.cut !== undefined) return null;
  const fields = result.stdout.toString('utf8').split('\0');
  for (let i = 0; i + 2 < fields.length; i += 3) if (fields[i + 1] === path) return fields[i + 2] ?? null;
  return null;
}

/** What HEAD and the index have at a path. */
export interface Recorded {
  readonly mode: string;
  readonly id: string;
  readonly size: number | null;
}

/** The entry of HEAD's tree, or null. */
export async function entryInHead(git: Git, path: string, limits: ToolLimits): Promise<Recorded | null> {
  const result = await git.try(['--literal-pathspecs', 'ls-tree', '-z', '-l', 'HEAD', '--', path], limits);
  const match = /^(\d{6}) (?:blob|tree|commit) ([0-9a-f]{40}) +(\d+|-)\t/.exec(result.stdout.toString('utf8'));
  if (result.exitCode !== 0 || match === null) return null;
  return { mode: match[1] ?? '', id: match[2] ?? '', size: match[3] === '-' ? null : Number(match[3]) };
}

/** Names of files in the index at or below a path, at most some thousand; `deleted`: only those that are not in the work tree. */
export async function filesInIndex(
  git: Git,
  path: string | null,
  which: 'all' | 'deleted' | 'untracked',
  limits: ToolLimits,
): Promise<string[]> {
  const how = { all: [], deleted: ['--deleted'], untracked: ['--others', '--exclude-standard'] }[which];
  const args = ['--literal-pathspecs', 'ls-files', '-z', ...how, ...(path === null ? [] : ['--', path])];
  const result = await git.try(args, limits);
  if (result.exitCode !== 0 || result.cut !== undefined) return [];
  return result.stdout.toString('utf8').split('\0').filter(Boolean).slice(0, 5000);
}

/** The id that git would give the file on disk, after its filters; null where it cannot be read in time. */
export async function idOnDisk(git: Git, path: string, limits: ToolLimits): Promise<string | null> {
  const result = await git.try(['hash-object', '--', path], limits);
  return result.exitCode === 0 && result.cut === undefined ? result.stdout.toString('utf8').trim() : null;
}

/** Files that one commit has and another has not, at most some thousand; none where git cannot tell in time. */
export async function filesDeletedBetween(git: Git, from: string, to: string, limits: ToolLimits): Promise<string[]> {
  if (from === to) return [];
  const args = ['diff-tree', '-r', '-z', '-M', '-l1000', '--name-only', '--diff-filter=D', from, to];
  const result = await git.try(args, limits);
  if (result.exitCode !== 0 || result.cut !== undefined) return [];
  return result.stdout.toString('utf8').split('\0').filter(Boolean).slice(0, 5000);
}
