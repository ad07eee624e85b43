import { watchFolders } from '../platform/watch.ts';
import type { Wake } from './feed.ts';

/** So often the ledger is looked at where no watcher tells (rule 6). */
const LOOK_MS = 1000;

/** One watcher for all who follow a ledger in this process. */
export class LedgerWatch implements Wake {
  readonly #watch: { close(): Promise<void> };
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Set<() => void>();
  #isTelling = false;

  constructor(folder: string) {
    this.#watch = watchFolders([folder], () => this.#tell());
    this.#timer = setInterval(() => this.#tell(), LOOK_MS);
    this.#timer.unref();
  }

  /** Hints come in bursts: whoever waits is woken once for each turn of the event loop. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      for (const wake of [...this.#waiting]) wake();
    });
  }

  moved(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted) return done();
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#watch.close();
    for (const wake of [...this.#waiting]) wake();
  }
}
