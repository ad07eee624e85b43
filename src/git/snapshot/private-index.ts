import { join } from 'node:path';
import { ensureDir, namesIn, readIfThere, removeTree, writeNew } from '../../platform/durable.ts';
import { fs, statIfThere } from '../../platform/fs.ts';
import { newUlid } from '../../platform/ids.ts';
import type { Environment, ToolResult } from '../../platform/process.ts';
import { isAlive } from '../../platform/processes.ts';
import type { Git } from '../git.ts';
import type { Repository } from '../repository.ts';

/**
 * A copy of the index that git may write to: the person's own is neither changed nor locked. It does not lie in waybill/tmp, because a
 * station that starts sweeps that folder, and git takes an index that is gone for an empty one.
 */
export class PrivateIndex {
  readonly #git: Git;
  readonly #folder: string;
  readonly env: Environment;

  private constructor(git: Git, folder: string) {
    this.#git = git;
    this.#folder = folder;
    this.env = { GIT_INDEX_FILE: join(folder, 'index') };
  }

  /** Copies the index of the work tree. `close()` removes the copy. */
  static copy(repo: Repository): PrivateIndex {
    const base = join(repo.gitDir, 'waybill', 'snapshot');
    ensureDir(base);
    sweep(base);
    const folder = join(base, `${newUlid()}.${process.pid}`);
    ensureDir(folder);
    const from = join(repo.gitDir, 'index');
    // its time is read first: where somebody replaces it now, the copy looks older than it is, which costs a second look at files
    const stat = statIfThere(from);
    const bytes = readIfThere(from);
    if (stat !== undefined && bytes !== undefined) {
      const to = join(folder, 'index');
      writeNew(to, bytes);
      // entries as young as the index are compared by content: a copy that looks younger than it is would hide an edit
      const second = Math.floor(stat.mtimeMs / 1000) - 1;
      fs.utimesSync(to, second, second);
    }
    return new PrivateIndex(repo.git, folder);
  }

  try(args: readonly string[], input?: string): Promise<ToolResult> {
    return this.#git.try(args, { env: this.env, ...(input === undefined ? {} : { input }) });
  }

  run(args: readonly string[], input?: string): Promise<Buffer> {
    return this.#git.run(args, { env: this.env, ...(input === undefined ? {} : { input }) });
  }

  /** NUL-ended fields of what git says. */
  async fields(args: readonly string[]): Promise<string[]> {
    const out = await this.run(args);
    return out
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '');
  }

  close(): void {
    removeTree(this.#folder);
  }
}

/** Copies of processes that are gone. */
function sweep(base: string): void {
  for (const name of namesIn(base)) {
    const pid = Number(name.split('.')[1]);
    if (!Number.isInteger(pid) || !isAlive(pid)) removeTree(join(base, name));
  }
}
