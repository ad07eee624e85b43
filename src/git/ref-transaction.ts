import { dirname, join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { pause } from '../platform/clock.ts';
import { ensureDir, exists, namesIn, readIfThere, removeDurable } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { processesIn } from '../platform/processes.ts';
import { NO_OBJECT } from './objects/object-id.ts';
import { syncRefs } from './refs.ts';
import type { Repository } from './repository.ts';
import type { Lease } from './standing.ts';

export interface RefUpdate {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string;
}

/**
 * Several refs moved at once, compare-and-swap, by a `git update-ref --stdin` that stays. Between prepare and commit git holds the locks of
 * all of them, so nobody's commit, reset or checkout can move them; when we are killed its input ends and it lets go by itself.
 */
export class RefTransaction {
  readonly #lease: Lease;
  readonly #updates: readonly RefUpdate[];
  readonly #gitDir: string;
  #over = false;

  private constructor(repo: Repository, updates: readonly RefUpdate[], lease: Lease) {
    this.#updates = updates;
    this.#gitDir = repo.gitDir;
    this.#lease = lease;
  }

  /** Locks and checks every ref. Null when one of them moved or is locked by somebody else. */
  static async prepare(repo: Repository, updates: readonly RefUpdate[]): Promise<RefTransaction | null> {
    // before git is asked: where this fails nothing is held
    for (const { ref } of updates) ensureDir(dirname(join(repo.gitDir, ref)));
    const transaction = new RefTransaction(repo, updates, await repo.refUpdates.take());
    const lines = updates.map((u) => `update ${u.ref} ${u.to} ${u.from ?? NO_OBJECT}\n`).join('');
    transaction.#lease.talk.say(`start\n${lines}prepare\n`);
    if ((await transaction.#hears('start: ok')) && (await transaction.#hears('prepare: ok'))) return transaction;
    await transaction.#release(true);
    return null;
  }

  /** Moves them all, synced. Throws GIT_FAILED; then recovery decides from what the refs say. */
  async commit(): Promise<void> {
    this.#lease.talk.say('commit\n');
    const said = await this.#hears('commit: ok');
    const end = await this.#release(!said);
    if (end !== null) throw new WaybillError('GIT_FAILED', `git update-ref could not commit: ${end.stderr.trim()}`);
    syncRefs(
      this.#gitDir,
      this.#updates.map((u) => u.ref),
    );
  }

  /** Lets go of the locks and moves nothing; also where commit() failed. */
  async abort(): Promise<void> {
    if (this.#over) return;
    this.#lease.talk.say('abort\n');
    await this.#release(!(await this.#hears('abort: ok')));
  }

  #release(ended: boolean): ReturnType<Lease['release']> {
    this.#over = true;
    return this.#lease.release(ended);
  }

  async #hears(line: string): Promise<boolean> {
    return (await this.#lease.talk.hear()) === line;
  }
}

/** Moves refs to commits that are on disk; synced when it returns. Throws GIT_FAILED where one of them was moved or locked by somebody else. */
export async function moveRefs(repo: Repository, updates: readonly RefUpdate[]): Promise<void> {
  const transaction = await RefTransaction.prepare(repo, updates);
  if (transaction === null)
    throw new WaybillError(
      'GIT_FAILED',
      `${updates.map((u) => u.ref).join(', ')}: somebody else has moved or locked it`,
    );
  await transaction.commit();
}

/** How long a lock that could be somebody else's must lie untouched before it is judged left over (design.md, recovery table). */
const STALE_MS = 5000;

/**
 * Removes ref locks that a killed update of ours left: those whose content is one of our ids, with an empty HEAD.lock beside them.
 * An empty one alone is removed only under our own index lock, when it is unchanged for 5 s and no git process lives in the tree.
 */
export async function removeStaleRefLocks(
  repo: Repository,
  refs: readonly string[],
  ours: ReadonlySet<string>,
  underOurIndexLock: boolean,
): Promise<string[]> {
  const removed: string[] = [];
  const remove = (path: string) => {
    removeDurable(path);
    removed.push(path);
  };
  const headLock = join(repo.gitDir, 'HEAD.lock');
  for (const ref of refs) {
    const path = join(repo.gitDir, `${ref}.lock`);
    const content = () => readIfThere(path)?.toString('latin1').trim();
    if (!ours.has(content() ?? '')) continue;
    // the dead station's git may have been told to commit, and has perhaps written the reflog: it comes to its end first
    const until = Date.now() + STALE_MS / 5;
    while (Date.now() < until && exists(path) && processesIn(repo.root, 'git').length > 0) await pause(10);
    if (!ours.has(content() ?? '')) continue;
    remove(path);
    if (isEmpty(headLock)) remove(headLock);
  }
  for (const path of [headLock, ...refs.map((ref) => join(repo.gitDir, `${ref}.lock`))]) {
    if (!underOurIndexLock || !isEmpty(path)) continue;
    const before = ifThere(() => fs.lstatSync(path));
    if (before === undefined) continue;
    const wait = Math.max(0, STALE_MS - (Date.now() - before.ctimeMs));
    if (wait > 0) await pause(wait);
    const after = ifThere(() => fs.lstatSync(path));
    if (
      after !== undefined &&
      after.ino === before.ino &&
      after.ctimeMs === before.ctimeMs &&
      processesIn(repo.root, 'git').length === 0
    )
      remove(path);
  }
  return removed;
}

/**
 * Locks of refs that only the station writes: nobody but a dead station's git can have left them. Those below `not` may belong to somebody
 * who is at work.
 */
export async function removeOwnRefLocks(repo: Repository, folder: string, not: string): Promise<void> {
  const others = `${join(repo.gitDir, not)}/`;
  const locks = filesEndingIn(join(repo.gitDir, folder), '.lock').filter((path) => !path.startsWith(others));
  if (locks.length === 0) return;
  // a git that the dead station had started may be at its last breath
  await pause(STALE_MS / 5);
  for (const path of locks) removeDurable(path);
}

function filesEndingIn(folder: string, end: string): string[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    if (ifThere(() => fs.lstatSync(path))?.isDirectory() === true) return filesEndingIn(path, end);
    return name.endsWith(end) ? [path] : [];
  });
}

function isEmpty(path: string): boolean {
  return exists(path) && readIfThere(path)?.length === 0;
}
