import { dirname, join, relative, resolve } from 'node:path';
import { type Invocation, invocationText } from '../../order/order.ts';
import { errno, fs } from '../../platform/fs.ts';
import { pieceOf } from './line-commands.ts';
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
  | { readonly kind: 'compound'; readonly line: string; readonly why: string };

/**
 * Recognises a command: one program with exact words, or something that only a person can judge. A shell line is a program only where
 * every shell would start just that one with those words; one that names nothing that can be started is none.
 */
export function recognise(run: Invocation, place: CommandPlace): Recognised {
  const line = invocationText(run);
  const compound = (why: string): Recognised => ({ kind: 'compound', line, why });
  const read = 'shell' in run ? readShellLine(run.shell) : { words: run.argv };
  if ('why' in read) return compound(read.why);
  const argv = [...read.words];
  const [name = ''] = argv;
  if (name === '') return compound('names no program');
  if (argv.some((arg) => arg.includes('\0'))) return compound('holds a NUL');
  if (argv.some(hidesSomething)) return compound('holds a character that nobody sees');
  const program = findProgram(name, place.cwd, place.path);
  if (program === null) return compound(`no program ${JSON.stringify(name)} is found`);
  return { kind: 'program', argv, program, reads: readsOf(argv, place) };
}

/** Without a home folder: what lies there is not inside the root. */
const NO_HOME = '/nonexistent';

function readsOf(argv: readonly string[], place: CommandPlace): string[] {
  const root = realIfThere(place.root) ?? resolve(place.root);
  const files = new Set<string>();
  const add = (path: string) => {
    const real = realIfThere(path);
    if (real === null || !isBelow(real, root)) return;
    if (fs.statSync(real).isFile()) files.add(relative(root, real));
  };
  for (const { words } of seenThrough([pieceOf(argv)], NO_HOME)) {
    const [first = '', ...args] = words;
    const program = findProgram(first, place.cwd, place.path);
    if (program !== null) add(program);
    const names = [programName(first), ...(program === null ? [] : [programName(program)])];
    const wanted = names.flatMap(orderFiles);
    if (wanted.length === 0 && !names.some(isInterpreter)) continue;
    const named = args.flatMap((arg, i) => namesIn(arg, args[i - 1])).map((name) => resolve(place.cwd, name));
    for (const path of named) for (const ending of ENDINGS) add(path + ending);
    for (const folder of new Set([place.cwd, ...named].flatMap((path) => foldersUp(path, root))))
      for (const file of wanted) for (const path of matching(folder, file)) add(path);
  }
  return [...files].sort();
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

/** The folder at a path, and those above it up to the root; none for what is no folder inside the root. */
function foldersUp(path: string, root: string): string[] {
  const folders: string[] = [];
  const real = realIfThere(path);
  if (real === null || !fs.statSync(real).isDirectory()) return folders;
  for (let folder = real; isBelow(folder, root); folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) break;
  }
  return folders;
}

function matching(folder: string, file: string): string[] {
  if (!file.includes('*')) return [join(folder, file)];
  const [start = '', end = ''] = file.split('*');
  return entriesOf(folder)
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
