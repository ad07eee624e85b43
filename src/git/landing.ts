import { join } from 'node:path';
import { committedBefore, type ImageChange, isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import { removeTree } from '../platform/durable.ts';
import { indexMoment, letThemEnd, whyBusy } from './busy.ts';
import { readIndex } from './index/index-file.ts';
import { IndexLock } from './index/index-lock.ts';
import { updateIndex } from './index/index-update.ts';
import { isAt, type KeptCopy, onDisk, Placement, type Refusal, type Target } from './placement.ts';
import { RefTransaction } from './ref-transaction.ts';
import { assertSupported, type Repository } from './repository.ts';

/** A batch whose objects are written and synced: what is to become of branch, journal, index and files. */
export interface LandingPlan {
  /** Unique name of the batch; the same again when it is finished after a kill. */
  readonly batch: string;
  readonly branch: string;
  readonly oldHead: string | null;
  readonly newHead: string | null;
  readonly journal: { readonly ref: string; readonly from: string | null; readonly to: string };
  readonly targets: readonly Target[];
}

export type LandingOutcome =
  | { kind: 'landed'; contended: boolean; kept: KeptCopy[]; heldMs: number }
  /** These orders cannot land; nothing of the batch did, and the rest may be built again. */
  | { kind: 'refused'; refusals: Map<string, WaybillError>; kept: KeptCopy[] }
  /** The branch moved before anything was done; the chain must be built again on the new tip. What is staged stays for that. */
  | { kind: 'moved' }
  /** The repository cannot take a landing now; `passing` where that is a person at work, who may be done in a moment. */
  | { kind: 'busy'; why: string; passing: boolean };

/** Where landing keeps its things, and how long it waits. */
export interface LandingPlace {
  /** `<git dir>/waybill`. */
  readonly live: string;
  readonly lockDeadlineMs: number;
  /** Told the name of each numbered sub-step of "Landing" when it is done. */
  readonly step: (name: string) => void;
}

/**
 * Takes the index lock before the objects are built, for a repository in which the branch moves faster than we build: while we hold it
 * no commit of anybody can move the tip. land() goes on under it. False when it stays taken.
 */
export async function holdIndex(repo: Repository, where: LandingPlace): Promise<boolean> {
  return (await takeLock(repo, new IndexLock(repo, where.live), where.lockDeadlineMs)).taken;
}

/**
 * A git command that has written the index and is about to move the branch comes to its end first: before the lock is taken, because under it
 * the person's next one would be refused. Only where the index was written meanwhile it is waited for under the lock.
 */
async function takeLock(
  repo: Repository,
  lock: IndexLock,
  deadlineMs: number,
): Promise<{ taken: boolean; contended: boolean }> {
  if (lock.isOurs()) return { taken: true, contended: false };
  const index = await letThemEnd(repo);
  const result = await lock.take(deadlineMs);
  if (result.taken && indexMoment(repo) !== index) await letThemEnd(repo);
  return result;
}

/**
 * The files of a landing to come. Staged before land() takes the lock, so that it holds it for less time; whoever does not come to land(), or
 * is told there that the branch moved and gives up, calls finish() on it.
 */
export function placementOf(
  repo: Repository,
  where: LandingPlace,
  batch: string,
  targets: readonly Target[],
): Placement {
  return new Placement(repo.root, where.live, batch, targets);
}

/** Lets go of a lock taken by holdIndex() that no landing followed. */
export function releaseIndex(repo: Repository, where: LandingPlace): void {
  new IndexLock(repo, where.live).release();
}

/** Only a new start can tell from the refs what happened, and finish or undo it. */
export class LandingCutShort extends WaybillError {
  constructor(message: string, cause: unknown) {
    super('GIT_FAILED', message, { cause });
  }
}

/**
 * Moves a batch onto the checked-out branch, in the sub-steps of design.md, "Landing". Either all of it lands or nothing does; also
 * where it throws anything but LandingCutShort. A kill at any point is finished or undone by the next start from the ledger's landing records.
 */
export async function land(
  repo: Repository,
  plan: LandingPlan,
  where: LandingPlace,
  placement: Placement,
): Promise<LandingOutcome> {
  const attempt = new Attempt(repo, plan, where, placement);
  let outcome: LandingOutcome | null = null;
  let failure: unknown = null;
  try {
    outcome = await attempt.run();
    if (outcome.kind === 'landed') return outcome;
  } catch (error) {
    failure = error;
    if (attempt.isCommitted()) throw new LandingCutShort('landing was cut short after its commit', error);
  }
  let kept: KeptCopy[] = [];
  try {
    if (outcome?.kind === 'moved') await attempt.letGo();
    else kept = await attempt.takeBack();
  } catch (error) {
    throw new LandingCutShort('a landing could be neither finished nor taken back', error);
  }
  if (outcome === null) throw failure;
  return outcome.kind === 'refused' ? { ...outcome, kept } : outcome;
}

class Attempt {
  readonly #repo: Repository;
  readonly #plan: LandingPlan;
  readonly #where: LandingPlace;
  readonly #scratch: string;
  readonly #placement: Placement;
  readonly #lock: IndexLock;
  #refs: RefTransaction | null = null;
  #indexed = false;

  constructor(repo: Repository, plan: LandingPlan, where: LandingPlace, placement: Placement) {
    this.#repo = repo;
    this.#plan = plan;
    this.#where = where;
    this.#scratch = join(where.live, 'tmp', plan.batch);
    this.#placement = placement;
    this.#lock = new IndexLock(repo, where.live);
  }

  async run(): Promise<LandingOutcome> {
    const { step, lockDeadlineMs } = this.#where;
    const [repo, plan] = [this.#repo, this.#plan];
    await assertSupported(repo);
    const unstaged = this.#placement.stage();
    if (unstaged !== null) return refused(unstaged);
    step('landing 0: staged');

    // 1. nothing under way, and the index lock
    const busy = whyBusy(repo, plan.branch);
    if (busy !== null) return { kind: 'busy', why: busy, passing: true };
    const { taken, contended } = await takeLock(repo, this.#lock, lockDeadlineMs);
    if (!taken) return { kind: 'busy', why: 'index.lock stays taken', passing: true };
    const since = performance.now();
    step('landing 1: index.lock taken');

    // 2. branch, tip, targets and their index entries are what the plan saw
    const busyNow = whyBusy(repo, plan.branch);
    if (busyNow !== null) return { kind: 'busy', why: busyNow, passing: true };
    if (repo.refs.read(plan.branch) !== plan.oldHead) return { kind: 'moved' };
    const refusals = checkTargets(repo, this.#placement, plan.targets);
    if (refusals.size > 0) return { kind: 'refused', refusals, kept: [] };
    step('landing 2: targets checked');

    // 3. the refs are locked and checked
    this.#refs = await RefTransaction.prepare(repo, refUpdates(plan));
    if (this.#refs === null)
      return repo.refs.read(plan.branch) === plan.oldHead
        ? { kind: 'busy', why: 'a ref stays locked', passing: false }
        : { kind: 'moved' };
    const head = repo.refs.head();
    if (head.kind !== 'branch' || head.ref !== plan.branch)
      return { kind: 'busy', why: 'HEAD was moved', passing: true };
    step('landing 3: refs prepared');

    // 4. files
    const bad = this.#placement.apply();
    if (bad !== null) return refused(bad);
    step('landing 4: files in place');

    // 5. index
    this.#indexed = true;
    await updateIndex(repo, join(this.#scratch, 'index'), inside(plan), (path) => this.#placement.isAsWritten(path));
    this.#placement.renew();
    step('landing 5: index renamed');

    // 6. branch and journal
    await this.#refs.commit();
    step('landing 6: refs committed');

    // 7. index lock
    this.#lock.release();
    const heldMs = performance.now() - since;
    step('landing 7: index.lock removed');

    // 8. old copies into which somebody wrote meanwhile are kept
    const kept = this.#placement.finish();
    removeTree(this.#scratch);
    step('landing 8: old copies looked at');
    return { kind: 'landed', contended, kept, heldMs };
  }

  /** Whether the journal moved: it moves together with the branch or not at all. */
  isCommitted(): boolean {
    return this.#repo.refs.read(this.#plan.journal.ref) === this.#plan.journal.to;
  }

  /** Where nothing was put in place yet. */
  async letGo(): Promise<void> {
    await this.#refs?.abort();
    this.#lock.release();
  }

  /** Leaves files, index, refs and locks as they were found. Returns what somebody saved meanwhile and that could not stay in its place. */
  async takeBack(): Promise<KeptCopy[]> {
    try {
      this.#placement.undo();
      if (this.#indexed) {
        const back = inside(this.#plan).map((t) => ({ path: t.path, before: t.after, after: committedBefore(t) }));
        await updateIndex(this.#repo, join(this.#scratch, 'index'), back);
      }
    } finally {
      // a git that still listens would keep us alive
      await this.#refs?.abort();
    }
    this.#lock.release();
    const kept = this.#placement.finish();
    removeTree(this.#scratch);
    return kept;
  }
}

function refused({ target, error }: Refusal): LandingOutcome {
  return { kind: 'refused', refusals: new Map([[target.woId, error]]), kept: [] };
}

function inside(plan: LandingPlan): Target[] {
  return plan.targets.filter((t) => !isOutside(t.path));
}

function refUpdates(plan: LandingPlan): { ref: string; from: string | null; to: string }[] {
  const journal = { ref: plan.journal.ref, from: plan.journal.from, to: plan.journal.to };
  if (plan.newHead === null || plan.newHead === plan.oldHead) return [journal];
  return [{ ref: plan.branch, from: plan.oldHead, to: plan.newHead }, journal];
}

/** Sub-step 2's look at files and index. A path may be at its pre-image, or already at our post-image. */
function checkTargets(repo: Repository, placement: Placement, targets: readonly Target[]): Map<string, WaybillError> {
  const refusals = new Map<string, WaybillError>();
  const tracked = targets.filter((t) => !isOutside(t.path));
  const index = readIndex(
    repo.gitDir,
    tracked.map((t) => t.path),
  );
  for (const target of targets) {
    const there = onDisk(placement.absolute(target));
    if (!isAt(there, target.before) && !isAt(there, target.after)) {
      refusals.set(target.woId, new WaybillError('TARGET_CHANGED', `${target.path} changed between plan and landing`));
    }
  }
  for (const target of tracked) {
    const refusal = indexRefusal(target, index.entries.get(target.path) ?? [], index.conflicts.get(target.path));
    if (refusal !== null && !refusals.has(target.woId)) refusals.set(target.woId, refusal);
  }
  return refusals;
}

/** Why the index does not allow us to touch this path, or null. Also asked when an order is planned. */
export function indexRefusal(
  target: ImageChange,
  entries: readonly {
    mode: string;
    blob: string;
    stage: number;
    intentToAdd: boolean;
    skipWorktree: boolean;
    assumeValid: boolean;
  }[],
  conflict: string | undefined,
): WaybillError | null {
  const dirty = (what: string) => new WaybillError('DIRTY_TARGET', `${target.path} ${what}`);
  if (conflict !== undefined) return dirty(`cannot be a file beside ${conflict}, which is in the index`);
  const entry = entries[0];
  if (entries.some((e) => e.stage !== 0)) return dirty('is unmerged');
  if (entry?.intentToAdd) return dirty('is marked intent-to-add');
  if (entry?.skipWorktree) return dirty('is marked skip-worktree');
  if (entry?.assumeValid) return dirty('is marked assume-unchanged');
  const is = (image: Target['before']) =>
    entry === undefined ? image === null : image !== null && entry.mode === image.mode && entry.blob === image.blob;
  return is(committedBefore(target)) || is(target.after) ? null : dirty('has staged changes');
}
