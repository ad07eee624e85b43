import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Invocation, invocationText } from '../../order/order.ts';
import { exists } from '../../platform/durable.ts';
import { errno, fs } from '../../platform/fs.ts';
import { Coming } from './coming.ts';
import { commandsOfLine, type Piece, pieceOf } from './line-commands.ts';
import { findProgram, realIfThere } from './program.ts';
import { isInterpreter, orderFiles } from './runner-files.ts';
import { hidesSomething, readShellLine } from './shell-line.ts';
import { programName, seenThrough } from './wrappers.ts';

/** Where a command is to run. */
export interface CommandPlace {
  /** The folder it runs in, absolute. */
  readonly cwd: string;
  /** The root of the tree whose files orders may change, absolute. */
  readonly root: string;
  /** The PATH it runs with. */
  readonly path: string;
}

/** What a command is, as far as rules may rely on it. */
export type Recognised =
  | {
      readonly kind: 'program';
      readonly argv: readonly string[];
      /** The real path of what is started. */
      readonly program: string;
      /** Files inside the root that decide what it does: real paths relative to the root, sorted. */
      readonly reads: readonly string[];
    }
  | {
      readonly kind: 'compound';
      readonly line: string;
      readonly why: string;
      /** The same, as far as can be told of what the line might start. */
      readonly reads: readonly string[];
    };

/**
 * Recognises a command: one program with exact words, or something that only a person can judge. A shell line is a program only where
 * every shell would start just that one with those words; one that names nothing that can be started is none. `written` are files, relative
 * to the root, that will be there when it runs: they decide what it does as well as those that are there now.
 */
export function recognise(run: Invocation, place: CommandPlace, written: readonly string[] = []): Recognised {
  const line = invocationText(run);
  const reads = (pieces: readonly Piece[]) => readsOf(pieces, place, new Coming(realRoot(place), written));
  const compound = (why: string): Recognised => {
    const pieces = 'shell' in run ? commandsOfLine(run.shell, NO_HOME) : [pieceOf(run.argv)];
    return { kind: 'compound', line, why, reads: reads(pieces) };
  };
  const read = 'shell' in run ? readShellLine(run.shell) : { words: run.argv };
  if ('why' in read) return compound(read.why);
  const argv = [...read.words];
  const [name = ''] = argv;
  if (name === '') return compound('names no program');
  if (argv.some((arg) => arg.includes('\0'))) return compound('holds a NUL');
  if (argv.some(hidesSomething)) return compound('holds a character that nobody sees');
  const program = findProgram(name, place.cwd, place.path);
  if (program === null) return compound(`no program ${JSON.stringify(name)} is found`);
  return { kind: 'program', argv, program, reads: reads([pieceOf(argv)]) };
}

/** Without a home folder: what lies there is not inside the root. */
const NO_HOME = '/nonexistent';

/** A line that goes to more folders than this is none that anybody could judge. */
const MOST_FOLDERS = 8;

function readsOf(given: readonly Piece[], place: CommandPlace, coming: Coming): string[] {
  const root = realRoot(place);
  const files = new Set<string>();
  const add = (path: string) => {
    const real = realIfThere(path);
    if (real !== null && isBelow(real, root) && fs.statSync(real).isFile()) files.add(relative(root, real));
    const made = real === null ? coming.file(path) : null;
    if (made !== null) files.add(made);
  };
  const pieces = seenThrough(given, NO_HOME).filter(({ words }) => !words.some((word) => word.includes('\0')));
  const entered = pieces.flatMap(foldersEntered).slice(0, MOST_FOLDERS);
  const cwds = [place.cwd, ...entered.map((folder) => resolve(place.cwd, folder))];
  for (const { words } of pieces) {
    const [first = '', ...args] = words;
    const program = findProgram(first, place.cwd, place.path);
    if (program !== null) add(program);
    if (first.includes('/')) for (const cwd of cwds) add(resolve(cwd, first));
    const names = [programName(first), ...(program === null ? [] : [programName(program)])];
    const wanted = names.flatMap(orderFiles);
    if (wanted.length === 0 && !names.some(isInterpreter)) continue;
    const told = args.flatMap((arg, i) => namesIn(arg, args[i - 1]));
    const named = cwds.flatMap((cwd) => told.map((name) => resolve(cwd, name)));
    for (const path of named) for (const ending of ENDINGS) add(path + ending);
    for (const folder of new Set([...cwds, ...named].flatMap((path) => foldersUp(path, root, coming))))
      for (const file of wanted) for (const path of matching(folder, file, coming)) add(path);
  }
  return [...files].sort();
}

function realRoot({ root }: CommandPlace): string {
  return realIfThere(root) ?? resolve(root);
}

/** Where a line goes before it starts the rest of it. */
function foldersEntered({ words: [name, ...to] }: Piece): readonly string[] {
  return name === 'cd' || name === 'pushd' ? to : [];
}

/** What interpreters try behind a name: node's files and folders, a package of Python. */
const ENDINGS = [
  '',
  ...'.js .cjs .mjs .ts .json /index.js /index.cjs /package.json .py /__main__.py /__init__.py'.split(' '),
];

/** The paths that an argument may name: itself, the value behind a `=`, the rest behind a short option, a module of Python. */
function namesIn(arg: string, before: string | undefined): string[] {
  const names = [arg];
  if (arg.includes('=')) names.push(arg.slice(arg.indexOf('=') + 1));
  if (/^-[A-Za-z]./.test(arg)) names.push(arg.slice(2));
  if (before === '-m') names.push(arg.replaceAll('.', '/'));
  return names.filter((name) => name !== '' && !name.includes('\0') && name.length < 4096);
}

/** The folder at a path, and those above it up to the root; none for what is no folder inside the root, now or when it runs. */
function foldersUp(path: string, root: string, coming: Coming): string[] {
  const folders: string[] = [];
  const real = realIfThere(path) ?? coming.folder(path);
  if (real === null || (exists(real) && !fs.statSync(real).isDirectory())) return folders;
  for (let folder = real; isBelow(folder, root); folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) break;
  }
  return folders;
}

function matching(folder: string, file: string, coming: Coming): string[] {
  if (!file.includes('*')) return [join(folder, file)];
  const [start = '', end = ''] = file.split('*');
  return [...entriesOf(folder), ...coming.filesIn(folder).map((path) => basename(path))]
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .map((name) => join(folder, name));
}

function entriesOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (errno(error) !== undefined) return [];
    throw error;
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
