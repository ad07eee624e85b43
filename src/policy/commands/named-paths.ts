import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { errno, fs } from '../../platform/fs.ts';
import { isInterpreter } from './runner-files.ts';
import { takesCode } from './takes-code.ts';
import { programName } from './wrappers.ts';

/** Paths that the words of a command name, in whatever way they are written there. */

const LONGEST = 4096;
const MOST_TOKENS = 2000;
const MOST_BASES = 50;

/** The folders that relative names of a line may start from: where it runs, and each that it names itself (`cd /root && cat .ssh/x`). */
export function basesOf(words: readonly string[], cwd: string, home: string): string[] {
  const bases = new Set([cwd]);
  for (const word of words) {
    // also as the value of an option: --directory=/root, -C/root
    for (const text of [
      word,
      word.slice(word.indexOf('=') + 1),
      ...(/^-[A-Za-z]./.test(word) ? [word.slice(2)] : []),
    ]) {
      const path = expanded(text, home);
      if (isAbsolute(path) && path.length < LONGEST) bases.add(resolve(path));
    }
    if (bases.size >= MOST_BASES) break;
  }
  return [...bases];
}

/**
 * All absolute paths that a word may name: as a whole, behind `=`, `@`, `:`, `,` or a short option; where the command takes code also each
 * part of the word that looks like a path. Those that exist are there under their real path as well.
 */
export function pathsNamed(word: string, command: readonly string[], bases: readonly string[], home: string): string[] {
  const texts = new Set([word, ...word.split(/[=@:,]/)]);
  for (let i = word.search(/[=@:,]/); i !== -1 && i < LONGEST; i = nextSign(word, i)) texts.add(word.slice(i + 1));
  const glued = /^-[A-Za-z](.+)$/s.exec(word);
  if (glued !== null) texts.add(glued[1] ?? '');
  if (isInterpreter(programName(command[0] ?? '')) || takesCode(command))
    for (const token of (word.match(/[\w.~$/@%+*?[\]{}-]+/g) ?? []).slice(0, MOST_TOKENS)) texts.add(token);
  const paths = new Set<string>();
  for (const text of texts) {
    if (text === '' || text.length > LONGEST || text.includes('\0')) continue;
    const path = expanded(text.replace(/^file:(\/\/(localhost)?)?/, ''), home);
    for (const base of isAbsolute(path) ? ['/'] : bases) paths.add(resolve(base, path));
  }
  for (const path of [...paths]) paths.add(realAsFarAsThere(path));
  return [...paths];
}

function nextSign(word: string, from: number): number {
  const next = word.slice(from + 1).search(/[=@:,]/);
  return next === -1 ? -1 : from + 1 + next;
}

/** `~`, `~user`, `$HOME` and `${HOME}` at the start. */
function expanded(text: string, home: string): string {
  const own = /^(~|\$HOME|\$\{HOME\})(?=\/|$)/.exec(text);
  if (own !== null) return home + text.slice(own[0].length);
  const other = /^~([a-z_][\w-]*)(?=\/|$)/i.exec(text);
  if (other === null) return text;
  return (other[1] === 'root' ? '/root' : `/home/${other[1]}`) + text.slice(other[0].length);
}

function realAsFarAsThere(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch (error) {
    if (errno(error) === undefined) throw error;
  }
  try {
    return join(fs.realpathSync(dirname(path)), basename(path));
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return path;
  }
}
