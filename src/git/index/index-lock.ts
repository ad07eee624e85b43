import { dirname, join } from 'node:path';
import { pause } from '../../platform/clock.ts';
import { exists, syncDir, writeNew } from '../../platform/durable.ts';
import { errno, fs, lstatIfThere } from '../../platform/fs.ts';
import type { Repository } from '../repository.ts';

/**
 * Git's own index.lock, taken by hard-linking a synced token file of the station's: the lock that has the token's inode is ours, also for
 * the process that comes after a kill or a power loss. So nothing about the lock itself needs to be synced: the token stays. A lock of
 * anybody else, even an empty one, is only ever waited for.
 */
export class IndexLock {
  readonly token: string;
  readonly #path: string;

  /** `live` is `<git dir>/waybill`. */
  constructor(repo: Repository, live: string) {
    this.token = join(live, 'index.token');
    this.#path = join(repo.gitDir, 'index.lock');
  }

  /** Takes the lock, or adopts it where an earlier process of ours left it. False when it stays taken past the deadline. */
  async take(deadlineMs: number): Promise<{ taken: boolean; contended: boolean }> {
    if (!exists(this.token)) {
      writeNew(this.token, 'waybill\n');
      syncDir(dirname(this.token));
    }
    const until = Date.now() + deadlineMs;
    for (let contended = false; ; contended = true) {
      if (this.isOurs()) return { taken: true, contended };
      try {
        fs.linkSync(this.token, this.#path);
        return { taken: true, contended };
      } catch (error) {
        if (errno(error) !== 'EEXIST') throw error;
      }
      if (Date.now() >= until) return { taken: false, contended: true };
      await pause(4 + Math.random() * 8);
    }
  }

  isOurs(): boolean {
    const lock = lstatIfThere(this.#path);
    const token = lstatIfThere(this.token);
    return lock !== undefined && token !== undefined && lock.ino === token.ino && lock.dev === token.dev;
  }

  release(): void {
    if (this.isOurs()) fs.unlinkSync(this.#path);
  }
}
