import { basename, dirname, join } from 'node:path';
import {
  errno,
  fs,
  ifThere,
  lstatIfThere,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_WRONLY,
  statIfThere,
} from './fs.ts';

/**
 * Durable files (rule 5): temporary file, sync, rename, sync the folder. Nothing is visible before it is durable.
 * All synchronous: on this path the synchronous calls are faster than the asynchronous ones, and their order is plain to read.
 */

/** Syncs a folder, so that names made, moved or removed in it survive a power loss. */
export function syncDir(path: string): void {
  const fd = fs.openSync(path, O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    // Some file systems (FUSE, network mounts) refuse to sync a folder; there is nothing better to do on them.
    if (errno(error) !== 'EINVAL' && errno(error) !== 'ENOTSUP') throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** Somebody who deletes a tree while we make folders in it is faster only so often. */
const MKDIR_TRIES = 20;

/** Makes a folder and its parents, synced; returns those that were not there, outermost first. */
export function ensureDir(path: string): string[] {
  for (let tries = 1; ; tries++) {
    try {
      return makeDirs(path);
    } catch (error) {
      if (errno(error) !== 'ENOENT' || tries === MKDIR_TRIES) throw error;
    }
  }
}

function makeDirs(path: string): string[] {
  const missing: string[] = [];
  for (let p = path; statIfThere(p) === undefined; p = dirname(p)) missing.unshift(p);
  for (const folder of missing) {
    try {
      fs.mkdirSync(folder);
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
    }
    syncDir(dirname(folder));
  }
  return missing;
}

/** Writes a new file and syncs it; fails with EEXIST if the name is taken. Its folder is not synced. */
export function writeNew(path: string, bytes: string | Uint8Array, mode = 0o644): void {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
    // open's mode passed through the umask; an executable must be executable for whom the order says.
    if (mode !== 0o644 && mode !== 0o600) fs.fchmodSync(fd, mode);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Writes all bytes: one call may write less than asked. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done);
}

let counter = 0;

/** A name beside `path` that scans skip, unlike any other of this process. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${counter++}.tmp`);
}

/** Replaces or creates `path` with these bytes, durably. */
export function writeDurable(path: string, bytes: string | Uint8Array, mode = 0o644): void {
  const temporary = temporaryName(path);
  try {
    writeNew(temporary, bytes, mode);
    fs.renameSync(temporary, path);
  } catch (error) {
    ifThere(() => fs.unlinkSync(temporary));
    throw error;
  }
  syncDir(dirname(path));
}

/**
 * Replaces or creates a projection: atomic, but not synced, because it can be rebuilt from the ledger at any time. Its temporary name is
 * always the same, so that one left by a kill goes when the projection is written again. One process writes projections: the station's.
 */
export function writeProjection(path: string, bytes: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  ifThere(() => fs.unlinkSync(temporary));
  writeUnsynced(temporary, bytes);
  fs.renameSync(temporary, path);
}

/** Removes what a kill left of a projection that is perhaps not written again for long. For the one process that writes it. */
export function clearProjection(path: string): void {
  ifThere(() => fs.unlinkSync(join(dirname(path), `.${basename(path)}.tmp`)));
}

/** Writes a new file, and the folders above it where they are missing; nothing is synced. Throws EEXIST. */
export function writeUnsynced(path: string, bytes: string | Uint8Array): void {
  const fd = openNew(path);
  try {
    writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
  } finally {
    fs.closeSync(fd);
  }
}

function openNew(path: string): number {
  const open = () => fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o644);
  try {
    return open();
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error;
    fs.mkdirSync(dirname(path), { recursive: true });
    return open();
  }
}

/** Renames and syncs both folders. */
export function moveDurable(from: string, to: string): void {
  fs.renameSync(from, to);
  syncDir(dirname(to));
  if (dirname(from) !== dirname(to)) syncDir(dirname(from));
}

/** Removes a file if it is there, and syncs its folder. */
export function removeDurable(path: string): void {
  const removed = ifThere(() => {
    fs.unlinkSync(path);
    return true;
  });
  if (removed) syncDir(dirname(path));
}

/** The file's bytes, or undefined when it is not there. */
export function readIfThere(path: string): Buffer | undefined {
  return ifThere(() => fs.readFileSync(path));
}

/** The names in a folder, none when it is not there. */
export function namesIn(path: string): string[] {
  return ifThere(() => fs.readdirSync(path)) ?? [];
}

export function exists(path: string): boolean {
  return lstatIfThere(path) !== undefined;
}

/** Removes a folder and all below it. */
export function removeTree(path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
}

/**
 * Moves a file into `folder` under a name that nothing there has, durably, also across file systems. For bytes that nobody may lose.
 * Returns where it is.
 */
export function keepFile(from: string, folder: string, name: string): string {
  ensureDir(folder);
  for (let n = 0; ; n++) {
    const to = join(folder, n === 0 ? name : `${name}.${n}`);
    try {
      try {
        fs.linkSync(from, to);
      } catch (error) {
        if (errno(error) !== 'EXDEV') throw error;
        // whole before it has its name: half of it would be taken for what was kept
        const copy = temporaryName(to);
        writeNew(copy, fs.readFileSync(from), fs.statSync(from).mode & 0o777);
        try {
          fs.linkSync(copy, to);
        } finally {
          fs.unlinkSync(copy);
        }
      }
      syncDir(folder);
      fs.unlinkSync(from);
      return to;
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
    }
  }
}
