import git from 'isomorphic-git';
import { nodeFileSystem } from '../../platform/fs.ts';

/**
 * A second implementation of git's object reading, used only to verify: what our writer and the git command line agree on is read again
 * by code that shares nothing with either. It never writes (libraries.md: isomorphic-git takes no locks).
 */
export class IndependentReader {
  readonly #gitDir: string;
  readonly #cache = {};

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** A commit's message, tree and parents, or null when it does not exist. */
  async commit(id: string): Promise<{ message: string; tree: string; parents: string[] } | null> {
    try {
      const { commit } = await git.readCommit({ ...this.#where(), oid: id });
      return { message: commit.message, tree: commit.tree, parents: commit.parent };
    } catch {
      return null;
    }
  }

  /** A file's bytes as a commit holds them, null where it holds none. Throws for an object that cannot be read or is not what its id says. */
  async file(commit: string, path: string): Promise<Buffer | null> {
    const { commit: body } = await git.readCommit({ ...this.#where(), oid: commit });
    let id = body.tree;
    for (const name of path.split('/')) {
      const entry = treeEntry(await this.#object(id), name);
      if (entry === null) return null;
      id = entry;
    }
    return this.#object(id);
  }

  /** An object's content as it is: the library's own tree reader refuses names that people may well use. */
  async #object(oid: string): Promise<Buffer> {
    const { object } = await git.readObject({ ...this.#where(), oid, format: 'content' });
    return Buffer.from(object as Uint8Array);
  }

  #where() {
    return { fs: nodeFileSystem, dir: this.#gitDir, gitdir: this.#gitDir, cache: this.#cache };
  }
}

/** The id under a name in a tree object: `mode SP name NUL` and 20 bytes of id, again and again. */
function treeEntry(tree: Buffer, name: string): string | null {
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(0x20, at);
    const end = tree.indexOf(0, space);
    if (tree.toString('utf8', space + 1, end) === name) return tree.toString('hex', end + 1, end + 21);
    at = end + 21;
  }
  return null;
}
