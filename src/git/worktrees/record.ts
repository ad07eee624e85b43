import { join } from 'node:path';
import type { WorktreeDocument } from '../../order/generated.ts';
import { ensureDir, namesIn, readIfThere, removeDurable, writeDurable } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { conforms } from '../../platform/schema.ts';

/** One worktree as it stands on record. */
export type Worktree = Readonly<WorktreeDocument>;

/**
 * What is known of the station's worktrees, a file each in `<git dir>/waybill/worktrees/`: written before one is made and removed after it is
 * gone, so that a kill leaves none that nobody knows of.
 */
export class WorktreeRecords {
  readonly #folder: string;

  /** `live` is `<git dir>/waybill`. */
  constructor(live: string) {
    this.#folder = join(live, 'worktrees');
  }

  /** All of them, the oldest first. A file that is no record is none of ours. */
  all(): Worktree[] {
    return namesIn(this.#folder)
      .filter((name) => /^[0-9A-Z]{26}\.json$/.test(name))
      .sort()
      .flatMap((name) => this.read(name.slice(0, -5)) ?? []);
  }

  read(name: string): Worktree | null {
    try {
      const value: unknown = JSON.parse(readIfThere(join(this.#folder, `${name}.json`))?.toString('utf8') ?? 'null');
      return conforms('worktree', value) && (value as Worktree).name === name ? (value as Worktree) : null;
    } catch {
      return null;
    }
  }

  /** On disk when it returns. */
  write(worktree: Worktree): Worktree {
    ensureDir(this.#folder);
    writeDurable(join(this.#folder, `${worktree.name}.json`), `${JSON.stringify(worktree, null, 2)}\n`);
    return worktree;
  }

  /** For one that is gone: its index first, the record last. */
  forget(name: string): void {
    for (const left of [this.index(name), `${this.index(name)}.lock`]) ifThere(() => fs.unlinkSync(left));
    removeDurable(join(this.#folder, `${name}.json`));
  }

  /** The index that we made at the checkout: what the commands did to the worktree's own does not show in it. */
  index(name: string): string {
    return join(this.#folder, `${name}.index`);
  }
}
