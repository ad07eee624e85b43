import { join } from 'node:path';
import { fs, ifThere, lstatIfThere } from '../../platform/fs.ts';

/**
 * Removes a folder and all below it, whatever permissions it has. No link is followed. Throws where something cannot be removed: another
 * user's file, or one that the system holds.
 */
export function removeFolder(path: string): void {
  if (lstatIfThere(path)?.isDirectory() === true) makeWritable(path);
  fs.rmSync(path, { recursive: true, force: true });
}

/** A folder that may not be listed or written holds on to what is in it. */
function makeWritable(folder: string): void {
  const stat = lstatIfThere(folder);
  if (stat?.isDirectory() !== true) return;
  if ((stat.mode & 0o700) !== 0o700) fs.chmodSync(folder, (stat.mode & 0o7777) | 0o700);
  for (const entry of ifThere(() => fs.readdirSync(folder, { withFileTypes: true })) ?? [])
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
}

/**
 * Removes everything in a worktree that is not tracked: ignored files, nested repositories, pipes and sockets, links, what stands where a tracked
 * file or folder belongs, and what was checked out of a submodule. Git's own clean knows no pipes and gives up at a read-only folder.
 */
export function removeUntracked(root: string, tracked: readonly { path: string; isSubmodule: boolean }[]): void {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const { path, isSubmodule } of tracked) {
    if (!isSubmodule) files.add(path);
    for (
      let end = path.lastIndexOf('/');
      end > 0 && !folders.has(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1)
    )
      folders.add(path.slice(0, end));
  }
  const visit = (below: string): void => {
    const folder = join(root, below);
    const { mode } = fs.lstatSync(folder);
    if ((mode & 0o700) !== 0o700) fs.chmodSync(folder, (mode & 0o7777) | 0o700);
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (path === '.git') continue;
      if (entry.isDirectory()) {
        if (folders.has(path)) visit(path);
        else removeFolder(join(root, path));
      } else if (!files.has(path)) fs.unlinkSync(join(root, path));
    }
  };
  visit('');
}
