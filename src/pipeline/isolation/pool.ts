import { join } from 'node:path';
import { shapeText, type WorktreeShape } from '../../git/worktrees/identity.ts';
import { type Worktree, WorktreeRecords } from '../../git/worktrees/record.ts';
import {
  addWorktree,
  assertOutside,
  checkOut,
  cleanWorktree,
  isClean,
  removeWorktree,
} from '../../git/worktrees/worktree.ts';
import { now } from '../../platform/clock.ts';
import { ensureDir } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { newUlid } from '../../platform/ids.ts';
import { worktreesFolder } from '../../station/worktrees-folder.ts';
import type { Runtime } from '../runtime.ts';
import { keepWorktree } from './keep-work.ts';

/** What an order needs a worktree for. */
export interface WorktreeWish {
  readonly woId: string;
  readonly attempt: number;
  readonly base: string;
  readonly shape: WorktreeShape;
}

/** Those that something in this process works with: nobody else gives them back. */
const inHand = new WeakMap<Runtime, Set<string>>();

export function worktreesInHand(rt: Runtime): Set<string> {
  const names = inHand.get(rt) ?? new Set<string>();
  inHand.set(rt, names);
  return names;
}

export function worktreeRecords(rt: Runtime): WorktreeRecords {
  return new WorktreeRecords(rt.station.layout.live);
}

/**
 * A worktree at a base, with nothing else in it: one that waits, or a new one. On record as the order's from here on. Throws what git or the disk
 * says where none can be made.
 */
export async function takeWorktree(rt: Runtime, wish: WorktreeWish): Promise<Worktree> {
  const { repo } = rt.station;
  const records = worktreeRecords(rt);
  const whose = { wo_id: wish.woId, attempt: wish.attempt, used_at: now() };
  const shape = shapeText(wish.shape);
  for (const idle of records.all()) {
    if (idle.state !== 'idle' || idle.shape !== shape || records.read(idle.name)?.state !== 'idle') continue;
    // ours before anybody else can look
    const taken = records.write({ ...idle, ...whose, state: 'at_work' });
    worktreesInHand(rt).add(taken.name);
    try {
      if (!(await isClean(repo, records, taken))) {
        await keepWorktree(rt, taken, 'somebody wrote into a worktree that waited for its next order', {
          isTheirs: true,
        });
        if (!(await cleanWorktree(repo, records, taken))) throw new Error('it cannot be cleaned for certain');
      }
      return await checkOut(repo, records, taken, wish.base);
    } catch (error) {
      rt.log.warn({ err: error, worktree: taken.name }, 'a worktree that waited cannot be used again');
      letGo(rt, records.read(taken.name) ?? taken);
    }
  }
  const folder = worktreesFolder(rt.station.settings, rt.station.id);
  assertOutside(repo, folder);
  ensureDir(folder);
  const name = newUlid();
  worktreesInHand(rt).add(name);
  const path = join(fs.realpathSync(folder), name);
  const plan = {
    v: 1,
    name,
    path,
    shape,
    state: 'making',
    base: wish.base,
    folder_id: '',
    links: [],
    made_at: now(),
  } as const;
  try {
    const made = await addWorktree(repo, records, { ...plan, links: [], ...whose });
    return records.write({ ...made, state: 'at_work' });
  } catch (error) {
    letGo(rt, records.read(name) ?? { ...plan, links: [], ...whose });
    throw error;
  }
}

/** Puts a worktree that its order still has at another base, with nothing else in it; null where that one cannot be used any more, and went. */
export async function moveWorktree(rt: Runtime, worktree: Worktree, base: string): Promise<Worktree | null> {
  const { repo } = rt.station;
  const records = worktreeRecords(rt);
  try {
    if (await cleanWorktree(repo, records, records.read(worktree.name) ?? worktree))
      return await checkOut(repo, records, records.read(worktree.name) ?? worktree, base);
  } catch (error) {
    rt.log.warn({ err: error, worktree: worktree.name }, 'a worktree cannot be used again');
  }
  letGo(rt, records.read(worktree.name) ?? worktree);
  return null;
}

/**
 * Gives back a worktree whose work has landed or is kept: it waits for the next order, or goes. What nobody can clean for certain goes; what is not
 * ours any more stays, and is told. Never throws.
 */
export async function giveBack(rt: Runtime, worktree: Worktree): Promise<void> {
  const { repo, settings } = rt.station;
  const records = worktreeRecords(rt);
  const current = records.read(worktree.name) ?? worktree;
  try {
    const waiting = records.all().filter(({ state }) => state === 'idle').length;
    if (waiting < settings.worktrees.idle && (await cleanWorktree(repo, records, current))) {
      records.write({ ...(records.read(worktree.name) ?? current), state: 'idle', used_at: now() });
      worktreesInHand(rt).delete(worktree.name);
      return;
    }
  } catch (error) {
    rt.log.warn({ err: error, worktree: current.name }, 'a worktree cannot be used again');
  }
  letGo(rt, current);
}

/** Removes a worktree in which nothing is left that anybody may miss; one that cannot be removed is marked, and told. Never throws. */
export function letGo(rt: Runtime, worktree: Worktree): boolean {
  const records = worktreeRecords(rt);
  worktreesInHand(rt).delete(worktree.name);
  try {
    removeWorktree(rt.station.repo, records, worktree);
    return true;
  } catch (error) {
    rt.log.error({ err: error, worktree: worktree.name, path: worktree.path }, 'a worktree cannot be removed');
  }
  try {
    records.write({ ...worktree, state: 'broken' });
  } catch (error) {
    rt.log.error({ err: error, worktree: worktree.name }, 'nor can that be noted');
  }
  return false;
}
