import { LOOKED_BACK, SHAPES, type Shape, START_OF_WORD } from './shapes.ts';
import { formsOf, type SecretValue } from './values.ts';

/** What stands in place of a secret. */
export const CUT = '[secret removed]';

/** Where a secret stands, never what it is. Line and column count from 1, the column in characters. */
export interface FoundSecret {
  readonly kind: string;
  readonly line: number;
  readonly column: number;
}

/** Takes bytes in pieces. What both return together is what the whole would give, however it is cut into pieces. */
export interface ByteFilter {
  push(chunk: Uint8Array): Buffer;
  end(): Buffer;
  /** Whole lines that came and that push() has not given yet, for a look in between: it moves nothing. */
  peek(): Buffer;
}

/** Where a key that begins ends; a quote ends it too, so that one without an end takes no more than the string it stands in. */
const END_OF_KEY = /-----END [A-Z0-9 ]{0,40}-----|"/g;
const END_MOST = 64;
/** A key that has no end takes so much. */
const LONGEST_KEY = 64 * 1024;
/** In the order of their groups. Those that begin a word stand together, so that a place within a word is passed over at once. */
const WORDS = SHAPES.filter((shape) => shape.isWord === true);
const OTHERS = SHAPES.filter((shape) => shape.isWord !== true);
const ORDERED: readonly Shape[] = [...WORDS, ...OTHERS];

/**
 * Cuts secrets out of bytes: forms that are secrets wherever they stand, and the values that it is given. Works on Latin-1, so other bytes
 * stay as they are. Building one takes longer than using it.
 */
export class Redactor {
  readonly #heads: RegExp;
  readonly #values: ReadonlyMap<string, string>;
  readonly #most: number;
  /** A value that has a line's end in it could be half in what is peeked at. */
  readonly #hasLong: boolean;

  constructor(secrets: readonly SecretValue[] = []) {
    const forms = new Map<string, string>();
    for (const { name, value } of secrets)
      for (const form of formsOf(value)) if (form !== '' && !forms.has(form)) forms.set(form, name);
    this.#values = forms;
    // the longest first: one value may begin another
    const literals = [...forms.keys()].sort((a, b) => b.length - a.length).map(escaped);
    const groups = (shapes: readonly Shape[]) =>
      shapes.map(({ before, head }) => `(${before ?? ''})(${head})`).join('|');
    const values = `(${literals.length === 0 ? '(?!)' : literals.join('|')})`;
    this.#heads = new RegExp(`${values}|${START_OF_WORD}(?:${groups(WORDS)})|${groups(OTHERS)}`, 'g');
    this.#most = Math.max(...SHAPES.map((s) => s.most), ...[...forms.keys()].map((f) => f.length)) + 2;
    this.#hasLong = [...forms.keys()].some((form) => /[\r\n]/.test(form));
  }

