import git from 'isomorphic-git';
import { nodeFileSystem } from '../platform/fs.ts';

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

  /** A file's bytes as a commit holds them, or null. */
  async file(commit: string, path: string): Promise<Buffer | null> {
    try {
      const { blob } = await git.readBlob({ ...this.#where(), oid: commit, filepath: path });
      return Buffer.from(blob);
    } catch {
      return null;
    }
  }

  #where() {
    return { fs: nodeFileSystem, dir: this.#gitDir, gitdir: this.#gitDir, cache: this.#cache };
  }
}
