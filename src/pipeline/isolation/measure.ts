import { join } from 'node:path';
import { committedContent } from '../../execute/look.ts';
import { convertedPaths, imageOf } from '../../git/conversion.ts';
import { isEntry, type TreeEntry } from '../../git/objects/tree.ts';
import type { Worktree } from '../../git/worktrees/record.ts';
import { changedPaths } from '../../git/worktrees/worktree.ts';
import { type Change, type ImageChange, isOutside } from '../../order/change.ts';
import { WaybillError } from '../../order/error.ts';
import { contentOf } from '../../platform/target.ts';
import { type Fence, fenceOf, resolveTarget } from '../../policy/fence.ts';
import type { Station } from '../../station/station.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { worktreeRecords } from './pool.ts';

/** What the runner found in a worktree, whatever the commands say of it (rule 14). */
export interface Measured {
  readonly changes: readonly Change[];
  readonly images: readonly ImageChange[];
  /** Paths that changed, and that the order did not name. */
  readonly leftover: readonly string[];
}

/** The files that an order's commands are to make, as paths from the root. */
export function outputsIn(station: Station, { order, policy }: Job): string[] {
  const fence = fenceOf(station, policy);
  return [...new Set(order.commands.flatMap((c) => c.outputs).map((raw) => resolveTarget(fence, raw)))];
}

/**
 * What an order made of its base. Where its commands name outputs, those and the targets of its file actions land, and the rest is left over; where
 * they name none, all of it lands. Throws PATH_DENIED for what cannot land: links, submodules, repositories, paths outside the fence.
 */
export async function measure(rt: Runtime, job: Job, worktree: Worktree): Promise<Measured> {
  const { station } = rt;
  const outputs = outputsIn(station, job);
  const targets = job.prepared.plan.changes.map(({ path }) => path).filter((path) => !isOutside(path));
  const found = await changedPaths(station.repo, worktreeRecords(rt), worktree);
  const named = outputs.length === 0 ? null : new Set([...outputs, ...targets]);
  // what is ignored lands only where it is named
  const landing = [...new Set([...found.filter((path) => named?.has(path) ?? true), ...outputs, ...targets])];
  for (const path of landing) assertCanLand(fenceOf(station, job.policy), path);
  const tree = await station.repo.trees.entries(worktree.base, landing);
  const converted = await convertedPaths(station.repo, landing);
  const changes: Change[] = job.changes.filter(({ path }) => isOutside(path));
  const images: ImageChange[] = job.images.filter(({ path }) => isOutside(path));
  for (const path of landing) {
    const entry = tree.get(path);
    assertNoSubmodule(tree, path);
    const after = contentOf(join(worktree.path, path));
    const image = await imageOf(station.repo, path, after, converted.has(path));
    if (isEntry(entry, image)) continue;
    const before =
      entry?.type === 'blob'
        ? await committedContent(station.repo, path, entry, worktree.base, converted.has(path))
        : null;
    changes.push({ path, before, after });
    images.push({ path, before: await imageOf(station.repo, path, before, converted.has(path)), after: image });
  }
  return { changes, images, leftover: found.filter((path) => !landing.includes(path)) };
}

/** The root's fence holds for what was made elsewhere too. */
function assertCanLand(fence: Fence, path: string): void {
  if (path.endsWith('/')) throw new WaybillError('PATH_DENIED', `${path} is a repository of its own`);
  const resolved = resolveTarget(fence, path);
  if (resolved !== path) throw new WaybillError('PATH_DENIED', `${path} leads to ${resolved} at the root`);
}

function assertNoSubmodule(tree: ReadonlyMap<string, TreeEntry>, path: string): void {
  for (let above = path; above !== ''; above = above.slice(0, Math.max(0, above.lastIndexOf('/'))))
    if (tree.get(above)?.type === 'commit') throw new WaybillError('PATH_DENIED', `${above} is a submodule`);
}
