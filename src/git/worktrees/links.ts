import { dirname, join, relative } from 'node:path';
import { ensureDir } from '../../platform/durable.ts';
import { copyTree, fs, ifThere, lstatIfThere } from '../../platform/fs.ts';
import type { WorktreeShape } from './identity.ts';

/**
 * Brings ignored files of the root that a build needs into a worktree: linked, or copied. What the root does not have, or the commit has itself,
 * is passed over. Returns the paths that were brought.
 */
export function bringFromRoot(root: string, worktree: string, { link, copy }: WorktreeShape): string[] {
  const brought: string[] = [];
  for (const [paths, bring] of [
    [link, (from: string, to: string) => fs.symlinkSync(from, to)],
    [copy, copyTree],
  ] as const)
    for (const path of paths) {
      const [from, to] = [join(root, path), join(worktree, path)];
      if (relative(worktree, to).startsWith('..') || lstatIfThere(from) === undefined) continue;
      if (lstatIfThere(to) !== undefined) continue;
      ensureDir(dirname(to));
      // a folder on the way that the commit has as a link would lead out
      if (ifThere(() => fs.realpathSync(dirname(to))) !== dirname(to)) continue;
      bring(from, to);
      brought.push(relative(worktree, to));
    }
  return brought;
}

/** Whether a path was brought from the root, or lies below such a one. */
export function isBrought(links: readonly string[], path: string): boolean {
  const plain = path.replace(/\/$/, '');
  return links.some((link) => plain === link || plain.startsWith(`${link}/`));
}