  /** The same bytes without secrets; the very same buffer where there are none. */
  redact(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    if (!this.#isSuspect(text)) return bytes;
    const scan = new Scan(this.#heads, this.#nameOf, this.#most);
    const clean = scan.take(text, true);
    return scan.cuts === 0 ? bytes : Buffer.from(clean, 'latin1');
  }

  redactText(text: string): string {
    const latin1 = asLatin1(text);
    if (!this.#isSuspect(latin1)) return text;
    return this.redact(Buffer.from(latin1, 'latin1')).toString('utf8');
  }

  /** The streaming form: for output that is not to be held as a whole. Holds a few hundred bytes, or as many as the longest value has. */
  stream(): ByteFilter {
    const scan = new Scan(this.#heads, this.#nameOf, this.#most);
    return {
      push: (chunk) => Buffer.from(scan.take(Buffer.from(chunk).toString('latin1'), false), 'latin1'),
      end: () => Buffer.from(scan.take('', true), 'latin1'),
      peek: () => Buffer.from(this.#hasLong ? '' : scan.peek(), 'latin1'),
    };
  }

  /** Where secrets stand. */
  find(text: string | Buffer): FoundSecret[] {
    const latin1 = typeof text === 'string' ? asLatin1(text) : text.toString('latin1');
    if (!this.#isSuspect(latin1)) return [];
    const found: FoundSecret[] = [];
    let [line, lineStart] = [1, 0];
    let counted = 0;
    new Scan(this.#heads, this.#nameOf, this.#most, (kind, at) => {
      for (let next = latin1.indexOf('\n', counted); next !== -1 && next < at; next = latin1.indexOf('\n', counted)) {
        line++;
        lineStart = counted = next + 1;
      }
      const before = Buffer.from(latin1.slice(lineStart, at), 'latin1').toString('utf8');
      found.push({ kind, line, column: before.length + 1 });
    }).take(latin1, true);
    return found;
  }

  #isSuspect(text: string): boolean {
    this.#heads.lastIndex = 0;
    return this.#heads.test(text);
  }

  readonly #nameOf = (form: string): string => this.#values.get(form) ?? '';
}

/** One pass over a text, in as many pieces as it comes. */
class Scan {
  cuts = 0;
  readonly #heads: RegExp;
  readonly #nameOf: (form: string) => string;
  readonly #most: number;
  readonly #onCut: (kind: string, at: number) => void;
  /** What is not decided yet, with the signs before it that a pattern may look back at. */
  #text = '';
  #at = 0;
  /** How much of the whole came before `#text`. */
  #gone = 0;
  #tail: { signs: RegExp } | { keyLeft: number } | null = null;

  constructor(
    heads: RegExp,
    nameOf: (form: string) => string,
    most: number,
    onCut: (kind: string, at: number) => void = () => {},
  ) {
    this.#heads = heads;
    this.#nameOf = nameOf;
    this.#most = most;
    this.#onCut = onCut;
  }

  /** What can be told by now. A place is decided when all that a head there could take and look at has come. */
  take(chunk: string, isLast: boolean): string {
    this.#text += chunk;
    const decided = isLast ? this.#text.length : this.#text.length - this.#most;
    const out: string[] = [];
    while (this.#endTail(isLast) && this.#at < decided) {
      this.#heads.lastIndex = this.#at;
      const match = this.#heads.exec(this.#text);
      if (match === null || match.index >= decided) {
        out.push(this.#text.slice(this.#at, decided));
        this.#at = decided;
        break;
      }
      out.push(this.#text.slice(this.#at, match.index), this.#cut(match));
    }
    const keep = Math.max(0, this.#at - LOOKED_BACK);
    this.#text = this.#text.slice(keep);
    this.#at -= keep;
    this.#gone += keep;
    return out.join('');
  }

  /** What take() would give of the whole lines that it holds, were they the last. */
  peek(): string {
    const end = Math.max(this.#text.lastIndexOf('\n'), this.#text.lastIndexOf('\r')) + 1;
    const copy = new Scan(this.#heads, this.#nameOf, this.#most);
    copy.#text = this.#text.slice(0, end);
    copy.#at = Math.min(this.#at, end);
    copy.#tail = this.#tail === null ? null : { ...this.#tail };
    return copy.take('', true);
  }

  #cut(match: RegExpExecArray): string {
    const end = match.index + match[0].length;
    const value = match[1];
    if (value !== undefined) return this.#remove(`value of ${this.#nameOf(value)}`, match.index, end, '');
    const n = ORDERED.findIndex((_, i) => match[2 * i + 3] !== undefined);
    const shape = ORDERED[n] as Shape;
    const before = match[2 * n + 2] ?? '';
    const head = match[2 * n + 3] ?? '';
    if (shape.isOne?.(head, before, this.#text.charAt(end)) === false) {
      this.#at = match.index + 1;
      return this.#text.charAt(match.index);
    }
    if (shape.until !== undefined) this.#tail = { keyLeft: LONGEST_KEY };
    else if (shape.tail !== undefined) this.#tail = { signs: tailOf(shape.tail) };
    return this.#remove(shape.kind, match.index + before.length, end, before);
  }

  #remove(kind: string, from: number, end: number, before: string): string {
    this.cuts++;
    this.#onCut(kind, this.#gone + from);
    this.#at = end;
    return before + CUT;
  }

  /** Passes over what belongs to the secret that began; false where more of it may come. */
  #endTail(isLast: boolean): boolean {
    const tail = this.#tail;
    if (tail === null) return true;
    if ('signs' in tail) {
      tail.signs.lastIndex = this.#at;
      tail.signs.exec(this.#text);
      this.#at = Math.max(this.#at, tail.signs.lastIndex);
      if (this.#at === this.#text.length && !isLast) return false;
    } else {
      END_OF_KEY.lastIndex = this.#at;
      const found = END_OF_KEY.exec(this.#text);
      const sure = found?.index ?? (isLast ? this.#text.length : Math.max(this.#at, this.#text.length - END_MOST));
      const passed = Math.min(sure - this.#at, tail.keyLeft);
      this.#at += passed;
      tail.keyLeft -= passed;
      if (tail.keyLeft > 0) {
        if (found === null && !isLast) return false;
        if (found !== null && found[0] !== '"') this.#at += found[0].length;
      }
    }
    this.#tail = null;
    return true;
  }
}

const tails = new Map<string, RegExp>();

/** Matches at its place only, also nothing. */
function tailOf(signs: string): RegExp {
  const known = tails.get(signs) ?? new RegExp(`[${signs}]*`, 'y');
  tails.set(signs, known);
  return known;
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The bytes of a text in UTF-8, a sign for each. */
function asLatin1(text: string): string {
  // most texts have no others
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

const WITHOUT_VALUES = new Redactor();

/** Where a text holds secrets: by their form, and by `known` values where a redactor that knows some is given. */
export function findSecrets(text: string | Buffer, known: Redactor = WITHOUT_VALUES): FoundSecret[] {
  return known.find(text);
}
