import * as nodeFs from 'node:fs';
import { swap } from './native.ts';

/**
 * The file system calls that the product makes, as one object. The torture puts a decorated one in its place (a kill, a fault, a cut
 * write or a power loss at the N-th call); the code itself knows nothing of that.
 */
export interface FileSystem {
  openSync: typeof nodeFs.openSync;
  closeSync: typeof nodeFs.closeSync;
  readSync: typeof nodeFs.readSync;
  writeSync: typeof nodeFs.writeSync;
  fsyncSync: typeof nodeFs.fsyncSync;
  fdatasyncSync: typeof nodeFs.fdatasyncSync;
  ftruncateSync: typeof nodeFs.ftruncateSync;
  fchmodSync: typeof nodeFs.fchmodSync;
  fstatSync: typeof nodeFs.fstatSync;
  statSync: typeof nodeFs.statSync;
  lstatSync: typeof nodeFs.lstatSync;
  statfsSync: typeof nodeFs.statfsSync;
  accessSync: typeof nodeFs.accessSync;
  readFileSync: typeof nodeFs.readFileSync;
  readdirSync: typeof nodeFs.readdirSync;
  readlinkSync: typeof nodeFs.readlinkSync;
  realpathSync: typeof nodeFs.realpathSync;
  renameSync: typeof nodeFs.renameSync;
  linkSync: typeof nodeFs.linkSync;
  unlinkSync: typeof nodeFs.unlinkSync;
  rmdirSync: typeof nodeFs.rmdirSync;
  rmSync: typeof nodeFs.rmSync;
  mkdirSync: typeof nodeFs.mkdirSync;
  utimesSync: typeof nodeFs.utimesSync;
  chmodSync: typeof nodeFs.chmodSync;
  symlinkSync: typeof nodeFs.symlinkSync;
  copyFileSync: typeof nodeFs.copyFileSync;
  /** Exchanges two names atomically: at no instant is either missing. */
  swapSync(a: string, b: string): void;
}

/** Node's own module, for a library that wants all of it. */
export const nodeFileSystem = nodeFs;

export let fs: FileSystem = { ...nodeFs, swapSync: swap };

/** Puts another implementation in place, built from the present one. */
export function decorateFileSystem(decorate: (inner: FileSystem) => FileSystem): void {
  fs = decorate(fs);
}

/** Copies a folder and all below it, as it is. */
export function copyTree(from: string, to: string): void {
  nodeFs.cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    // shares the blocks where the file system can
    mode: nodeFs.constants.COPYFILE_FICLONE,
  });
}

export const {
  O_RDONLY,
  O_WRONLY,
  O_RDWR,
  O_CREAT,
  O_EXCL,
  O_APPEND,
  O_TRUNC,
  O_NOFOLLOW,
  O_DIRECTORY,
  O_NONBLOCK,

  W_OK,
  X_OK,
} = nodeFs.constants;

/** The errno of a failed call, or undefined for other errors. */
export function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What stands at a path, not following a last link; undefined for nothing. Without the error that costs more than the call. */
export function lstatIfThere(path: string): nodeFs.Stats | undefined {
  return ifThere(() => fs.lstatSync(path, { throwIfNoEntry: false }));
}

/** The same for where a link leads. */
export function statIfThere(path: string): nodeFs.Stats | undefined {
  return ifThere(() => fs.statSync(path, { throwIfNoEntry: false }));
}

/** Runs `call`; a missing file or folder gives undefined instead of ENOENT or ENOTDIR. */
export function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const code = errno(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
