import { relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { blobBytes } from '../git/history.ts';
import { type Keep, type KeepFile, keepFiles, keepReasons, listKeeps } from '../git/keeps.ts';
import { WaybillError } from '../order/error.ts';
import { answered } from '../pipeline/commands/answered.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { now } from '../platform/clock.ts';
import { ensureDir } from '../platform/durable.ts';
import { fs } from '../platform/fs.ts';
import { writeInside } from '../platform/write-inside.ts';
import { isGitName } from '../policy/fence.ts';
import { asideEntries } from '../record/aside.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { runningStation } from '../views/order-state.ts';
import { keepsOf } from '../views/station-status.ts';
import { age, note, plain, print, printJson, sizeText, usage } from './output.ts';
import { HOW_TO_START, stationOf } from './station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** How long a running station may take to prune before the command line stops looking. */
const PRUNE_MS = 60_000;

/** `waybill keep WHAT ...`: what was kept because nobody else has it. Only `prune` changes anything, and only refs. */
export async function keep([what, ...args]: readonly string[], options: Options): Promise<void> {
  const [name, path] = args;
  switch (what) {
    case 'ls':
      if (name !== undefined) throw usage('keep ls takes no names; `keep show NAME` shows one');
      return ls(await stationOf(options), options);
    case 'show':
    case 'restore':
      if (name === undefined || args.length > 2)
        throw usage(`keep ${what} takes a name, and the path of one file in it`);
      return what === 'show'
        ? show(await stationOf(options), name, path, options)
        : restore(await stationOf(options), name, path, options);
    case 'prune':
      return prune(await stationOf(options), args, options);
    default:
      throw usage(`keep takes ls, show, restore or prune, not ${JSON.stringify(what)}`);
  }
}

interface Sized extends Keep {
  readonly files: number;
  readonly bytes: number;
}

async function sized(station: Station, keeps: readonly Keep[]): Promise<Sized[]> {
  const all: Sized[] = [];
  for (const one of keeps) {
    const files = await keepFiles(station.repo.git, one.id);
    all.push({ ...one, files: files.length, bytes: files.reduce((sum, f) => sum + f.size, 0) });
  }
  return all;
}

function keepsIn(station: Station): Promise<Keep[]> {
  return listKeeps(station.repo.git, refsOf(station.id).keep);
}

async function ls(station: Station, options: Options): Promise<void> {
  const keeps = await sized(station, await keepsIn(station));
  const total = await keepsOf(station);
  const waiting = asideEntries(station.layout.live).map(({ name, at }) => ({ name, at }));
  if (options.json) {
    const { bytes, max_bytes, over } = total;
    return printJson({ ok: true, keeps, bytes, max_bytes, over, waiting });
  }
  if (keeps.length === 0) print('Nothing was kept.');
  printKeeps(keeps);
  if (keeps.length > 0) {
    const line = `${keeps.length} ${keeps.length === 1 ? 'keep' : 'keeps'}, ${sizeText(total.bytes)} of ${sizeText(total.max_bytes)}`;
    print(total.over ? pc.yellow(`${line}: over the limit; \`waybill keep prune\` deletes what you name`) : line);
  }
  if (waiting.length > 0)
    print('\nplain files that wait (open in a program, or not to be read; the station tries again):');
  for (const { name, at } of waiting) print(`  ${name}  ${plain(relative(process.cwd(), at))}`);
}

function printKeeps(keeps: readonly Sized[]): void {
  const width = Math.max(0, ...keeps.map((k) => k.name.length));
  for (const k of keeps) {
    const old = age(Date.now() - Date.parse(k.at)).padStart(4);
    const files = `${k.files} ${k.files === 1 ? 'file' : 'files'}`.padStart(8);
    print(`${k.name.padEnd(width)}  ${old}  ${files}  ${sizeText(k.bytes).padStart(9)}  ${plain(k.why)}`);
  }
}

/** The keep of this name. Throws UNKNOWN_KEEP. */
async function keepNamed(station: Station, name: string): Promise<Keep> {
  const found = (await keepsIn(station)).find((k) => k.name === name);
  if (found !== undefined) return found;
  const aside = asideEntries(station.layout.live).find((entry) => entry.name === name);
  if (aside === undefined) throw new WaybillError('UNKNOWN_KEEP', `no keep ${JSON.stringify(name)} is here`);
  throw new WaybillError('UNKNOWN_KEEP', `${name} is not in git yet: it lies in ${aside.at}`, {
    hint: 'The station moves it by itself, as soon as it can be read and no program has it open.',
  });
}

/** All files of a keep, or the one named. Throws UNKNOWN_KEEP. */
async function filesOf(station: Station, { name, id }: Keep, path: string | undefined): Promise<KeepFile[]> {
  const files = await keepFiles(station.repo.git, id);
  if (path === undefined) return files;
  const file = files.find((f) => f.path === path);
  if (file !== undefined) return [file];
  throw new WaybillError('UNKNOWN_KEEP', `${name} holds no ${JSON.stringify(path)}`, {
    hint: `\`waybill keep show ${name}\` lists its files.`,
  });
}

async function bytesOf(station: Station, file: KeepFile): Promise<Buffer> {
  const bytes = await blobBytes(station.repo.git, file.blob);
  if (bytes === null) throw new WaybillError('GIT_FAILED', `object ${file.blob} of ${file.path} cannot be read`);
  return bytes;
}

async function show(station: Station, name: string, path: string | undefined, options: Options): Promise<void> {
  const found = await keepNamed(station, name);
  const files = await filesOf(station, found, path);
  const [one] = files;
  if (path !== undefined && one !== undefined) {
    const bytes = await bytesOf(station, one);
    if (options.json) printJson({ ok: true, name, path, size: bytes.length, content: bytes.toString('base64') });
    else process.stdout.write(bytes);
    return;
  }
  const reasons = await keepReasons(station.repo.git, found.id);
  const told = files.map((f) => ({
    ...f,
    at: reasons.get(f.path)?.at ?? found.at,
    why: reasons.get(f.path)?.why ?? '',
  }));
  if (options.json) return printJson({ ok: true, name, id: found.id, files: told });
  const width = Math.max(...told.map((f) => f.path.length));
  for (const f of told)
    print(`${plain(f.path).padEnd(width)}  ${sizeText(f.size).padStart(9)}  ${f.at}  ${plain(f.why)}`);
}

/** Writes kept bytes into a folder. Nothing there is replaced, no link is followed, nothing is written outside of it. */
async function restore(station: Station, name: string, path: string | undefined, options: Options): Promise<void> {
  const found = await keepNamed(station, name);
  const files = await filesOf(station, found, path);
  const bad = files.find((f) => f.path.split('/').some(isGitName));
  if (bad !== undefined) throw new WaybillError('PATH_DENIED', `${bad.path} has a name of git's own in it`);
  const to = resolve(typeof options['to'] === 'string' ? options['to'] : `kept-${name}`);
  ensureDir(to);
  const root = fs.realpathSync(to);
  const written: { path: string; as: string }[] = [];
  for (const file of files) {
    const mode = file.mode === '100755' ? 0o755 : 0o644;
    written.push({ path: file.path, as: writeInside(root, file.path, await bytesOf(station, file), mode) });
  }
  if (options.json) return printJson({ ok: true, name, folder: root, files: written });
  for (const { path: was, as } of written)
    print(`${plain(relative(process.cwd(), resolve(to, as)))}${was === as ? '' : '  (that name was taken)'}`);
}

async function prune(station: Station, names: readonly string[], options: Options): Promise<void> {
  const days = options['olderThan'];
  if (names.length === 0 && days === undefined)
    throw usage('keep prune takes names, or --older-than DAYS: `waybill keep ls` lists what there is');
  if (days !== undefined && !/^\d+(\.\d+)?$/.test(String(days))) throw usage('--older-than takes a number of days');
  const all = await keepsIn(station);
  for (const name of names)
    if (!all.some((k) => k.name === name))
      throw new WaybillError('UNKNOWN_KEEP', `no keep ${JSON.stringify(name)} is here`);
  const before = days === undefined ? Number.POSITIVE_INFINITY : Date.now() - Number(days) * 86_400_000;
  const chosen = await sized(
    station,
    all.filter((k) => (names.length === 0 || names.includes(k.name)) && Date.parse(k.at) <= before),
  );
  if (chosen.length === 0) {
    if (options.json) printJson({ ok: true, command: 'prune_keeps', taken: true, keeps: [] });
    else print('Nothing is that old: nothing to delete.');
    return;
  }
  if (!options.json) {
    printKeeps(chosen);
    print(
      `would be deleted: ${chosen.length} of ${all.length}, ${sizeText(chosen.reduce((sum, k) => sum + k.bytes, 0))}`,
    );
  }
  if (options['yes'] !== true && !(await agreed(options))) return print('Nothing was deleted.');
  const path = sendCommand(station, {
    v: 1,
    command: 'prune_keeps',
    at: now(),
    names: chosen.map(({ name, id }) => ({ name, id })) as [{ name: string; id: string }],
  });
  const running = runningStation(station) !== null;
  const taken = running && (await answered(path, PRUNE_MS));
  if (options.json) return printJson({ ok: true, command: 'prune_keeps', taken, keeps: chosen });
  if (!taken) {
    print('The deletion is waiting for the station.');
    if (!running) note(HOW_TO_START);
    return;
  }
  print(`deleted: ${chosen.map((k) => k.name).join(', ')}. Git drops the bytes at its next gc.`);
}

/** Asks on a terminal. Throws USAGE where there is none: nobody deletes by accident in a script. */
async function agreed(options: Options): Promise<boolean> {
  if (!process.stdin.isTTY || options.json)
    throw usage('keep prune deletes for good, and there is no terminal to ask on: give --yes');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((done) => lines.once('close', () => done('')));
  const answer = await Promise.race([lines.question('Delete them for good? [y/N] '), closed]);
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}
