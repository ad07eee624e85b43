import { dirname, join } from 'node:path';
import { type Image, type ImageChange, isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import { ensureDir, exists, syncDir, writeNew } from '../platform/durable.ts';
import { errno, fs, ifThere } from '../platform/fs.ts';
import {
  exchange,
  FoldersToSync,
  makeParents,
  place,
  readTarget,
  removeEmptyFolders,
  type SyncFolder,
  sameFileSystem,
  takeAside,
} from '../platform/target.ts';
import { keepCopy, targetMark } from './kept-files.ts';
import { blobId } from './objects/object-id.ts';

/** What stands on disk: mode and id of the raw bytes. `other` is what orders don't touch. */
export type OnDisk = { mode: Image['mode']; disk: string } | null | 'other';

export function onDisk(path: string): OnDisk {
  const found = readTarget(path);
  if (found.kind === 'other') return 'other';
  return found.kind === 'nothing' ? null : { mode: found.content.mode, disk: blobId(found.content.bytes) };
}

export function isAt(there: OnDisk, image: Image | null): boolean {
  if (there === 'other') return false;
  return there === null || image === null ? there === image : there.mode === image.mode && there.disk === image.disk;
}

/** One file to be put in place. */
export interface Target extends ImageChange {
  readonly woId: string;
  /** The new bytes; null where the file is to go. Only asked for while nothing is staged. */
  readonly bytes: Buffer | null;
}

/** An old copy into which somebody wrote after it was replaced: kept, and told. */
export interface KeptCopy {
  readonly woId: string;
  readonly path: string;
  /** The name under which `waybill keep` shows it. */
  readonly kept: string;
}

/** Why a file of each kind is kept. */
const WHY = {
  staged: 'somebody wrote into the new file before it was put in its place',
  old: 'somebody wrote into the old file after it was replaced',
  undone: 'somebody wrote into the new file while it was taken back',
};

/** A target that cannot be put in place, and why. */
export interface Refusal {
  readonly target: Target;
  readonly error: WaybillError;
}

/** Names a file and its last write. A link or an exchange changes neither; a write in the same tick of the clock shows in nothing, but nobody knows of a staged file so early. */
function contentMoment(path: string): string {
  const stat = ifThere(() => fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}

/** How files staged beside a target on another file system are called; recovery looks for them. */
export function strayPrefix(name: string): string {
  return `.waybill-${name}-`;
}

/** Faults of one target, as against those of the whole disk: they refuse one order and must not stop the others. */
const OF_ONE_TARGET = ['EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'ELOOP', 'ENOTDIR', 'EISDIR', 'EBUSY', 'ETXTBSY'];

function refusalOf(target: Target, act: () => WaybillError | null): WaybillError | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof WaybillError) return error;
    if (!OF_ONE_TARGET.includes(errno(error) ?? '')) throw error;
    return new WaybillError(
      'IO_ERROR',
      `${target.path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

interface Placed {
  readonly target: Target;
  readonly staged: string;
  readonly made: readonly string[];
  readonly how: 'already' | 'exchanged' | 'created' | 'removed';
}

/**
 * Puts a set of files in place so that it can be taken back, and so that nothing of a person is overwritten: whatever comes out of
 * a place is hashed, and goes back if it is not what the plan saw (sub-step 4 of "Landing").
 */
export class Placement {
  readonly #root: string;
  readonly #name: string;
  readonly #scratch: string;
  readonly #live: string;
  readonly #targets: readonly Target[];
  readonly #placed: Placed[] = [];
  readonly #near = new Map<string, boolean>();
  #isStaged = false;
  /** What the staged files were when they had been written, by the path that they go to. */
  readonly #written = new Map<string, string>();

  /** `live` is `<git dir>/waybill`; `name` is this placement's own, the same again after a kill. */
  constructor(root: string, live: string, name: string, targets: readonly Target[]) {
    this.#root = root;
    this.#name = name;
    this.#scratch = join(live, 'tmp', name, 'files');
    this.#live = live;
    this.#targets = targets;
  }

  /**
   * Writes the new contents, synced, beside where they will go; once. Visible to nobody. Returns the refusal of the first that cannot be
   * written.
   */
  stage(): Refusal | null {
    if (this.#isStaged) return null;
    ensureDir(this.#scratch);
    for (const [n, target] of this.#targets.entries()) {
      const error = refusalOf(target, () => this.#stageOne(target, n));
      if (error !== null) return { target, error };
    }
    syncDir(this.#scratch);
    this.#isStaged = true;
    return null;
  }

  #stageOne(target: Target, n: number): null {
    const { after, bytes } = target;
    const staged = this.#stagedPath(n);
    if (after === null || isAt(onDisk(this.absolute(target)), after) || isAt(onDisk(staged), after)) return null;
    if (bytes === null) throw new WaybillError('IO_ERROR', `the content for ${target.path} is not to be had any more`);
    if (!staged.startsWith(this.#scratch)) makeParents(this.absolute(target));
    this.#letGo(target, staged, 'staged');
    writeNew(staged, bytes, this.#permissions(target, after));
    this.#written.set(target.path, contentMoment(staged));
    return null;
  }

  /**
   * Puts every file in place, in turn. Returns null when all are, or the refusal of the first that is not what the plan saw;
   * then this target is as it was found and the caller takes back the others.
   */
  apply(): Refusal | null {
    const touched = new FoldersToSync();
    for (const [n, target] of this.#targets.entries()) {
      const error = refusalOf(target, () => this.#applyOne(target, this.#stagedPath(n), touched.note));
      if (error !== null) return { target, error };
    }
    touched.sync();
    return null;
  }

  #applyOne(target: Target, staged: string, sync: SyncFolder): WaybillError | null {
    const path = this.absolute(target);
    const there = onDisk(path);
    const changed = () => new WaybillError('TARGET_CHANGED', `${target.path} changed between plan and landing`);
    if (isAt(there, target.after)) {
      this.#placed.push({ target, staged, made: [], how: 'already' });
      return null;
    }
    if (!isAt(there, target.before)) return changed();
    const how = target.after === null ? 'removed' : target.before === null ? 'created' : 'exchanged';
    const made = how === 'created' ? makeParents(path) : [];
    // noted before it is done: an act that fails after its effect (a sync) is taken back like any other
    this.#placed.push({ target, staged, made, how });
    if (this.#act(how, path, staged, target, sync)) return null;
    this.#placed.pop();
    removeEmptyFolders(made);
    return changed();
  }

  /** Returns false when somebody was there first; then everything is as it was found. */
  #act(how: Placed['how'], path: string, staged: string, target: Target, sync: SyncFolder): boolean {
    if (how === 'created') return place(path, staged, sync);
    if (how === 'removed') {
      if (!takeAside(path, staged)) return false;
      if (isAt(onDisk(staged), target.before)) return true;
      place(path, staged);
      return false;
    }
    if (!exchange(path, staged, sync)) return false;
    if (isAt(onDisk(staged), target.before)) return true;
    this.#swapBack(path, staged, target);
    return false;
  }

  /** Puts back what came out. A save between the two swaps comes out in turn: then that newest one goes back, and the older is kept. */
  #swapBack(path: string, staged: string, target: Target): void {
    exchange(path, staged);
    if (!isAt(onDisk(staged), target.after)) exchange(path, staged);
  }

  /**
   * Puts back what `git clean` took: it asks for no lock, and a file of ours was untracked until the index had it. Called once the index
   * has it.
   */
  renew(): void {
    for (const { target, staged, how } of this.#placed) {
      const path = this.absolute(target);
      if (how !== 'created' || isOutside(target.path) || exists(path)) continue;
      makeParents(path);
      place(path, staged);
    }
  }

  /** Takes back what apply() did, last first, wherever the bytes still are ours. Returns the paths that could not be taken back. */
  undo(): string[] {
    const left: string[] = [];
    for (const { target, staged, made, how } of this.#placed.reverse()) {
      const path = this.absolute(target);
      if (how === 'already' || isAt(onDisk(path), target.before)) continue;
      if (how === 'removed') {
        if (!place(path, staged)) left.push(target.path);
        continue;
      }
      if (!isAt(onDisk(path), target.after)) {
        left.push(target.path);
      } else if (how === 'exchanged') {
        exchange(path, staged);
        // A save in that instant is not ours to take: put it back.
        if (!isAt(onDisk(staged), target.after) && exchange(path, staged)) left.push(target.path);
      } else {
        const aside = `${staged}.undone`;
        takeAside(path, aside);
        if (!isAt(onDisk(aside), target.after) && place(path, aside)) left.push(target.path);
        else removeEmptyFolders(made);
        this.#letGo(target, aside, 'undone');
      }
    }
    this.#placed.length = 0;
    return left;
  }

  /** Lets go of staged files and old copies. What is neither ours nor the pre-image (a program wrote into it) is kept, and told. */
  finish(): KeptCopy[] {
    const created = new Set(this.#placed.filter((p) => p.how === 'created').map((p) => p.staged));
    const kept: KeptCopy[] = [];
    for (const [n, target] of this.#targets.entries()) {
      const staged = this.#stagedPath(n);
      // a created file is the staged one under a second name: what somebody wrote into it stands in its place
      if (created.has(staged)) ifThere(() => fs.unlinkSync(staged));
      else kept.push(...this.#letGo(target, staged, 'old'));
    }
    ifThere(() => fs.rmSync(dirname(this.#scratch), { recursive: true, force: true }));
    return kept;
  }

  #letGo(target: Target, path: string, what: keyof typeof WHY): KeptCopy[] {
    const there = onDisk(path);
    if (there === null) return [];
    if (isAt(there, target.before) || isAt(there, target.after)) {
      fs.unlinkSync(path);
      return [];
    }
    const { woId, path: about } = target;
    return [{ woId, path: about, kept: keepCopy(this.#live, path, { woId, path: about, why: WHY[what] }) }];
  }

  /** Whether what stands at a path is the file that was staged for it, and nobody has written to it: then it need not be read. */
  isAsWritten(path: string): boolean {
    const written = this.#written.get(path);
    return written !== undefined && contentMoment(join(this.#root, path)) === written;
  }

  /** Folders that had to be made, outermost first. */
  made(): string[] {
    return this.#placed.flatMap((p) => p.made);
  }

  absolute(change: ImageChange): string {
    return isOutside(change.path) ? change.path : join(this.#root, change.path);
  }

  /** On another file system than our scratch folder, a dotfile beside the target: renames must not cross. */
  #stagedPath(n: number): string {
    const target = this.#targets[n];
    if (target === undefined) throw new WaybillError('INTERNAL', `there is no target ${n}`);
    const path = this.absolute(target);
    const name = `${n}-${targetMark(target.woId, target.path)}`;
    if (this.#isNear(dirname(path))) return join(this.#scratch, name);
    return join(dirname(path), `${strayPrefix(this.#name)}${name}`);
  }

  /** Whether a folder lies on the file system of our scratch folder. */
  #isNear(folder: string): boolean {
    const known = this.#near.get(folder);
    if (known !== undefined) return known;
    const near = sameFileSystem(this.#scratch, folder);
    this.#near.set(folder, near);
    return near;
  }

  /** A file that is replaced keeps its permission bits, apart from the executable ones, which are the order's to say. */
  #permissions(target: Target, after: Image): number {
    const stat = target.before === null ? undefined : ifThere(() => fs.statSync(this.absolute(target)));
    const base = stat === undefined ? 0o644 : stat.mode & 0o777;
    return after.mode === '100755' ? base | ((base & 0o444) >> 2) | 0o100 : base & ~0o111;
  }
}
