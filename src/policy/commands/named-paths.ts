import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { realIfThere } from './program.ts';
import { isInterpreter } from './runner-files.ts';
import { takesCode } from './takes-code.ts';
import { programName } from './wrappers.ts';

/** Paths that the words of a command name, in whatever way they are written there. */

const LONGEST = 4096;
const MOST_TOKENS = 2000;
const MOST_BASES = 20;
const MOST_SIGNS = 20;

/** The folders that relative names of a line may start from: where it runs, and each that it names itself (`cd /root && cat .ssh/x`). */
export function basesOf(words: readonly string[], cwd: string, home: string): string[] {
  const bases = new Set([cwd]);
  for (const word of words) {
    if (!/[/~$]/.test(word)) continue;
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

/** Reads paths out of words, each word once. */
export class NamedPaths {
  readonly #bases: readonly string[];
  readonly #home: string;
  readonly #known = new Map<string, readonly string[]>();

  constructor(bases: readonly string[], home: string) {
    this.#bases = bases;
    this.#home = home;
  }

  /**
   * All absolute paths that a word may name: as a whole, behind `=`, `@`, `:`, `,` or a short option; in code each part that looks like a
   * path. Those that exist are there under their real path as well.
   */
  of(word: string, isCode: boolean): readonly string[] {
    const key = `${isCode ? 'code' : 'word'} ${word}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const paths = new Set<string>();
    for (const text of textsIn(word, isCode)) {
      const path = expanded(text.replace(/^file:(\/\/(localhost)?)?/, ''), this.#home);
      for (const base of isAbsolute(path) ? ['/'] : this.#bases) paths.add(resolve(base, path));
    }
    for (const path of [...paths]) paths.add(realAsFarAsThere(path));
    const found = [...paths];
    this.#known.set(key, found);
    return found;
  }
}

/** Whether parts of a command's words may be paths, as in code. */
export function holdsCode(command: readonly string[]): boolean {
  return isInterpreter(programName(command[0] ?? '')) || takesCode(command);
}

function textsIn(word: string, isCode: boolean): string[] {
  const texts = new Set([word, ...word.split(/[=@:,]/, MOST_TOKENS)]);
  for (let i = word.search(/[=@:,]/), n = 0; i !== -1 && n < MOST_SIGNS; n += 1) {
    texts.add(word.slice(i + 1));
    i = nextSign(word, i);
  }
  const glued = /^-[A-Za-z](.+)$/s.exec(word);
  if (glued !== null) texts.add(glued[1] ?? '');
  if (isCode) for (const token of (word.match(/[\w.~$/@%+*?[\]{}-]+/g) ?? []).slice(0, MOST_TOKENS)) texts.add(token);
  return [...texts].filter((text) => text !== '' && text.length <= LONGEST && !text.includes('\0'));
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

/** The real path; of what is not there, beside where its folder really is. */
function realAsFarAsThere(path: string): string {
  return realIfThere(path) ?? join(realIfThere(dirname(path)) ?? dirname(path), basename(path));
}
