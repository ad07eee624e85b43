import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import type { Git } from '../git.ts';
import { Standing } from '../standing.ts';
import type { TreeEntry } from './tree.ts';
import { entryNamed } from './tree-bytes.ts';

/** So much of trees is kept in memory: some thousand folders. */
const MOST_CACHED_BYTES = 8 * 1024 * 1024;

/** The object of a commit without files. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/**
 * Reads commits and trees through one `git cat-file` that stays, and remembers trees: the next commit of a batch, and the next batch, look
 * at the folders of the last one. What is remembered is never wrong, because an id names its content; but it may be gone from the disk.
 */
export class Trees {
  readonly #standing: Standing;
  readonly #packs: string;
  readonly #cached = new Map<string, Buffer>();
  #bytes = 0;
  #packsSeen = '';

  constructor(git: Git, gitDir: string) {
    this.#standing = new Standing(() => git.converse(['cat-file', '--batch']));
    this.#packs = join(gitDir, 'objects', 'pack');
  }

  /** The tree of a commit. Always asks git: so a commit that is gone is noticed by whoever builds on it. Throws GIT_FAILED. */
  async ofCommit(commit: string): Promise<string> {
    const { type, bytes } = await this.#read(commit);
    const tree = /^tree ([0-9a-f]{40})\n/.exec(bytes.toString('latin1', 0, 46))?.[1];
    if (type !== 'commit' || tree === undefined) throw new WaybillError('GIT_FAILED', `${commit} is not a commit`);
    return tree;
  }

  /** A tree as git stores it. Throws GIT_FAILED where it is not there. */
  async bytes(id: string): Promise<Buffer> {
    const cached = this.#cached.get(id);
    if (cached !== undefined) {
      this.#cached.delete(id);
      this.#cached.set(id, cached);
      return cached;
    }
    if (id === EMPTY_TREE) return Buffer.alloc(0);
    const { type, bytes } = await this.#read(id);
    if (type !== 'tree') throw new WaybillError('GIT_FAILED', `${id} is a ${type} where a tree should be`);
    this.note(id, bytes);
    return bytes;
  }

  /** Remembers a tree that was written, or read. */
  note(id: string, bytes: Buffer): void {
    if (this.#cached.has(id)) return;
    this.#cached.set(id, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, { length }] of this.#cached) {
      if (this.#bytes <= MOST_CACHED_BYTES) return;
      this.#cached.delete(oldest);
      this.#bytes -= length;
    }
  }

  /** The entries at these paths and at the folders above them, in a commit; costs what the folders touched cost. Throws GIT_FAILED. */
  async entries(commit: string | null, paths: readonly string[]): Promise<Map<string, TreeEntry>> {
    const found = new Map<string, TreeEntry>();
    if (commit === null || paths.length === 0) return found;
    const root = await this.ofCommit(commit);
    for (const path of paths) {
      let tree = root;
      for (let [from, slash] = [0, 0]; slash !== path.length; from = slash + 1) {
        slash = path.indexOf('/', from);
        if (slash === -1) slash = path.length;
        const at = path.slice(0, slash);
        const entry = found.get(at) ?? entryNamed(await this.bytes(tree), path.slice(from, slash));
        if (entry === null) break;
        found.set(at, entry);
        if (entry.type !== 'tree') break;
        tree = entry.id;
      }
    }
    return found;
  }

  /**
   * Forgets everything when somebody else packed, pruned or fetched: what is in memory, and in packs that git holds open, may be gone from
   * the disk, and nothing may be built on it without a look.
   */
  async lookForPruning(): Promise<void> {
    if (this.#packsNow() === this.#packsSeen) return;
    await this.end();
    this.#packsSeen = this.#packsNow();
  }

  /** Packs that we wrote ourselves take nothing away. */
  noteOwnPacks(): void {
    this.#packsSeen = this.#packsNow();
  }

  async end(): Promise<void> {
    this.#cached.clear();
    this.#bytes = 0;
    await this.#standing.end();
  }

  #packsNow(): string {
    const stat = ifThere(() => fs.statSync(this.#packs, { bigint: true }));
    return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs}`;
  }

  async #read(id: string): Promise<{ type: string; bytes: Buffer }> {
    return this.#standing.ask(async (talk) => {
      talk.say(`${id}\n`);
      const header = await talk.hear();
      if (header === null) return null;
      const [, type = '', size] = header.split(' ');
      if (size === undefined) throw new WaybillError('GIT_FAILED', `git has no object ${id} (${type})`);
      const bytes = await talk.hearBytes(Number(size));
      // a newline ends it
      return bytes === null || (await talk.hearBytes(1)) === null ? null : { type, bytes: Buffer.from(bytes) };
    });
  }
}
