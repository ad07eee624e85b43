import { join } from 'node:path';
import { keepFiles } from '../git/keeps.ts';
import { isOverLimit, measureKept } from '../git/kept-size.ts';
import { commitTo } from '../git/objects/commit-to.ts';
import { blobId } from '../git/objects/object-id.ts';
import type { FileEntry } from '../git/objects/pack-writer.ts';
import type { Content } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import { now } from '../platform/clock.ts';
import { exists, removeDurable, writeDurable } from '../platform/durable.ts';
import { isOpenElsewhere } from '../platform/processes.ts';
import { type AsideEntry, type AsideFile, asideEntries, readAside, removeAside, treePath } from '../record/aside.ts';
import type { Runtime } from './runtime.ts';

/**
 * Holds contents under refs/waybill/<station>/work/<wo_id> before anything touches them, so that neither a crash nor a `git gc` can
 * take what we replace (rule 1), and a later start can go on from them. They go when the order has ended and the journal has them.
 */
export async function holdContents(
  rt: Runtime,
  woId: string,
  before: Iterable<[string, Content | null]>,
  after: Iterable<[string, Content | null]>,
): Promise<void> {
  const entries = (side: string, contents: Iterable<[string, Content | null]>): FileEntry[] =>
    [...contents].flatMap(([path, c]) =>
      c === null ? [] : [{ path: `${side}/${path.replace(/^\/+/, '')}`, mode: c.mode, bytes: c.bytes }],
    );
  const files = [...entries('before', before), ...entries('after', after)];
  if (files.length === 0) return;
  const { repo, layout } = rt.station;
  const ref = `${rt.refs.work}/${woId}`;
  await commitTo(repo, layout.tmp, ref, { parent: repo.refs.read(ref), message: `work: ${woId}\n`, files });
  rt.hasRefs = true;
}

/**
 * Moves what was put aside (kept/, late/, unreadable/) into commits under refs/waybill/<station>/keep/<name>, where `waybill keep` finds it
 * and no `git gc` takes it. The plain files go only when the commit is synced; a kill in between repeats nothing that is there already.
 * What cannot be read, or is still open in a program, stays where it lies and is tried again. Never throws: nothing is lost by waiting.
 */
export async function gatherKept(rt: Runtime, atStart = false): Promise<void> {
  let gathered = false;
  for (const entry of waiting(rt)) {
    try {
      gathered = (await gather(rt, entry)) || gathered;
    } catch (error) {
      rt.log.warn({ err: error, at: entry.at }, `${entry.name} is not under its keep ref yet; the station tries again`);
    }
  }
  if (gathered || atStart) await tellLimit(rt);
}

function waiting(rt: Runtime): AsideEntry[] {
  try {
    return asideEntries(rt.station.layout.live);
  } catch (error) {
    rt.log.warn({ err: error }, 'what was put aside cannot be looked at; the station tries again');
    return [];
  }
}

/** How often an entry is read again because somebody wrote into it meanwhile, before the next turn goes on with it. */
const MOST_LOOKS = 3;

/** Returns whether a keep grew. */
async function gather(rt: Runtime, entry: AsideEntry): Promise<boolean> {
  let grew = false;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const files = readAside(entry);
    if (await commitAside(rt, entry, files)) grew = true;
    if (isOpenElsewhere(files.map((f) => f.from))) return grew;
    if (!isSame(files, readAside(entry))) continue;
    removeAside(entry);
    return grew;
  }
  return grew;
}

function isSame(a: readonly AsideFile[], b: readonly AsideFile[]): boolean {
  const key = (files: readonly AsideFile[]) => files.map((f) => `${f.mode} ${blobId(f.bytes)} ${f.path}`).join('\0');
  return key(a) === key(b);
}

/** One file of what is kept straight away, from memory. */
export type KeptFile = Omit<AsideFile, 'from'>;

/**
 * Keeps the work of an order under refs/waybill/<station>/keep/<wo_id>, or what is nobody's under `unknown-<...>`, synced when it returns; what is
 * kept there already stays. Throws GIT_FAILED: then nothing may be let go.
 */
export async function keepWork(
  rt: Runtime,
  whose: string | { readonly unknown: string },
  why: string,
  files: readonly KeptFile[],
): Promise<void> {
  if (files.length === 0) return;
  const woId = typeof whose === 'string' ? whose : null;
  const name = typeof whose === 'string' ? whose : `unknown-${whose.unknown}`;
  const entry = { name, woId, why, paths: [], at: '', notes: [], as: null };
  await commitAside(
    rt,
    entry,
    files.map((file) => ({ ...file, path: treePath(file.path), from: '' })),
  );
}

