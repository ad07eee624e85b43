import { join } from 'node:path';
import { isWhole, ownershipOf } from '../../git/worktrees/identity.ts';
import type { Worktree } from '../../git/worktrees/record.ts';
import { now } from '../../platform/clock.ts';
import { exists, namesIn } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import type { Runtime } from '../runtime.ts';
import { keepWorktree } from './keep-work.ts';
import { giveBack, letGo, worktreeRecords, worktreesInHand } from './pool.ts';

/** How often the worktrees that wait are looked at: measuring one lists all of it. */
const EVERY_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/**
 * Ends what an order that is no more at work left: its work is kept, its worktree is given back. For a new start, and for a station that stops. Of
 * a worktree that is not ours any more nothing is touched. Never throws.
 */
export async function settleWorktree(rt: Runtime, worktree: Worktree, why: string): Promise<void> {
  if (worktree.state === 'making' || !exists(worktree.path)) {
    letGo(rt, worktree);
    return;
  }
  try {
    await keepWorktree(rt, worktree, why);
  } catch (error) {
    rt.log.error({ err: error, worktree: worktree.name }, 'what an order made cannot be kept; its worktree stays');
    const ownership = ownershipOf(rt.station.repo, worktree);
    if (ownership === 'theirs') letGo(rt, worktree);
    else if (ownership !== 'ours') worktreeRecords(rt).write({ ...worktree, state: 'broken' });
    return;
  }
  await giveBack(rt, worktree);
}

/** The same for every worktree that nothing in this process works with. `why` is told of its work. */
export async function settleWorktrees(rt: Runtime, why: string): Promise<void> {
  const { repo } = rt.station;
  for (const worktree of worktreeRecords(rt).all()) {
    if (worktreesInHand(rt).has(worktree.name)) continue;
    if (worktree.state === 'idle') {
      const ownership = ownershipOf(repo, worktree);
      if (ownership === 'changed') worktreeRecords(rt).write({ ...worktree, state: 'broken' });
      else if (ownership !== 'ours') letGo(rt, worktree);
    } else if (worktree.state !== 'broken' || !exists(worktree.path) || isWhole(repo, worktree))
      await settleWorktree(rt, worktree, why);
  }
}

/** Removes worktrees that waited too long, or are too many, and says what that freed. */
export class WorktreeCleaning {
  readonly #rt: Runtime;
  #lookedAt = 0;

  constructor(rt: Runtime) {
    this.#rt = rt;
  }

  /** Never throws. */
  async look(): Promise<void> {
    const rt = this.#rt;
    await settleWorktrees(rt, 'its order is not at work any more');
    if (Date.now() - this.#lookedAt < EVERY_MS) return;
    this.#lookedAt = Date.now();
    const { keepDays, keepMb } = rt.station.settings.worktrees;
    cleanWorktrees(rt, { olderThanMs: keepDays * DAY_MS, bytes: keepMb * 1024 * 1024 });
  }
}

/** Removes those that wait for longer than this, then the oldest until the rest holds no more than so many bytes. Returns what went. */
export function cleanWorktrees(
  rt: Runtime,
  most: { olderThanMs: number; bytes: number },
): { count: number; bytes: number } {
  const waiting = worktreeRecords(rt)
    .all()
    .filter(({ state }) => state === 'idle')
    .sort((a, b) => (a.used_at < b.used_at ? 1 : -1))
    .map((worktree) => ({ worktree, bytes: sizeOf(worktree.path) }));
  const freed = { count: 0, bytes: 0 };
  let held = 0;
  for (const { worktree, bytes } of waiting) {
    held += bytes;
    const isOld = Date.now() - Date.parse(worktree.used_at) >= most.olderThanMs;
    if ((!isOld && held <= most.bytes) || !letGo(rt, worktree)) continue;
    freed.count++;
    freed.bytes += bytes;
  }
  if (freed.count > 0)
    rt.emit([{ v: 1, ts: now(), agent: 'tracker', event: 'worktrees_cleaned', ok: true, wo_id: null, ...freed }]);
  return freed;
}

/** Removes all that wait, as a person asked. */
export async function cleanAll(rt: Runtime): Promise<void> {
  await settleWorktrees(rt, 'its order is not at work any more');
  cleanWorktrees(rt, { olderThanMs: 0, bytes: 0 });
}

/** Bytes of the files in a folder, no link followed. */
export function sizeOf(path: string): number {
  const stat = lstatIfThere(path);
  if (stat?.isDirectory() !== true) return stat?.size ?? 0;
  let bytes = 0;
  for (const name of namesIn(path)) bytes += sizeOf(join(path, name));
  return bytes;
}
