import { hashOf, sha256 } from './canonical-json.ts';
import { type Change, type Content, sameContent } from './change.ts';
import { applyEdit } from './edit.ts';
import { WaybillError } from './error.ts';
import { type FileAction, invocationText, type Order } from './order.ts';
import { type FilePatch, readPatch } from './patch.ts';
import { applySet } from './set/set.ts';

/** What an order will do, as data: nothing has happened yet. */
export interface Plan {
  /** Only real changes: a write of what is already there is none. */
  readonly changes: readonly Change[];
  /** Every path that is looked at or touched, also by commands. */
  readonly targets: readonly string[];
  readonly sha256: string;
}

/** The paths as the order writes them, before policy resolves them. Throws PATCH_INVALID. */
export function targetsOf(order: Order): string[] {
  const paths = new Set<string>();
  for (const action of order.fileActions) {
    if (action.action === 'patch') {
      for (const file of readPatch(action.patch, action.path))
        for (const name of [file.from, file.to]) if (name !== null) paths.add(name);
    } else {
      paths.add(action.path);
      if (action.action === 'move') paths.add(action.to);
    }
  }
  for (const command of order.commands) for (const output of command.outputs) paths.add(output);
  return [...paths];
}

/** The paths that the order puts back as they stand on disk, whatever is committed there. */
export function restoredBy(order: Order): string[] {
  return order.fileActions.flatMap((action) => (action.action === 'restore' ? [action.path] : []));
}

/**
 * Computes every file's content after the order's file actions, in their order. Pure: `resolve` maps a path of the order to the
 * path it really is, `before` holds each such path's content now. Throws the planning codes of error.ts.
 */
export function planOrder(
  order: Order,
  resolve: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, Content | null>,
): Plan {
  const after = new Map<string, Content | null>();
  const at = (raw: string): string => {
    const path = resolve.get(raw);
    if (path === undefined) throw new WaybillError('INTERNAL', `${raw} was not resolved`);
    return path;
  };
  const view: View = {
    get: (raw) => after.get(at(raw)) ?? (after.has(at(raw)) ? null : (before.get(at(raw)) ?? null)),
    set: (raw, content) => void after.set(at(raw), content),
  };
  for (const action of order.fileActions) applyAction(action, view);
  const changes: Change[] = [];
  for (const [path, content] of after) {
    const old = before.get(path) ?? null;
    if (!sameContent(old, content)) changes.push({ path, before: old, after: content });
  }
  const targets = [...new Set(targetsOf(order).map(at))].sort();
  return { changes, targets, sha256: hashOf(planDocument(order, changes)) };
}

/** The plan as it stands in the evidence, with hashes in place of bytes. */
export function planDocument(order: Order, changes: readonly Change[]): Record<string, unknown> {
  const side = (c: Content | null) =>
    c === null ? null : { mode: c.mode, sha256: sha256(c.bytes), size: c.bytes.length };
  return {
    v: 1,
    wo_id: order.woId,
    changes: changes.map((c) => ({ path: c.path, before: side(c.before), after: side(c.after) })),
    commands: order.commands.map((c) => ({
      name: c.name,
      run: invocationText(c.run),
      cwd: c.cwd,
      idempotent: c.idempotent,
      outputs: c.outputs,
    })),
    checks: order.checks.map((c) => ({
      name: c.name,
      kind: c.kind,
      run: invocationText(c.run),
      expected: c.expected,
      exit_code: c.exitCode,
    })),
  };
}

interface View {
  get(path: string): Content | null;
  set(path: string, content: Content | null): void;
}

function existing(view: View, path: string): Content {
  const content = view.get(path);
  if (content === null) throw new WaybillError('TARGET_MISSING', `${path} does not exist`);
  return content;
}

function applyAction(action: FileAction, view: View): void {
  switch (action.action) {
    case 'write':
      if (action.mustExist === true) existing(view, action.path);
      if (action.mustExist === false && view.get(action.path) !== null)
        throw new WaybillError('TARGET_EXISTS', `${action.path} exists already, and the order wants to create it`, {
          hint: 'Write it with must_exist: true (in an envelope, action: replace), or choose another name.',
        });
      view.set(action.path, { mode: action.mode ?? view.get(action.path)?.mode ?? '100644', bytes: action.content });
      return;
    case 'restore': {
      const there = view.get(action.path);
      const restored: Content = { mode: action.mode ?? there?.mode ?? '100644', bytes: action.content };
      const found = there === null ? null : sha256(there.bytes);
      if (!sameContent(there, restored) && found !== action.found)
        throw new WaybillError('TARGET_CHANGED', `${action.path} is not what the order found there`, {
          hint: 'Look at what stands there now: somebody may have mended it, or be at work on it.',
        });
      view.set(action.path, restored);
      return;
    }
    case 'append':
    case 'prepend': {
      const old = view.get(action.path) ?? { mode: '100644', bytes: Buffer.alloc(0) };
      const parts = action.action === 'append' ? [old.bytes, action.content] : [action.content, old.bytes];
      view.set(action.path, { mode: old.mode, bytes: Buffer.concat(parts) });
      return;
    }
    case 'edit': {
      const old = existing(view, action.path);
      view.set(action.path, { mode: old.mode, bytes: applyEdit(old.bytes, action) });
      return;
    }
    case 'set': {
      const old = existing(view, action.path);
      view.set(action.path, { mode: old.mode, bytes: applySet(old.bytes, action) });
      return;
    }
    case 'patch':
      for (const file of readPatch(action.patch, action.path)) applyFilePatch(file, view);
      return;
    case 'delete':
      existing(view, action.path);
      view.set(action.path, null);
      return;
    case 'move': {
      const old = existing(view, action.path);
      if (view.get(action.to) !== null) throw new WaybillError('TARGET_EXISTS', `${action.to} exists already`);
      view.set(action.path, null);
      view.set(action.to, old);
    }
  }
}

function applyFilePatch(file: FilePatch, view: View): void {
  const { from, to } = file;
  if (from === null && to !== null && view.get(to) !== null)
    throw new WaybillError('PATCH_FAILED', `${to}: the patch creates it, but it exists`);
  const old = from === null ? { mode: '100644' as const, bytes: Buffer.alloc(0) } : view.get(from);
  if (old === null) throw new WaybillError('PATCH_FAILED', `${from}: the patch changes it, but it does not exist`);
  const bytes = file.apply(old.bytes);
  if (to === null) {
    if (bytes.length > 0)
      throw new WaybillError('PATCH_FAILED', `${from}: the patch deletes it, but would leave ${bytes.length} bytes`);
    view.set(from ?? '', null);
    return;
  }
  if (from !== null && from !== to) {
    if (view.get(to) !== null)
      throw new WaybillError('PATCH_FAILED', `${to}: the patch moves a file there, but it exists`);
    if (!file.copy) view.set(from, null);
  }
  view.set(to, { mode: file.mode ?? old.mode, bytes });
}
