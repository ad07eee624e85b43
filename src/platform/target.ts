import { basename, dirname, join } from 'node:path';
import type { Content } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import { ensureDir, syncDir } from './durable.ts';
import { errno, fs, ifThere, lstatIfThere, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, statIfThere } from './fs.ts';

/**
 * Reading and replacing other people's files. Every name is used through an open folder (Linux: /proc/self/fd), so that a folder
 * exchanged for a link between check and use leads nowhere (rule 9); elsewhere the folder is checked again after the act.
 */

/** What stands at a path: plain content, nothing, or something that orders don't touch. */
export type Found =
  | { kind: 'file'; content: Content }
  | { kind: 'nothing' }
  | { kind: 'other'; what: string; tooLarge?: true };

/**
 * Larger files are let alone. A file is held in memory as a whole, several times over while it is planned, deflated and put in place, and
 * past 2 GiB node cannot read it at all.
 */
export const LARGEST_TARGET = 1024 * 1024 * 1024;

export function readTarget(path: string): Found {
  const stat = lstatIfThere(path);
  if (stat === undefined) return { kind: 'nothing' };
  if (stat.isSymbolicLink()) return { kind: 'other', what: 'a symbolic link' };
  if (stat.isDirectory()) return { kind: 'other', what: 'a folder' };
  if (!stat.isFile()) return { kind: 'other', what: 'neither a file nor a folder' };
  if (stat.size > LARGEST_TARGET) return { kind: 'other', what: `a file of ${stat.size} bytes`, tooLarge: true };
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const mode = (fs.fstatSync(fd).mode & 0o100) !== 0 ? '100755' : '100644';
    return { kind: 'file', content: { mode, bytes: fs.readFileSync(fd) } };
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The content at a real path, null for nothing. A folder on the way that is a link by now leads to what is not the order's: its bytes would end in a
 * commit. Throws PATH_DENIED or TOO_LARGE for what orders don't touch.
 */
export function contentOf(path: string): Content | null {
  if (lstatIfThere(path) === undefined) return null;
  const folder = new Folder(dirname(path));
  let found: Found;
  try {
    found = readTarget(folder.entry(basename(path)));
    folder.assertInPlace();
  } finally {
    folder.close();
  }
  if (found.kind === 'other' && found.tooLarge === true)
    throw new WaybillError('TOO_LARGE', `${path} is ${found.what}; orders touch none of more than ${LARGEST_TARGET}`, {
      hint: 'Let a command make or change it, and do not name it under outputs.',
    });
  if (found.kind === 'other') throw new WaybillError('PATH_DENIED', `${path} is ${found.what}`);
  return found.kind === 'file' ? found.content : null;
}

/** An open folder through which names are used. */
export class Folder {
  readonly path: string;
  readonly #fd: number;

  /** Opens a folder whose real path must be `path` itself: no part of it may be a link by now. Throws PATH_DENIED. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      if (errno(error) !== 'ELOOP' && errno(error) !== 'ENOTDIR') throw error;
      throw new WaybillError('PATH_DENIED', `${path} is no folder, or a link by now`, { cause: error });
    }
    try {
      this.assertInPlace();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Where the open folder really is. */
  assertInPlace(): void {
    const real =
      process.platform === 'linux' ? fs.readlinkSync(`/proc/self/fd/${this.#fd}`) : fs.realpathSync(this.path);
    if (real !== this.path) throw new WaybillError('PATH_DENIED', `${this.path} now leads to ${real}`);
  }

  /** A path for `name` in this folder that no exchange of folders can bend. */
  entry(name: string): string {
    return process.platform === 'linux' ? `/proc/self/fd/${this.#fd}/${name}` : join(this.path, name);
  }

  sync(): void {
    fs.fsyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/** Makes last what was done in a folder: at once, or once for many files of it. */
export type SyncFolder = (folder: Folder) => void;

const AT_ONCE: SyncFolder = (folder) => folder.sync();

/** Folders in which something was done, to be synced once each. */
export class FoldersToSync {
  readonly #paths = new Set<string>();

  readonly note: SyncFolder = (folder) => {
    this.#paths.add(folder.path);
  };

  /** One that is gone has nothing left to lose. */
  sync(): void {
    for (const path of this.#paths) ifThere(() => syncDir(path));
    this.#paths.clear();
  }
}

/** Runs `act` with the folder that holds `path` open, and syncs it afterwards. */
function inFolderOf<T>(path: string, sync: SyncFolder, act: (entry: string) => T): T {
  const folder = new Folder(dirname(path));
  try {
    const result = act(folder.entry(basename(path)));
    folder.assertInPlace();
    sync(folder);
    return result;
  } finally {
    folder.close();
  }
}

/**
 * Puts the file `from` where `path` is and brings what was there out to `from`: one atomic exchange, so no save of a person at that
 * instant is lost. Whoever calls hashes what came out. Returns false when nothing is there to exchange with.
 */
export function exchange(path: string, from: string, sync = AT_ONCE): boolean {
  return inFolderOf(path, sync, (entry) => {
    try {
      fs.swapSync(from, entry);
      return true;
    } catch (error) {
      if (errno(error) === 'ENOENT') return false;
      throw error;
    }
  });
}

/** Puts the file `from` at `path` where nothing is; returns false when something is there by now. Nothing is overwritten. */
export function place(path: string, from: string, sync = AT_ONCE): boolean {
  return inFolderOf(path, sync, (entry) => {
    try {
      fs.linkSync(from, entry);
      return true;
    } catch (error) {
      if (errno(error) === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Moves what is at `path` aside to `to`, so that it can be looked at before it is let go; false when nothing is there. */
export function takeAside(path: string, to: string): boolean {
  return inFolderOf(path, AT_ONCE, (entry) => {
    try {
      fs.renameSync(entry, to);
      syncDir(dirname(to));
      return true;
    } catch (error) {
      if (errno(error) === 'ENOENT') return false;
      throw error;
    }
  });
}

/** Makes the folders above a target; returns those that are new, outermost first, so that they can be taken back. */
export function makeParents(path: string): string[] {
  return ensureDir(dirname(path));
}

/** Takes back folders that became empty, innermost first; one that holds something stays. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) {
    try {
      fs.rmdirSync(folder);
      syncDir(dirname(folder));
    } catch {
      return; // not empty, or gone: either way there is nothing to take back above it
    }
  }
}

/** Whether two paths lie on the same file system; a missing path stands for its nearest existing parent. */
export function sameFileSystem(a: string, b: string): boolean {
  return deviceOf(a) === deviceOf(b);
}

function deviceOf(path: string): number {
  const stat = statIfThere(path);
  return stat?.dev ?? deviceOf(dirname(path));
}
