import { basename, dirname, join } from 'node:path';
import type { GitPrograms } from '../git/git.ts';
import { type FileSystem, ifThere, O_APPEND, O_CREAT, O_RDWR } from '../platform/fs.ts';
import { gitWrites, subcommand } from './git-words.ts';
import { randomOf } from './random.ts';

/**
 * A disk that forgets what was not synced. Names made, moved or removed in a folder last once that folder is synced, bytes once their file
 * is. Stricter than most file systems: a rename is atomic here too, but nothing else is written out by itself.
 */

interface NameChange {
  /** Any of these, synced, makes it last: a rename is one transaction of the file system. */
  readonly folders: readonly string[];
  readonly undo: () => void;
}

interface Unsynced {
  readonly fd: number;
  /** The bytes as last synced; null where only the end grew. */
  readonly bytes: Buffer | null;
  readonly size: number;
}

/** Git commands after which names in the git dir may be new. What git writes it syncs itself (core.fsync), but never a folder. */
const REF_AREAS = ['refs', 'logs', 'packed-refs', 'HEAD', 'ORIG_HEAD'];
const GIT_AREAS = [...REF_AREAS, 'objects'];

export class Volatile {
  readonly #fs: FileSystem;
  /** Folder on the same file system where removed files wait for a power loss to bring them back; of this process alone. */
  readonly #stash: string;
  readonly #gitDir: string;
  #names: NameChange[] = [];
  readonly #bytes = new Map<string, Unsynced>();
  readonly #flags = new Map<number, number>();
  #stashed = 0;

  constructor(fs: FileSystem, gitDir: string, stash: string) {
    this.#fs = fs;
    this.#gitDir = gitDir;
    this.#stash = stash;
    fs.mkdirSync(stash, { recursive: true });
  }

