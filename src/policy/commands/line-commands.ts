/**
 * Lines for a shell, read leniently: which commands might it start? Nothing is allowed by what is found here. It serves only to find in a
 * line that is not simple what may never run; what it misses a person is asked about.
 */

/** A command of a line. */
export interface Piece {
  /** The command and its arguments, as far as they can be told. */
  readonly words: readonly string[];
  /** Files that its output is sent into. */
  readonly writes: readonly string[];
  /** Other texts that go with it: files it reads from, values of variables. */
  readonly names: readonly string[];
  /** What comes in: a here-document, a here-string, the words of an echo that is piped into it. */
  readonly input: string;
}

/** Reads a line, as `commandsOfLine` does for one home folder. */
export type ReadLine = (line: string, positional?: readonly string[]) => Piece[];

/** An argv as a piece that nothing is known of but its words. */
export function pieceOf(words: readonly string[]): Piece {
  return { words, writes: [], names: [], input: '' };
}

const DEEPEST = 8;
const MOST_PIECES = 2000;
const LONGEST_VALUE = 10_000;
/** Characters that variables and commands may put in, so that no line grows without end. */
const MOST_EXPANDED = 100_000;
const MOST_HERE = 50;

/** `$x`, `${x}`, `${x:-otherwise}`; other changes to a value are not followed. */
const VARIABLE = /^\$(?:([A-Za-z_]\w*|[0-9@*#?!$-])|\{[#!]?(\w+|[@*])(?:\[[^\]}]*\])?(?:(:?[-=+?])([^}]*)|[^}]*)\})/;

const LEADING = new Set('if then else elif do while until ! { } ( ) && || coproc noglob nocorrect -'.split(' '));
const DECLARES = new Set('export declare typeset local readonly'.split(' '));
const SAYS = new Set(['echo', 'printf', 'print']);

interface Draft {
  words: string[];
  writes: string[];
  names: string[];
  input: string;
  /** The command that its output is piped into. */
  feeds: Draft | null;
}

/** What may still be found, over all that is read within each other. */
interface Budget {
  pieces: number;
  expanded: number;
}

/** What redirection a word is the target of. */
type Target = 'write' | 'read' | 'text' | { readonly isQuoted: boolean } | null;

/**
 * The commands at every command position of a line: behind `;`, `|`, `&&` and line ends, in `$(…)`, backquotes and subshells, also within
 * double quotes. Variables are followed where the line itself sets them; `positional` are `$0`, `$1` and so on.
 */
export function commandsOfLine(line: string, home: string, positional: readonly string[] = []): Piece[] {
  const variables = new Map<string, string>([['HOME', home]]);
  positional.forEach((value, i) => {
    variables.set(String(i), value);
  });
  const all = positional.slice(1).join(' ').slice(0, LONGEST_VALUE);
  variables.set('@', all);
  variables.set('*', all);
  return new LineReader(line, home, variables, 0, { pieces: MOST_PIECES, expanded: MOST_EXPANDED }).read();
}

class LineReader {
  readonly #text: string;
  readonly #home: string;
  readonly #variables: Map<string, string>;
  readonly #depth: number;
  readonly #budget: Budget;
  readonly #pieces: Piece[] = [];
  #i = 0;
  #word: string | null = null;
  #draft: Draft = emptyDraft();
  #target: Target = null;
  #awaited: { readonly end: string; readonly isQuoted: boolean; readonly draft: Draft }[] = [];

  constructor(text: string, home: string, variables: Map<string, string>, depth: number, budget: Budget) {
    this.#text = text;
    this.#home = home;
    this.#variables = variables;
    this.#depth = depth;
    this.#budget = budget;
  }

  read(): Piece[] {
    while (this.#i < this.#text.length && this.#budget.pieces > 0) this.#step();
    this.#endCommand();
    return this.#pieces;
  }

  #step(): void {
    const c = this.#text[this.#i] ?? '';
    const rest = this.#text.slice(this.#i, this.#i + 3);
    if (c === ' ' || c === '\t' || c === '\r') this.#endWord();
    else if (c === '\n') this.#endLine();
    else if (c === '\\') {
      if (rest[1] !== '\n') this.#add(rest[1] ?? '');
      this.#i += 1;
    } else if (c === "'") this.#add(this.#until("'"));
    else if (c === '"') this.#doubleQuoted();
    else if (rest.startsWith("$'")) {
      this.#i += 1;
      this.#add(unescaped(this.#until("'")));
    } else if (rest.startsWith('$"')) this.#add('');
    else if (c === '$' || c === '`') this.#expand(false);
    else if (rest.startsWith('<(') || rest.startsWith('>(')) {
      this.#i += 1;
      this.#inner(this.#parenthesised());
      this.#add('/dev/fd/63');
    } else if (c === '<' || c === '>') this.#redirect(rest);
    else if (c === '&' && rest[1] === '>') this.#endWord();
    else if (c === '|') this.#pipe();
    else if (';&()'.includes(c)) this.#endCommand();
    else if (c === '#' && this.#word === null) this.#comment();
    else if (c === '~' && (this.#word === null || /[=:]$/.test(this.#word))) this.#tilde();
    else if (c === '{') this.#brace();
    else this.#add(c);
    this.#i += 1;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  /** The text up to a closing quote; leaves the reader on that quote. */
  #until(quote: string): string {
    const end = this.#text.indexOf(quote, this.#i + 1);
    const stop = end === -1 ? this.#text.length : end;
    const inner = this.#text.slice(this.#i + 1, stop);
    this.#i = stop;
    return inner;
  }

  #doubleQuoted(): void {
    this.#add('');
    for (this.#i += 1; this.#i < this.#text.length && this.#text[this.#i] !== '"'; this.#i += 1) {
      const c = this.#text[this.#i] ?? '';
      if (c === '\\') {
        this.#i += 1;
        const next = this.#text[this.#i] ?? '';
        if (next !== '\n') this.#add(/["$`\\]/.test(next) ? next : c + next);
      } else if (c === '$' || c === '`') this.#expand(true);
      else this.#add(c);
    }
  }

  /** On a `$` or a backquote. Leaves the reader on the last character of what was expanded. */
  #expand(isQuoted: boolean): void {
    if (this.#text[this.#i] === '`') {
      this.#insert(this.#inner(this.#until('`').replace(/\\([`\\$])/g, '$1')), isQuoted);
    } else if (this.#text[this.#i + 1] === '(') {
      this.#i += 1;
      this.#insert(this.#inner(this.#parenthesised()), isQuoted);
    } else this.#variable(isQuoted);
  }

  #variable(isQuoted: boolean): void {
    const found = VARIABLE.exec(this.#text.slice(this.#i, this.#i + 2000));
    if (found === null) {
      this.#add('$');
      return;
    }
    this.#i += found[0].length - 1;
    const name = found[1] ?? found[2] ?? '';
    const sign = found[3] ?? '';
    if (name === 'IFS') {
      if (isQuoted) this.#add(' ');
      else this.#endWord();
      return;
    }
    // what is set nowhere is nothing to a shell as well: su$x'do'
    const set = this.#variables.get(name) ?? '';
    const value = (set !== '') === sign.includes('+') && sign !== '' ? (found[4] ?? '') : sign.includes('+') ? '' : set;
    // "$@" is words of their own, quoted or not
    this.#insert(value, isQuoted && name !== '@');
  }

  #insert(value: string, isQuoted: boolean): void {
    this.#budget.expanded -= value.length;
    if (this.#budget.expanded < 0) return;
    const parts = isQuoted ? [value] : value.split(/[ \t\n]+/);
    parts.forEach((part, i) => {
      if (i > 0) this.#endWord();
      if (part !== '' || isQuoted) this.#add(part);
    });
  }

  /** Reads a text as commands of their own; what comes out of them, where they only say something. */
  #inner(text: string): string {
    if (this.#depth >= DEEPEST) return '';
    const pieces = new LineReader(text, this.#home, this.#variables, this.#depth + 1, this.#budget).read();
    this.#pieces.push(...pieces);
    const [only] = pieces;
    return only !== undefined && pieces.length === 1 && SAYS.has(only.words[0] ?? '')
      ? only.words.slice(1).join(' ').slice(0, LONGEST_VALUE)
      : '';
  }

  /** On an opening parenthesis: the text up to its partner, on which it leaves the reader. */
  #parenthesised(): string {
    const from = this.#i + 1;
    this.#skipParentheses(0);
    return this.#text.slice(from, this.#i);
  }

  #skipParentheses(depth: number): void {
    let open = 0;
    for (; this.#i < this.#text.length; this.#i += 1) {
      const c = this.#text[this.#i];
      if (c === '\\') this.#i += 1;
      else if (c === "'") this.#until("'");
      else if (c === '"') this.#skipQuoted(depth);
      else if (c === '(') open += 1;
      else if (c === ')') open -= 1;
      if (open === 0) return;
    }
  }

  /** A quoted part may hold commands with quotes of their own. */
  #skipQuoted(depth: number): void {
    for (this.#i += 1; this.#i < this.#text.length && this.#text[this.#i] !== '"'; this.#i += 1) {
      if (this.#text[this.#i] === '\\') this.#i += 1;
      else if (depth < DEEPEST && this.#text.startsWith('$(', this.#i)) {
        this.#i += 1;
        this.#skipParentheses(depth + 1);
      }
    }
  }

  #redirect(rest: string): void {
    // the number of a descriptor in front belongs to the sign
    if (/^\d+$/.test(this.#word ?? '')) this.#word = null;
    this.#endWord();
    if (rest === '<<<') this.#target = 'text';
    else if (rest.startsWith('<<'))
      this.#target = { isQuoted: /^<<-?[ \t]*['"\\]/.test(this.#text.slice(this.#i, this.#i + 20)) };
    else this.#target = rest.includes('>') ? 'write' : 'read';
    const sign = /^(<<<|<<-|<<|<>|<&|>>|>&|>\||<|>)/.exec(rest);
    this.#i += (sign?.[0].length ?? 1) - 1;
  }

  #pipe(): void {
    const said = this.#endCommand();
    if (this.#text[this.#i + 1] === '|') {
      this.#i += 1;
      return;
    }
    if (this.#text[this.#i + 1] === '&') this.#i += 1;
    if (said === null) return;
    said.feeds = this.#draft;
    this.#draft.input = SAYS.has(said.words[0] ?? '') ? said.words.slice(1).join(' ') : said.input;
  }

  #comment(): void {
    const end = this.#text.indexOf('\n', this.#i);
    this.#i = (end === -1 ? this.#text.length : end) - 1;
  }

  #tilde(): void {
    const user = /^~([a-z_][\w-]*)?(?=[/\s;&|:"']|$)/i.exec(this.#text.slice(this.#i, this.#i + 100));
    if (user === null) {
      this.#add('~');
      return;
    }
    this.#i += user[0].length - 1;
    this.#add(user[1] === undefined ? this.#home : user[1] === 'root' ? '/root' : `/home/${user[1]}`);
  }

  #brace(): void {
    const found = /^\{([^{}\s'"]*,[^{}\s'"]*)\}/.exec(this.#text.slice(this.#i, this.#i + 1000));
    if (found === null) {
      this.#add('{');
      return;
    }
    const before = this.#word ?? '';
    const choices = (found[1] ?? '').split(',');
    choices.forEach((choice, i) => {
      this.#word = before + choice;
      if (i < choices.length - 1) this.#endWord();
    });
    this.#i += found[0].length - 1;
  }

  #endWord(): void {
    const word = this.#word;
    this.#word = null;
    if (word === null) return;
    const target = this.#target;
    this.#target = null;
    if (target === null) this.#draft.words.push(word);
    else if (target === 'write') this.#draft.writes.push(word);
    else if (target === 'read') this.#draft.names.push(word);
    else if (target === 'text') this.#draft.input += word;
    else if (this.#awaited.length < MOST_HERE)
      this.#awaited.push({ end: word, isQuoted: target.isQuoted, draft: this.#draft });
  }

  /** At a line's end: here-documents that were announced follow. */
  #endLine(): void {
    this.#endWord();
    for (const { end, isQuoted, draft } of this.#awaited) {
      const lines = this.#text.slice(this.#i + 1).split('\n');
      const last = lines.findIndex((line) => line.replace(/^\t+/, '') === end);
      const body = lines.slice(0, last === -1 ? lines.length : last).join('\n');
      let fed: Draft | null = draft;
      for (let i = 0; fed !== null && i < MOST_HERE; i += 1) {
        fed.input += body;
        fed = fed.feeds;
      }
      this.#i += body.length + (last > 0 ? 1 : 0) + (lines[last]?.length ?? 0);
      if (isQuoted) continue;
      // what a shell runs within: as in double quotes, behind a word that takes all
      this.#inner(`: "${body.replaceAll('"', '\\"')}"`);
      this.#pieces.pop();
    }
    this.#awaited = [];
    this.#endCommand();
  }

  /** Takes note of an assignment; its value, or null for another word. */
  #assign(word: string): string | null {
    const found = /^([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=([\s\S]*)$/.exec(word);
    if (found === null) return null;
    this.#variables.set(found[1] ?? '', (found[2] ?? '').slice(0, LONGEST_VALUE));
    return found[2] ?? '';
  }

  #endCommand(): Draft | null {
    this.#endWord();
    const draft = this.#draft;
    this.#draft = emptyDraft();
    while (draft.words.length > 0) {
      const [word = ''] = draft.words;
      const value = this.#assign(word);
      if (value !== null) draft.names.push(value);
      else if (!LEADING.has(word)) break;
      draft.words.shift();
    }
    const [first = '', ...more] = draft.words;
    if (first === 'for' && more[0] !== undefined) this.#variables.set(more[0], more.slice(2).join(' '));
    if (DECLARES.has(first)) for (const word of more) this.#assign(word);
    if (draft.words.length + draft.writes.length + draft.names.length === 0) return null;
    this.#budget.pieces -= 1;
    this.#pieces.push(draft);
    return draft;
  }
}

function emptyDraft(): Draft {
  return { words: [], writes: [], names: [], input: '', feeds: null };
}

/** The escapes of `$'…'`. */
function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-f]{1,2})|u([\da-f]{1,4})|([0-7]{1,3})|([\s\S]))/gi, (_, x, u, octal, c) => {
    if (x !== undefined || u !== undefined) return String.fromCharCode(Number.parseInt(x ?? u, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return c === 'n' ? '\n' : c === 't' ? '\t' : c;
  });
}
