import { basename, dirname, join, relative } from 'node:path';
import { realIfThere } from './program.ts';

/** Files that will be there when a command runs, because its own order writes them first. */
export class Coming {
  readonly #root: string;
  /** As named, by their names in small letters: some disks do not tell them apart. */
  readonly #files = new Map<string, string>();
  readonly #names = new Set<string>();
  readonly #folders = new Map<string, string[]>();

  /** `written` are relative to `root`, or absolute for what lies outside: that is none of the root's. */
  constructor(root: string, written: readonly string[]) {
    this.#root = root;
    for (const path of written) {
      const key = path.toLowerCase();
      this.#files.set(key, path);
      for (let at = key; at !== '.' && at !== '/'; at = dirname(at)) {
        this.#names.add(basename(at));
        if (!this.#folders.has(dirname(at))) this.#folders.set(dirname(at), []);
      }
      this.#folders.get(dirname(key))?.push(path);
    }
  }

  /** The file that will lie at an absolute path, relative to the root; null where none will. */
  file(path: string): string | null {
    const at = this.#inside(path);
    return at === null ? null : (this.#files.get(at) ?? null);
  }

  /** The folder that will lie there, absolute; null where none will. */
  folder(path: string): string | null {
    const at = this.#inside(path);
    return at !== null && this.#folders.has(at) ? join(this.#root, at) : null;
  }

  /** The files that will lie in a folder, relative to the root. */
  filesIn(folder: string): readonly string[] {
    const inside = relative(this.#root, folder).toLowerCase();
    return this.#folders.get(inside === '' ? '.' : inside) ?? [];
  }

  #inside(path: string): string | null {
    // most paths are none of them, and a look at the disk costs something
    if (!this.#names.has(basename(path).toLowerCase())) return null;
    return relative(this.#root, placeOf(path)).toLowerCase();
  }
}

/** Where something lies that is not there yet: the folders that are there with their links resolved, and the rest as it is named. */
function placeOf(path: string): string {
  const real = realIfThere(path);
  if (real !== null || path === dirname(path)) return real ?? path;
  return join(placeOf(dirname(path)), basename(path));
}
