import { join } from 'node:path';
import { type Worktree, WorktreeRecords } from '../../git/worktrees/record.ts';
import { changedPaths } from '../../git/worktrees/worktree.ts';
import { type Change, isOutside } from '../../order/change.ts';
import type { OrderLife } from '../../order/life.ts';
import { changedSoFar } from '../../order/mission.ts';
import { namesIn } from '../../platform/durable.ts';
import { fs, ifThere, lstatIfThere } from '../../platform/fs.ts';
import { LARGEST_TARGET } from '../../platform/target.ts';
import type { Job } from '../job.ts';
import { type KeptFile, keepWork } from '../keep.ts';
import type { Runtime } from '../runtime.ts';
import { changesOf, undo } from '../undo.ts';

/** Work that does not land is kept before anything of it goes (rule 1). */

/** Keeps what an isolated order made, as far as it is in hand. Nothing for work at the root. Throws GIT_FAILED. */
export async function keepJob(rt: Runtime, job: Job, why: string): Promise<void> {
  if (job.isolation !== null) await keepChanges(rt, job.woId, job.changes, why);
}

/**
 * Lets go of work that is done and will not land: at the root it is taken back, apart from it kept. Returns the paths that could not be taken
 * back. Throws GIT_FAILED.
 */
export async function letGoOfWork(rt: Runtime, life: OrderLife, why: string): Promise<string[]> {
  const { woId, executed, mission } = life;
  if (executed !== null && executed.isolation === undefined) return undo(rt, woId, executed.changes);
  // a mission that ends in the middle has its work in its steps
  const made = executed?.changes ?? changedSoFar(mission?.history ?? []);
  if (made.length > 0) await keepChanges(rt, woId, (await changesOf(rt, made)) ?? [], why);
  return [];
}

async function keepChanges(rt: Runtime, woId: string, changes: readonly Change[], why: string): Promise<void> {
  const files = changes.flatMap(({ path, after }): KeptFile[] =>
    after === null || isOutside(path) ? [] : [{ path, mode: after.mode, bytes: after.bytes }],
  );
  const gone = changes.filter(({ after }) => after === null).map(({ path }) => path);
  await keepWork(rt, woId, withGone(why, gone), files);
}

/** Which part of what differs is kept, and whose it is. */
export interface KeepWhat {
  readonly only?: readonly string[];
  /** It is no order's work: somebody wrote it. */
  readonly isTheirs?: boolean;
}

/** Keeps what differs in a worktree from its base. Returns how many paths there were. Throws WORKTREE_BROKEN, GIT_FAILED. */
export async function keepWorktree(
  rt: Runtime,
  worktree: Worktree,
  why: string,
  { only, isTheirs = false }: KeepWhat = {},
): Promise<number> {
  const { repo, layout } = rt.station;
  const paths = only ?? (await changedPaths(repo, new WorktreeRecords(layout.live), worktree));
  const files = paths.flatMap((path) => filesAt(worktree.path, path));
  const gone = paths.filter((path) => lstatIfThere(join(worktree.path, path)) === undefined);
  await keepWork(rt, isTheirs ? { unknown: worktree.name } : worktree.wo_id, withGone(why, gone), files);
  return paths.length;
}

function withGone(why: string, gone: readonly string[]): string {
  return gone.length === 0 ? why : `${why}; it removed ${gone.join(', ')}`;
}

/** A file, a link, or all files of a folder (a repository of its own). What is none of these holds no bytes; what is too large for memory stays out. */
function filesAt(root: string, path: string): KeptFile[] {
  const at = join(root, path);
  const stat = lstatIfThere(at);
  if (stat?.isSymbolicLink() === true) {
    const to = ifThere(() => fs.readlinkSync(at));
    return to === undefined ? [] : [{ path, mode: '120000', bytes: Buffer.from(to) }];
  }
  if (stat?.isDirectory() === true) return namesIn(at).flatMap((name) => filesAt(root, join(path, name)));
  if (stat?.isFile() !== true || stat.size > LARGEST_TARGET) return [];
  return [{ path, mode: (stat.mode & 0o100) === 0 ? '100644' : '100755', bytes: fs.readFileSync(at) }];
}
