import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { writeNew } from './durable.ts';
import { errno, fs } from './fs.ts';
import { Folder } from './target.ts';

/**
 * Writes a new file below `root`, a real path, durably. Nothing that is there is replaced: a name that is taken gets `.1`, `.2` and so on.
 * Returns its path below root. Throws PATH_DENIED for a path that leads out of it, and where a folder on the way is a link or a file.
 */
export function writeInside(root: string, path: string, bytes: Uint8Array, mode: number): string {
  const { folder, name: last } = folderInside(root, path);
  try {
    for (let n = 0; ; n++) {
      const name = n === 0 ? last : `${last}.${n}`;
      try {
        writeNew(folder.entry(name), bytes, mode);
      } catch (error) {
        if (errno(error) === 'EEXIST') continue;
        throw error;
      }
      folder.assertInPlace();
      folder.sync();
      return [...path.split('/').slice(0, -1), name].join('/');
    }
  } finally {
    folder.close();
  }
}

/**
 * Opens the folder of a path below `root`, a real path, and makes what is missing of it. Whoever calls closes it. Throws PATH_DENIED for a path that
 * leads out, and where a folder on the way is a link or a file.
 */
export function folderInside(root: string, path: string): { readonly folder: Folder; readonly name: string } {
  const folders = path.split('/');
  if (folders.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
    throw new WaybillError('PATH_DENIED', `${JSON.stringify(path)} is no plain path`);
  const last = folders.pop() ?? '';
  let folder = new Folder(root);
  try {
    for (const name of folders) {
      try {
        fs.mkdirSync(folder.entry(name));
        folder.sync();
      } catch (error) {
        if (errno(error) !== 'EEXIST') throw error;
      }
      const inner = new Folder(join(folder.path, name));
      folder.close();
      folder = inner;
    }
    return { folder, name: last };
  } catch (error) {
    folder.close();
    throw error;
  }
}
