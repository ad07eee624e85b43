import { isMidway } from '../git/busy.ts';
import { imageOf } from '../git/conversion.ts';
import { indexRefusal } from '../git/landing.ts';
import { isEntry } from '../git/objects/tree.ts';
import type { Repository } from '../git/repository.ts';
import { type Change, type Content, type Image, type ImageChange, isOutside, sameContent } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import type { Order } from '../order/order.ts';
import { type Plan, planOrder, restoredBy } from '../order/plan.ts';
import { type Seen, type Surroundings, seeTarget } from './look.ts';

/** An order whose effects are known and allowed, and have not begun. */
export interface Prepared {
  readonly plan: Plan;
  /** The same changes as git and the ledger know them. */
  readonly images: readonly ImageChange[];
  /** Every target's image before, also of the files that commands are to make. */
  readonly before: ReadonlyMap<string, Image | null>;
  /** The contents of the same. */
  readonly contents: ReadonlyMap<string, Content | null>;
}

/**
 * Step 3 of "One order's life", the pure part with what it must look at. `resolved` maps the order's paths to real ones. Throws the
 * planning codes; DIRTY_TARGET wherever somebody's uncommitted work stands in the way. `ownOutputs` are files that an earlier run of the
 * order's own commands may have left half made: the next run makes them again.
 */
export async function prepareOrder(
  repo: Repository,
  order: Order,
  resolved: ReadonlyMap<string, string>,
  around: Surroundings,
  ownOutputs: ReadonlySet<string> = new Set(),
): Promise<Prepared> {
  const seen = new Map<string, Seen>();
  const restored = restoredPaths(order, resolved);
  const written = writtenPaths(order, resolved);
  /** What HEAD has of files that are gone from the disk and are written anew. */
  const vanished = new Map<string, Image>();
  for (const path of new Set(resolved.values())) {
    const found = await seeTarget(repo, path, around, restored.has(path));
    const isGone =
      written.has(path) && found.dirty !== null && found.dirty.content === null && isUnstaged(path, around);
    // in the middle of a checkout a file is gone for an instant
    if (isGone && found.image !== null && !isMidway(repo)) {
      vanished.set(path, found.image);
      seen.set(path, { path, content: null, image: null, dirty: null });
    } else seen.set(path, found);
  }
  const dirty = [...seen.values()].find((s) => s.dirty !== null);
  const plan = tryPlan(keepingModes(order, resolved, vanished), resolved, seen, dirty);
  const after = new Map<string, Content | null>([...seen].map(([path, s]) => [path, s.content]));
  for (const change of plan.changes) after.set(change.path, change.after);
  for (const s of seen.values()) {
    if (s.dirty !== null && !ownOutputs.has(s.path) && !sameContent(s.dirty.content, after.get(s.path) ?? null))
      throw dirtyTarget(s, around);
  }
  const images = await Promise.all(
    plan.changes.map((change) => toImages(repo, change, seen, around, restored, vanished)),
  );
  const before = new Map([...seen].map(([path, s]) => [path, s.image]));
  assertNotCommitted(restored, images, before, around);
  // at the root somebody's index is in the way; apart from it there is none
  if (!around.isPinned) assertIndexAllows([...seen.keys()], images, before, around);
  return { plan, images, before, contents: new Map([...seen].map(([path, s]) => [path, s.content])) };
}

/** The targets that an order puts back as they stand on disk. */
function restoredPaths(order: Order, resolved: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set(restoredBy(order).flatMap((raw) => resolved.get(raw) ?? []));
}

/** Targets of which the order gives the whole content and nothing else: where one is gone from the disk, nothing is lost by writing it. */
function writtenPaths(order: Order, resolved: ReadonlyMap<string, string>): ReadonlySet<string> {
  const paths = new Set<string>();
  const others = new Set<string>();
  for (const action of order.fileActions)
    if ('path' in action && action.path !== null)
      (action.action === 'write' ? paths : others).add(resolved.get(action.path) ?? action.path);
  const isNamed = order.fileActions.every((action) => action.action !== 'patch' && action.action !== 'move');
  return isNamed ? new Set([...paths].filter((path) => !others.has(path))) : new Set();
}

