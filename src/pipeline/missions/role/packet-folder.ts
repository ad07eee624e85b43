import { join } from 'node:path';
import { ensureDir, removeTree, writeDurable } from '../../../platform/durable.ts';
import { lstatIfThere } from '../../../platform/fs.ts';

/** Where an agent hands in its packet: in its own folder, so that one that may write nowhere else can. Git does not see it. */
export const PACKET_FOLDER = '.waybill';

/** A folder that git does not see, whatever the repository ignores. Throws GOVERNANCE where something else stands in its place. */
export function preparePacketFolder(worktree: string): void {
  const folder = join(worktree, PACKET_FOLDER);
  if (lstatIfThere(folder) !== undefined) removeTree(folder);
  ensureDir(folder);
  writeDurable(join(folder, '.gitignore'), '*\n');
}