  /** Puts everything back that was not synced; each thing survives with this chance. The caller then kills the process. */
  lose(survives: number, seed: number): void {
    const random = randomOf(seed);
    const lost = () => survives <= 0 || random() >= survives;
    for (const { fd, bytes, size } of this.#bytes.values()) {
      if (!lost()) continue;
      this.#fs.ftruncateSync(fd, bytes === null ? size : 0);
      if (bytes !== null)
        for (let done = 0; done < bytes.length; )
          done += this.#fs.writeSync(fd, bytes, done, bytes.length - done, done);
    }
    // backwards: what came later stands on what came before
    for (const change of this.#names.reverse()) if (lost()) change.undo();
  }

  decorateFiles(inner: FileSystem): FileSystem {
    return {
      ...inner,
      openSync: ((path: string, flags: number, mode?: number) => {
        const makes = (flags & O_CREAT) !== 0 && this.#identity(path) === null;
        const fd = inner.openSync(path, flags, mode);
        this.#flags.set(fd, flags);
        if (makes) this.#made(path);
        return fd;
      }) as FileSystem['openSync'],
      closeSync: (fd) => {
        this.#flags.delete(fd);
        inner.closeSync(fd);
      },
      writeSync: ((fd: number, ...rest: [Uint8Array, number, number]) => {
        this.#touch(fd);
        return inner.writeSync(fd, ...rest);
      }) as FileSystem['writeSync'],
      ftruncateSync: (fd, length) => {
        this.#touch(fd, true);
        inner.ftruncateSync(fd, length);
      },
      fsyncSync: (fd) => {
        inner.fsyncSync(fd);
        this.#synced(fd);
      },
      fdatasyncSync: (fd) => {
        inner.fdatasyncSync(fd);
        this.#synced(fd);
      },
      renameSync: (from, to) => this.#rename(inner, String(from), String(to)),
      linkSync: (from, to) => {
        inner.linkSync(from, to);
        this.#made(String(to));
      },
      unlinkSync: (path) => {
        const back = this.#keep(String(path));
        inner.unlinkSync(path);
        this.#removed(String(path), back);
      },
      rmdirSync: ((path: string) => {
        const real = this.#real(path);
        inner.rmdirSync(path);
        this.#names.push({ folders: [folderOf(real)], undo: () => this.#quietly(() => this.#fs.mkdirSync(real)) });
      }) as FileSystem['rmdirSync'],
      rmSync: ((path: string, options?: object) => {
        const isFolder = ifThere(() => this.#fs.lstatSync(path))?.isDirectory() === true;
        const back = isFolder ? join(this.#stash, String(this.#stashed++)) : this.#keep(path);
        // the very folder comes back, not one like it
        if (isFolder && back !== null) inner.renameSync(path, back);
        else inner.rmSync(path, options);
        if (back !== null) this.#removed(path, back);
      }) as FileSystem['rmSync'],
      mkdirSync: ((path: string, options?: { recursive?: boolean }) => {
        const missing: string[] = [];
        if (options?.recursive === true)
          for (let p = path; this.#identity(p) === null; p = dirname(p)) missing.unshift(p);
        else missing.push(path);
        const result = inner.mkdirSync(path, options);
        for (const p of missing) this.#made(p);
        return result;
      }) as FileSystem['mkdirSync'],
      swapSync: (a, b) => {
        inner.swapSync(a, b);
        const [x, y] = [this.#real(a), this.#real(b)];
        this.#names.push({
          folders: [folderOf(x), folderOf(y)],
          undo: () => this.#quietly(() => this.#fs.swapSync(x, y)),
        });
      },
    };
  }

  /** Git syncs its files and no folder: every name that a call made, replaced or removed waits for ours to be synced. */
  decorateGit(inner: GitPrograms): GitPrograms {
    return {
      run: async (argv, options) => {
        if (!gitWrites(argv)) return inner.run(argv, options);
        const areas = () => this.#areasOf(subcommand(argv));
        const before = this.#gitNames(areas());
        try {
          return await inner.run(argv, options);
        } finally {
          this.#noteGit(before, areas());
        }
      },
      converse: (argv, options) => {
        const talk = inner.converse(argv, options);
        if (!gitWrites(argv)) return talk;
        // a git that stays moves refs; packs that come up while it answers are our own
        let before = this.#gitNames(REF_AREAS);
        const note = () => {
          this.#noteGit(before, REF_AREAS);
          before = this.#gitNames(REF_AREAS);
        };
        return {
          ...talk,
          say: (text) => {
            // what others did since then is theirs
            before = this.#gitNames(REF_AREAS);
            talk.say(text);
          },
          hear: async (end) => {
            const heard = await talk.hear(end);
            note();
            return heard;
          },
          end: async () => {
            const ended = await talk.end();
            note();
            return ended;
          },
        };
      },
    };
  }

  /** Orders in worktrees run git beside each other: what others moved and synced meanwhile is not this call's to lose. */
  #areasOf(command: string): string[] {
    if (command === 'worktree' || command === 'read-tree') return [];
    if (command !== 'merge-tree' && command !== 'commit-tree') return GIT_AREAS;
    const names = this.#fs.readdirSync(join(this.#gitDir, 'objects'));
    return names.filter((name) => name.length === 2).map((name) => join('objects', name));
  }

  #rename(inner: FileSystem, from: string, to: string): void {
    const [a, b] = [this.#real(from), this.#real(to)];
    const replaced = this.#keep(b);
    inner.renameSync(from, to);
    const moved = this.#identity(b);
    this.#names.push({
      folders: [folderOf(a), folderOf(b)],
      undo: () => {
        if (moved === null || this.#identity(b) !== moved) return;
        this.#quietly(() => this.#fs.renameSync(b, a));
        if (replaced !== null) this.#quietly(() => this.#fs.renameSync(replaced, b));
      },
    });
  }

  #made(path: string): void {
    const real = this.#real(path);
    const made = this.#identity(real);
    this.#names.push({
      folders: [folderOf(real)],
      undo: () => {
        if (this.#identity(real) === made) this.#quietly(() => this.#fs.rmSync(real, { recursive: true, force: true }));
      },
    });
  }

  #removed(path: string, back: string | null): void {
    if (back === null) return;
    const real = this.#real(path);
    this.#names.push({
      folders: [folderOf(real)],
      undo: () => {
        if (this.#identity(real) === null) this.#quietly(() => this.#fs.renameSync(back, real));
      },
    });
  }

  /** A second name for what is about to go, or a copy of the folder in second names; null where nothing is. */
  #keep(path: string): string | null {
    const stat = ifThere(() => this.#fs.lstatSync(path));
    if (stat === undefined) return null;
    const kept = join(this.#stash, String(this.#stashed++));
    this.#linkTree(path, kept);
    return kept;
  }

  #linkTree(from: string, to: string): void {
    if (ifThere(() => this.#fs.lstatSync(from))?.isDirectory() !== true) {
      this.#quietly(() => this.#fs.linkSync(from, to));
      return;
    }
    this.#fs.mkdirSync(to);
    for (const name of this.#fs.readdirSync(from)) this.#linkTree(join(from, name), join(to, name));
  }

  /** Remembers a file's bytes as they were last synced, before the first change since. */
  #touch(fd: number, cuts = false): void {
    const stat = this.#fs.fstatSync(fd);
    const key = `${stat.dev}:${stat.ino}`;
    if (this.#bytes.has(key) || stat.isDirectory()) return;
    const own = this.#fs.openSync(`/proc/self/fd/${fd}`, O_RDWR);
    const grows = ((this.#flags.get(fd) ?? 0) & O_APPEND) !== 0 && !cuts;
    const bytes = grows ? null : Buffer.alloc(stat.size);
    if (bytes !== null) this.#fs.readSync(own, bytes, 0, bytes.length, 0);
    this.#bytes.set(key, { fd: own, bytes, size: stat.size });
  }

  #synced(fd: number): void {
    const stat = this.#fs.fstatSync(fd);
    const key = `${stat.dev}:${stat.ino}`;
    if (!stat.isDirectory()) {
      const unsynced = this.#bytes.get(key);
      if (unsynced !== undefined) this.#fs.closeSync(unsynced.fd);
      this.#bytes.delete(key);
      return;
    }
    const path = this.#fs.readlinkSync(`/proc/self/fd/${fd}`);
    this.#names = this.#names.filter((change) => !change.folders.includes(path));
  }

  #gitNames(areas = GIT_AREAS): Map<string, { identity: string; kept: string | null }> {
    const found = new Map<string, { identity: string; kept: string | null }>();
    const walk = (path: string): void => {
      const stat = ifThere(() => this.#fs.lstatSync(path));
      if (stat === undefined) return;
      found.set(path, { identity: `${stat.dev}:${stat.ino}`, kept: null });
      if (stat.isDirectory())
        for (const name of ifThere(() => this.#fs.readdirSync(path)) ?? []) walk(join(path, name));
      else if (!basename(path).startsWith('tmp_'))
        found.set(path, { identity: `${stat.dev}:${stat.ino}`, kept: this.#keep(path) });
    };
    for (const area of areas) walk(join(this.#gitDir, area));
    return found;
  }

  #noteGit(before: Map<string, { identity: string; kept: string | null }>, areas = GIT_AREAS): void {
    const after = this.#gitNames(areas);
    for (const [path, { identity }] of after) {
      const was = before.get(path);
      if (was?.identity === identity) continue;
      this.#names.push({
        folders: [folderOf(path)],
        undo: () => {
          if (this.#identity(path) !== identity) return;
          this.#quietly(() => this.#fs.rmSync(path, { recursive: true, force: true }));
          const kept = was?.kept;
          if (kept !== null && kept !== undefined) this.#quietly(() => this.#fs.renameSync(kept, path));
        },
      });
    }
    for (const [path, { kept }] of before) if (!after.has(path)) this.#removed(path, kept);
  }

  #identity(path: string): string | null {
    const stat = ifThere(() => this.#fs.lstatSync(path));
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
  }

  /** The path that a name used through an open folder really has. */
  #real(path: string): string {
    const folder = dirname(path);
    if (folder.startsWith('/proc/self/fd/')) return join(this.#fs.readlinkSync(folder), basename(path));
    return join(ifThere(() => this.#fs.realpathSync(folder)) ?? folder, basename(path));
  }

  /** What is put back may have lost its ground: then it is lost as well. */
  #quietly(act: () => void): void {
    try {
      act();
    } catch {
      // its folder went with it
    }
  }
}

function folderOf(path: string): string {
  return dirname(path);
}