/** Adds to the entry's keep what it does not hold yet. Synced when this returns; true where something was added. */
async function commitAside(rt: Runtime, entry: AsideEntry, files: readonly AsideFile[]): Promise<boolean> {
  const { repo, layout } = rt.station;
  const ref = `${rt.refs.keep}/${entry.name}`;
  const tip = repo.refs.read(ref);
  const tree = new Map<string, string>();
  if (tip !== null)
    for (const { path, mode, blob } of await keepFiles(repo.git, tip)) tree.set(path, `${mode} ${blob}`);
  const added: FileEntry[] = [];
  let bytes = 0;
  for (const file of files) {
    const content = `${file.mode} ${blobId(file.bytes)}`;
    const path = freePath(tree, file.path, content);
    if (path === null) continue;
    tree.set(path, content);
    added.push({ path, mode: file.mode, bytes: file.bytes });
    bytes += file.bytes.length;
  }
  if (added.length === 0) return false;
  rt.lock.assertHeld();
  const paths = entry.as === null ? added.map(({ path }) => path) : entry.paths;
  const message = messageOf(entry, paths);
  await commitTo(repo, layout.tmp, ref, { parent: tip, message, files: added });
  rt.step('keep: in git', [entry.woId ?? '']);
  const about = { wo_id: entry.woId, keep: entry.name, why: entry.why, files: added.length, bytes };
  tell(rt, 'kept', false, about);
  rt.log.warn({ keep: entry.name, paths }, `kept: ${entry.why}`);
  return true;
}

/** Where a content goes in a keep: nothing there is replaced. Null where it lies already. */
function freePath(tree: ReadonlyMap<string, string>, wanted: string, content: string): string | null {
  const names = wanted.split('/');
  const last = names.pop() ?? '';
  let folder = '';
  for (const name of names) {
    let free = name;
    // a file of this name is there: the folder gets another one
    for (let n = 1; tree.has(folder + free); n++) free = `${name}.${n}`;
    folder += `${free}/`;
  }
  for (let n = 0; ; n++) {
    const path = folder + (n === 0 ? last : `${last}.${n}`);
    if (tree.get(path) === content) return null;
    if (!tree.has(path) && ![...tree.keys()].some((other) => other.startsWith(`${path}/`))) return path;
  }
}

/** How many paths a message names. */
const PATHS_TOLD = 20;

function messageOf({ name, woId, why }: AsideEntry, paths: readonly string[]): string {
  const line = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd').slice(0, 4200);
  const trailers = [
    ...(woId === null ? [] : [`Work-Order: ${woId}`]),
    ...paths.slice(0, PATHS_TOLD).map((path) => `Path: ${line(path)}`),
    `Why: ${line(why)}`,
  ];
  return `keep: ${name}\n\n${trailers.join('\n')}\n`;
}

/** Telemetry is a projection: that it cannot be written undoes nothing. */
function tell(
  rt: Runtime,
  event: string,
  ok: boolean,
  about: Record<string, unknown> & { wo_id: string | null },
): void {
  rt.emit([{ v: 1, ts: now(), agent: 'station', event, ok, ...about }]);
}

/** Says once that the keeps grew over their limit, and once that they are below it again. Nothing is ever deleted by that. Never throws. */
async function tellLimit(rt: Runtime): Promise<void> {
  const { repo, layout, settings } = rt.station;
  const { maxMb } = settings.keep;
  const mark = join(layout.live, 'keeps-over-limit');
  try {
    const bytes = await measureKept(repo, rt.refs.keep, layout.keptSize);
    const over = isOverLimit(bytes, maxMb);
    if (over === exists(mark)) return;
    const event = over ? 'keeps_over_limit' : 'keeps_within_limit';
    tell(rt, event, !over, { wo_id: null, bytes, max_mb: maxMb });
    if (!over) return removeDurable(mark);
    rt.log.warn({ bytes }, `the keeps hold more than keep.max_mb (${maxMb}): \`waybill keep ls\` shows them`);
    writeDurable(mark, `${JSON.stringify({ v: 1, at: now(), bytes })}\n`);
  } catch (error) {
    rt.log.warn({ err: error }, 'the size of the keeps could not be told');
  }
}

/**
 * Deletes keeps that are still as they were shown. Throws KEEP_CHANGED, naming those to which something was added since: they stay, the
 * others are gone. One that is gone already is no fault.
 */
export function pruneKeeps(rt: Runtime, keeps: readonly { name: string; id: string }[], by: string): Promise<void> {
  return rt.exclusively(async () => {
    const { repo } = rt.station;
    const there = keeps.flatMap((k) => {
      const tip = repo.refs.read(`${rt.refs.keep}/${k.name}`);
      return tip === null ? [] : [{ ...k, tip }];
    });
    const same = there.filter((k) => k.tip === k.id);
    const lines = same.map((k) => `delete ${rt.refs.keep}/${k.name} ${k.id}\n`);
    if (lines.length > 0) {
      await repo.git.run(['update-ref', '--stdin'], { input: lines.join('') });
      const names = same.map((k) => k.name);
      rt.log.info({ keeps: names, by }, 'keeps were pruned');
      tell(rt, 'keeps_pruned', true, { wo_id: null, keeps: names, by });
    }
    await tellLimit(rt);
    const changed = there.filter((k) => k.tip !== k.id).map((k) => k.name);
    if (changed.length > 0)
      throw new WaybillError(
        'KEEP_CHANGED',
        `something was added since they were shown, so they stay: ${changed.join(', ')}`,
      );
  });
}
