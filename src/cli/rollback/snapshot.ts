import pc from 'picocolors';
import { differences, differencesAsPatch, writeBelow } from '../../git/snapshot/compare.ts';
import { listSnapshots, measure, removeSnapshot, type Snapshot, snapshotNamed } from '../../git/snapshot/read.ts';
import { leftOut, snapshotStation } from '../../pipeline/rollback/snapshot.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { age, note, plain, print, printJson, sizeText, usage } from '../output.ts';
import { stationOf } from '../station.ts';
import { restoreInto } from './restore-snapshot.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** After so long people are told that the work tree is still being read. */
const PATIENCE_MS = 2000;

/** `waybill snapshot [NAME]` and `waybill snapshot ls|diff|restore|rm`. */
export async function snapshot([what, ...args]: readonly string[], options: Options): Promise<void> {
  const [name, ...paths] = args;
  switch (what) {
    case 'ls':
      if (name !== undefined) throw usage('snapshot ls takes no names');
      return ls(await stationOf(options), options);
    case 'diff':
      return diff(await stationOf(options), named(what, name), paths, options);
    case 'restore':
      return restore(await stationOf(options), named(what, name), paths, options);
    case 'rm':
      if (paths.length > 0) throw usage('snapshot rm takes one name');
      return remove(await stationOf(options), named(what, name), options);
    default:
      if (name !== undefined)
        throw usage(`snapshot takes a name, or ls, diff, restore or rm, not ${JSON.stringify(what)}`);
      return take(await stationOf(options), what, options);
  }
}

function named(what: string, name: string | undefined): string {
  if (name === undefined) throw usage(`snapshot ${what} takes a name: \`waybill snapshot ls\` lists them`);
  return name;
}

async function take(station: Station, name: string | undefined, options: Options): Promise<void> {
  const why = typeof options['why'] === 'string' ? options['why'] : 'asked for on the command line';
  const taken = await patiently(options, () => snapshotStation(station, { name, why }));
  const { id, ref, notHeld } = taken;
  const shown = await measured(station, await snapshotNamed(station.repo.git, refsOf(station.id).snapshot, taken.name));
  if (options.json) return printJson({ ok: true, ...shown, ref, id, not_held: notHeld });
  print(`snapshot ${taken.name}: ${countOf(shown)} that no commit has`);
  for (const left of notHeld) note(`not held: ${plain(left.path)}: ${plain(left.why)}`);
}

/** Tells people who wait that something is done. */
export async function patiently<T>(options: Options, work: () => Promise<T>): Promise<T> {
  const timer = options.json
    ? undefined
    : setTimeout(() => note('reading the work tree: a large one takes its time'), PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

async function measured(station: Station, one: Snapshot): Promise<Snapshot & { files: number; bytes: number }> {
  return { ...one, ...(await measure(station.repo.git, one)) };
}

function countOf({ files, bytes }: { files: number; bytes: number }): string {
  return `${files} ${files === 1 ? 'file' : 'files'}, ${sizeText(bytes)}`;
}

async function ls(station: Station, options: Options): Promise<void> {
  const all = await listSnapshots(station.repo.git, refsOf(station.id).snapshot);
  const shown = [];
  for (const one of all) shown.push(await measured(station, one));
  if (options.json) return printJson({ ok: true, snapshots: shown });
  if (shown.length === 0) return print('No snapshots. `waybill snapshot` takes one.');
  const width = Math.max(...shown.map((s) => s.name.length));
  for (const s of shown) {
    const on = plain(`${s.branch}@${s.head?.slice(0, 7) ?? 'no commit'}`);
    const files = `${s.files} ${s.files === 1 ? 'file' : 'files'}`;
    print(
      `${s.name.padEnd(width)}  ${age(Date.now() - Date.parse(s.at)).padStart(4)}  ${on}  ${files.padStart(9)}  ${sizeText(s.bytes).padStart(9)}  ${pc.dim(plain(s.why))}`,
    );
  }
}

async function diff(station: Station, name: string, paths: readonly string[], options: Options): Promise<void> {
  const one = await snapshotNamed(station.repo.git, refsOf(station.id).snapshot, name);
  const own = leftOut(station.settings);
  if (options.json) {
    const files = await differences(station.repo, one, own, paths);
    return printJson({ ok: true, name, id: one.id, files });
  }
  const patch = await differencesAsPatch(station.repo, one, own, paths);
  if (patch.length === 0) return note(`the work tree is as ${name} has it`);
  if (process.stdout.isTTY) print(plain(patch.toString('utf8')));
  else process.stdout.write(patch);
}

async function restore(station: Station, name: string, paths: readonly string[], options: Options): Promise<void> {
  const one = await snapshotNamed(station.repo.git, refsOf(station.id).snapshot, name);
  const to = options['to'];
  if (typeof to !== 'string') return restoreInto(station, one, paths, options);
  const { folder, files } = await writeBelow(station.repo, one, to, paths);
  if (options.json) return printJson({ ok: true, name, folder, files });
  print(`${files.length} ${files.length === 1 ? 'file' : 'files'} of ${name} are in ${plain(folder)}`);
}

async function remove(station: Station, name: string, options: Options): Promise<void> {
  const folder = refsOf(station.id).snapshot;
  const one = await snapshotNamed(station.repo.git, folder, name);
  if (options['yes'] !== true) throw usage(`snapshot rm deletes for good what nobody else may have: give --yes`);
  const shown = await measured(station, one);
  await removeSnapshot(station.repo.git, folder, one);
  if (options.json) return printJson({ ok: true, name, id: one.id });
  print(`deleted: ${name} (${countOf(shown)}). Git drops the bytes at its next gc; until then ${one.id} names them.`);
}
