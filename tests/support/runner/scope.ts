import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CLEAN_UP_LIMIT_MS = 30_000;

const handedOut = new Set<string>();

/** Temporary folders that were handed out and still exist. */
export function leftoverFolders(): string[] {
  return [...handedOut].filter((folder) => existsSync(folder));
}

/** The life of one test (or of a suite's hooks): what it borrows is given back when it ends. */
export class Scope {
  readonly #cleanUps: (() => unknown)[] = [];
  readonly #keepFolders: boolean;
  #closed = false;

  constructor(keepFolders: boolean) {
    this.#keepFolders = keepFolders;
  }

  /** A new empty folder, by its real path (macOS hands out symbolic links). */
  tempDir(): string {
    this.#mustBeOpen();
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-test-')));
    if (this.#keepFolders) {
      console.error(`kept: ${folder}`);
    } else {
      handedOut.add(folder);
      this.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    }
    return folder;
  }

  /** Runs after the test, pass or fail; the last one deferred runs first. */
  defer(cleanUp: () => unknown): void {
    this.#mustBeOpen();
    this.#cleanUps.push(cleanUp);
  }

  /** Runs every clean-up even when some fail; returns what they threw. */
  async close(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (let next = this.#cleanUps.pop(); next !== undefined; next = this.#cleanUps.pop()) {
      const cleanUp = next;
      await within(CLEAN_UP_LIMIT_MS, 'clean-up', cleanUp).catch((error: unknown) => errors.push(error));
    }
    this.#closed = true;
    return errors;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Error('the test is over: nothing can be deferred or borrowed any more');
  }
}

/** Rejects when the work has not settled in time. It can't be stopped, only given up. */
export async function within(limitMs: number, what: string, work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
