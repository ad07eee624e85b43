import { join } from 'node:path';
import { ensureDir, removeTree, writeDurable } from '../../../platform/durable.ts';
import { lstatIfThere } from '../../../platform/fs.ts';

/**
 * Where an agent hands in its packet: a folder in its own, so that one that may write nowhere else can. Its name is free there, for a repository may
 * have a `.waybill` itself, which is the mission's work like all else.
 */
export function packetFolderIn(worktree: string): string {
  for (let n = 1; ; n++) {
    const folder = join(worktree, n === 1 ? '.waybill' : `.waybill-${n}`);
    if (lstatIfThere(folder) === undefined) return folder;
  }
}

/** A folder that git does not see, whatever the repository ignores. What stood in its place is removed. */
export function preparePacketFolder(folder: string): void {
  if (lstatIfThere(folder) !== undefined) removeTree(folder);
  ensureDir(folder);
  writeDurable(join(folder, '.gitignore'), '*\n');
}