/** Whether the index has what HEAD has. */
function isUnstaged(path: string, around: Surroundings): boolean {
  const entry = around.tree.get(path);
  const staged = around.index.entries.get(path)?.[0];
  return staged?.blob === entry?.id && staged?.mode === entry?.mode;
}

/** A file that is written anew is as executable as HEAD has it, unless the order says. */
function keepingModes(
  order: Order,
  resolved: ReadonlyMap<string, string>,
  vanished: ReadonlyMap<string, Image>,
): Order {
  if (vanished.size === 0) return order;
  const fileActions = order.fileActions.map((action) =>
    action.action === 'write'
      ? { ...action, mode: action.mode ?? vanished.get(resolved.get(action.path) ?? '')?.mode ?? null }
      : action,
  );
  return { ...order, fileActions };
}

/** What a commit made of a file, or somebody is about to commit, is never put back: TARGET_CHANGED, DIRTY_TARGET. */
function assertNotCommitted(
  restored: ReadonlySet<string>,
  images: readonly ImageChange[],
  before: ReadonlyMap<string, Image | null>,
  around: Surroundings,
): void {
  for (const path of restored) {
    if (isOutside(path)) continue;
    const after = images.find((i) => i.path === path)?.after ?? before.get(path) ?? null;
    const entry = around.tree.get(path);
    if (entry !== undefined && !isEntry(entry, after))
      throw new WaybillError('TARGET_CHANGED', `${path} is committed with another content than the one to restore`);
    if (!isUnstaged(path, around)) throw new WaybillError('DIRTY_TARGET', `${path} has staged changes`);
  }
}

/** A plan that fails on committed content, while the disk has other content, fails because of that. */
function tryPlan(
  order: Order,
  resolved: ReadonlyMap<string, string>,
  seen: ReadonlyMap<string, Seen>,
  dirty: Seen | undefined,
): Plan {
  try {
    return planOrder(order, resolved, new Map([...seen].map(([path, s]) => [path, s.content])));
  } catch (error) {
    if (dirty !== undefined && error instanceof WaybillError) throw dirtyTarget(dirty, null);
    throw error;
  }
}

function dirtyTarget(seen: Seen, around: Surroundings | null): WaybillError {
  const untracked = seen.content === null && !(around?.tree.has(seen.path) ?? false);
  return new WaybillError(
    'DIRTY_TARGET',
    `${seen.path} ${untracked ? 'exists but is not committed' : 'has changes that are not committed'}`,
  );
}

async function toImages(
  repo: Repository,
  change: Change,
  seen: ReadonlyMap<string, Seen>,
  around: Surroundings,
  restored: ReadonlySet<string>,
  vanished: ReadonlyMap<string, Image>,
): Promise<ImageChange> {
  const { path } = change;
  const after = await imageOf(repo, path, change.after, around.converted.has(path));
  const image = { path, before: seen.get(path)?.image ?? null, after };
  const committed = vanished.get(path);
  if (committed !== undefined) return { ...image, committed };
  if (!restored.has(path) || isOutside(path)) return image;
  // HEAD has either nothing or just what is put back: assertNotCommitted()
  return { ...image, committed: around.tree.has(path) ? after : null };
}

function assertIndexAllows(
  paths: readonly string[],
  images: readonly ImageChange[],
  before: ReadonlyMap<string, Image | null>,
  around: Surroundings,
): void {
  for (const path of paths) {
    if (isOutside(path)) continue;
    const change = images.find((i) => i.path === path) ?? {
      path,
      before: before.get(path) ?? null,
      after: before.get(path) ?? null,
    };
    const refusal = indexRefusal(change, around.index.entries.get(path) ?? [], around.index.conflicts.get(path));
    if (refusal !== null) throw refusal;
  }
}
