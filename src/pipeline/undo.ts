import { blobBytes } from '../git/history.ts';
import { isEntry } from '../git/objects/tree.ts';
import { isAt, onDisk, Placement, type Target } from '../git/placement.ts';
import {
  type Change,
  type Content,
  committedBefore,
  type Image,
  type ImageChange,
  isOutside,
} from '../order/change.ts';
import { pause } from '../platform/clock.ts';
import { errno } from '../platform/fs.ts';
import { removeEmptyFolders } from '../platform/target.ts';
import type { Runtime } from './runtime.ts';

/** How often a file that cannot be written is tried, and the time between. */
const MOST_TRIES = 3;
const PAUSE_MS = 100;

/**
 * Takes file actions of an order back: only where the bytes on disk still are ours, and never where HEAD has them by now, because then a
 * person committed them. Returns the paths that were not taken back.
 */
export async function undo(
  rt: Runtime,
  woId: string,
  images: readonly ImageChange[],
  made: readonly string[] = [],
): Promise<string[]> {
  const { repo } = rt.station;
  const inside = images.map((i) => i.path).filter((p) => !isOutside(p));
  // the branch that is checked out now, which may be another one than the order was started on
  const tree = await repo.trees.entries(repo.refs.checkedOut(), inside);
  const unrestored: string[] = [];
  for (const image of images) {
    const { path, before, after } = image;
    const entry = tree.get(path);
    const theirs = !isOutside(path) && isEntry(entry, after) && !isEntry(entry, committedBefore(image));
    if (!(await isTakenBack(rt, { woId, path, before: after, after: before }, theirs))) unrestored.push(path);
  }
  removeEmptyFolders(made);
  return unrestored;
}

/** A call that fails may fail in passing, and what is not taken back is left for a person to mend: it is tried again. */
async function isTakenBack(rt: Runtime, change: Omit<Target, 'bytes'>, theirs: boolean): Promise<boolean> {
  const { repo, layout } = rt.station;
  for (let tries = 1; ; tries++) {
    try {
      // asked each time: a git that fails in passing looks like content that is gone
      const back: Target = { ...change, bytes: (await contentOf(rt, change.after))?.bytes ?? null };
      const placement = new Placement(repo.root, layout.live, `undo-${back.woId}`, [back]);
      const there = onDisk(placement.absolute(back));
      if (isAt(there, back.after)) return true;
      if (theirs || !isAt(there, back.before)) return false;
      const refusal = placement.stage() ?? placement.apply();
      placement.finish();
      if (refusal === null) return true;
      if (refusal.error.code !== 'IO_ERROR' || tries === MOST_TRIES) return false;
    } catch (error) {
      // of the machine rather than of this file: the station stops, and its next start takes back what is left
      if (errno(error) === undefined || tries === MOST_TRIES) throw error;
    }
    await pause(PAUSE_MS);
  }
}

/** A content that the ledger remembers, from the objects that were written before it was touched; null when it is gone. */
async function contentOf(rt: Runtime, image: Image | null): Promise<Content | null> {
  if (image === null) return null;
  const bytes = await blobBytes(rt.station.repo.git, image.disk);
  return bytes === null ? null : { mode: image.mode, bytes };
}

/** The changes of an order whose work is done, with their contents. Null when one is gone. */
export async function changesOf(rt: Runtime, images: readonly ImageChange[]): Promise<Change[] | null> {
  const changes: Change[] = [];
  for (const { path, before, after } of images) {
    const [b, a] = [await contentOf(rt, before), await contentOf(rt, after)];
    if ((before !== null && b === null) || (after !== null && a === null)) return null;
    changes.push({ path, before: b, after: a });
  }
  return changes;
}
