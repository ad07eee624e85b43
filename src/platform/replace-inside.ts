import { WaybillError } from '../order/error.ts';
import { writeNew } from './durable.ts';
import { fs, ifThere, lstatIfThere } from './fs.ts';
import { folderInside } from './write-inside.ts';

/** Distinguishes what this process writes at one time. */
let counter = 0;

/**
 * Writes a file below `root`, a real path, atomically: whoever reads sees the old bytes or the new ones. Throws PATH_DENIED for a path that leads
 * out of it, where a folder on the way is a link or a file, and where something else than a file has the name.
 */
export function replaceInside(root: string, path: string, bytes: string): void {
  const { folder, name } = folderInside(root, path);
  try {
    const entry = folder.entry(name);
    const there = lstatIfThere(entry);
    if (there !== undefined && !there.isFile())
      throw new WaybillError('PATH_DENIED', `${path} is ${there.isSymbolicLink() ? 'a link' : 'no file'}`);
    const temporary = folder.entry(`.${name}.${process.pid}.${counter++}.tmp`);
    try {
      writeNew(temporary, bytes);
      folder.assertInPlace();
      fs.renameSync(temporary, entry);
    } catch (error) {
      ifThere(() => fs.unlinkSync(temporary));
      throw error;
    }
    folder.sync();
  } finally {
    folder.close();
  }
}
