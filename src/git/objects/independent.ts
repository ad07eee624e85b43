import { join } from 'node:path';
import git from 'isomorphic-git';
import { namesIn } from '../../platform/durable.ts';
import { fs, ifThere, nodeFileSystem } from '../../platform/fs.ts';
import { entryNamed } from './tree-bytes.ts';

/** The library holds every pack that it looks into, and an entry for each object of it, in memory. */
const MOST_BYTES = 16 * 1024 * 1024;

/** `isBeyond`: it lies in a pack that is too large. `fault`: what the library says of an object that is there. */
export type Reading =
  | { readonly isBeyond: true }
  | { readonly isBeyond: false; readonly bytes: Buffer | null }
  | { readonly fault: string };

/**
 * A second implementation of git's object reading, used only to verify: what our writer wrote, and git has read, is read again by code that
 * shares nothing with either. It sees loose objects, and of the packs the newest as far as they fit into bounded memory: those that we
 * wrote, until they are gathered. It never writes (libraries.md: isomorphic-git takes no locks).
 */
export class IndependentReader {
  readonly #gitDir: string;
  readonly #cache = {};
  #packs: string[] | null = null;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** A file's bytes as a commit holds them, null where it holds none. */
  async file(commit: string, path: string): Promise<Reading> {
    try {
      let { tree: id } = (await git.readCommit({ ...this.#where(), oid: commit })).commit;
      for (const name of path.split('/')) {
        const entry = entryNamed(await this.#object(id), name);
        if (entry === null) return { isBeyond: false, bytes: null };
        id = entry.id;
      }
      return { isBeyond: false, bytes: await this.#object(id) };
    } catch (error) {
      if (error instanceof git.Errors.NotFoundError) return { isBeyond: true };
      return { fault: whatItSaid(error) };
    }
  }

  /** An object's content as it is: the library's own tree reader refuses names that people may well use. */
  async #object(oid: string): Promise<Buffer> {
    const { object } = await git.readObject({ ...this.#where(), oid, format: 'content' });
    return Buffer.from(object as Uint8Array);
  }

  #where() {
    const folder = join(this.#gitDir, 'objects', 'pack');
    const { promises } = nodeFileSystem;
    const readdir = async (path: string) => (path === folder ? this.#affordable(folder) : promises.readdir(path));
    return { fs: { promises: { ...promises, readdir } }, dir: this.#gitDir, gitdir: this.#gitDir, cache: this.#cache };
  }

  /** The packs that it is shown, the newest first. */
  #affordable(folder: string): string[] {
    if (this.#packs !== null) return this.#packs;
    const packs = namesIn(folder).flatMap((name) => {
      const [index, pack] = [name, name.replace(/\.idx$/, '.pack')].map((it) =>
        ifThere(() => fs.statSync(join(folder, it))),
      );
      return name.endsWith('.idx') && index !== undefined && pack !== undefined
        ? [{ name, size: index.size + pack.size, at: pack.mtimeMs }]
        : [];
    });
    let size = 0;
    this.#packs = packs
      .sort((a, b) => b.at - a.at)
      .filter((pack) => {
        size += pack.size;
        return size <= MOST_BYTES;
      })
      .map(({ name }) => name);
    return this.#packs;
  }
}

/** Around its own message the library says where to report it. */
function whatItSaid(error: unknown): string {
  if (error instanceof git.Errors.InternalError) return error.data.message;
  return error instanceof Error ? error.message : String(error);
}
