import { watch as chokidar } from 'chokidar';
import { fs, ifThere } from './fs.ts';

export interface Watch {
  close(): Promise<void>;
}

type WatchFolders = (folders: readonly string[], hint: () => void) => Watch;

let watchers: WatchFolders = watchWithChokidar;

/** Puts another way of watching in place, built from the present one: one that loses events. */
export function decorateWatching(decorate: (inner: WatchFolders) => WatchFolders): void {
  watchers = decorate(watchers);
}

/**
 * Calls `hint` soon after something happened in one of the folders. Only a hint (rule 6): it may come late, twice or never, and
 * who gets it scans. Files themselves are not watched: one watch a folder, whatever lies in it, so 100,000 waiting files cost nothing.
 */
export function watchFolders(folders: readonly string[], hint: () => void): Watch {
  return watchers(folders, hint);
}

function watchWithChokidar(folders: readonly string[], hint: () => void): Watch {
  const watcher = chokidar([...folders], {
    depth: 0,
    // the loop's own timer keeps the process alive, and its end must not wait for a watcher
    persistent: false,
    ignoreInitial: true,
    atomic: false,
    awaitWriteFinish: false,
    followSymlinks: false,
    ignored: (path) => !folders.includes(path),
  });
  // `raw` is not a documented contract of chokidar; the scan at an interval carries correctness.
  watcher.on('raw', hint);
  watcher.on('all', hint);
  // what came before the watches were in place
  watcher.on('ready', hint);
  watcher.on('error', hint);
  return { close: () => watcher.close() };
}

/** Identity of a folder, to notice that it was deleted and made again: a watcher on the old one is deaf. */
export function folderIdentity(path: string): string {
  const stat = ifThere(() => fs.statSync(path));
  return stat === undefined ? 'gone' : `${stat.dev}:${stat.ino}`;
}
