import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml';
import { type Place, WaybillError } from './error.ts';
import { jsonFault } from './json/json-fault.ts';
import { hasDuplicateKeys } from './json/json-keys.ts';

/** A document that was read, and where in its text each value stands. */
export interface ReadDocument {
  readonly value: unknown;
  /** Line and column of the value at a JSON pointer's segments, or of the nearest value above it. */
  locate(segments: readonly (string | number)[]): Place;
}

export interface DocumentLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/**
 * Reads YAML 1.2 or JSON from untrusted bytes, under hard limits: valid UTF-8, one document, no aliases, no duplicate keys, no tags,
 * no %YAML, no numbers that lose digits, no half characters. A byte order mark and CRLF are accepted. Throws with line and column.
 */
export function readDocument(bytes: Uint8Array, format: 'yaml' | 'json', limits: DocumentLimits): ReadDocument {
  if (bytes.length > limits.maxBytes)
    throw new WaybillError('TOO_LARGE', `${bytes.length} bytes, the limit is ${limits.maxBytes}`);
  if (bytes.length > MAX_TEXT)
    throw new WaybillError('TOO_LARGE', `${bytes.length} bytes; more than ${MAX_TEXT} cannot be read at once`, {
      hint: 'Split the order.',
    });
  const text = decodeUtf8(bytes);
  if (text.trim() === '') throw new WaybillError('EMPTY', 'the file is empty');
  if (format === 'json') {
    const value = readJson(text);
    // JSON is YAML. Read as that only for places, which a good document needs nobody to know.
    let places: ReadDocument['locate'] | null = null;
    const locate: ReadDocument['locate'] = (segments) => {
      places ??= placesOf(text, limits.maxDepth);
      return places(segments);
    };
    if (hasDuplicateKeys(text)) {
      locate([]);
      throw new WaybillError('JSON_INVALID', 'a key stands twice in one of its objects', {
        hint: 'Remove one of the two.',
      });
    }
    assertDepth(value, limits.maxDepth, locate);
    assertExact(value, [], locate);
    return { value, locate };
  }
  const { document, locate } = parseYaml(text, 'YAML_INVALID', limits.maxDepth);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (value === null || value === undefined) throw new WaybillError('EMPTY', 'the file holds no value');
  assertDepth(value, limits.maxDepth, locate);
  assertExact(value, [], locate);
  return { value, locate };
}

/** The longest text that the engine holds, in characters; each takes a byte at least. */
const MAX_TEXT = 2 ** 29 - 24;

/** Where values of a JSON text stand. One that is too long for that to be found out in good time is refused without a place. */
function placesOf(text: string, maxDepth: number): ReadDocument['locate'] {
  try {
    return parseYaml(text, 'JSON_INVALID', maxDepth).locate;
  } catch (error) {
    if (error instanceof WaybillError && error.code === 'TOO_LARGE') return () => ({});
    throw error;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const good = new TextDecoder('utf-8').decode(bytes.subarray(0, offsetOfBadByte(bytes)));
    throw new WaybillError('NOT_UTF8', 'the file is not valid UTF-8', { place: placeAfter(good) });
  }
}

/** Where the first character that does not decode begins: in pieces, and the piece that is bad by halving. */
function offsetOfBadByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let good = 0;
  try {
    for (; good < bytes.length; good += PIECE) decoder.decode(bytes.subarray(good, good + PIECE), { stream: true });
  } catch {
    // somewhere in this piece
  }
  // a character may lie across the end of the last piece that was good
  good = Math.max(0, Math.min(good, bytes.length) - 3);
  while (good > 0 && ((bytes[good] ?? 0) & 0xc0) === 0x80) good--;
  const from = good;
  for (let bad = Math.min(bytes.length, from + PIECE + 6); bad - good > 1; ) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(from, middle))) good = middle;
    else bad = middle;
  }
  // what stands before may be the beginning of a character that never ended
  while (good > from && !decodes(bytes.subarray(from, good), true)) good--;
  return good;
}

const PIECE = 65_536;

function decodes(bytes: Uint8Array, whole = false): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole });
    return true;
  } catch {
    return false;
  }
}

function placeAfter(text: string): Place {
  return { line: text.split('\n').length, column: text.length - text.lastIndexOf('\n') };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { offset, what } = jsonFault(text);
    throw new WaybillError('JSON_INVALID', what, { place: placeAfter(text.slice(0, offset)), cause: error });
  }
}

function parseYaml(
  text: string,
  code: 'YAML_INVALID' | 'JSON_INVALID',
  maxDepth: number,
): { document: Document; locate: ReadDocument['locate'] } {
  const lineCounter = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const list = [...composer().compose(tokens(text, lineCounter, maxDepth, at))];
  const document = list[0];
  if (document === undefined) throw new WaybillError('EMPTY', 'the file is empty');
  const trouble = list.flatMap((d) => [...d.errors, ...d.warnings])[0];
  if (trouble !== undefined) {
    throw new WaybillError(
      code,
      trouble.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'cannot be parsed',
      { place: at(trouble.pos[0]) },
    );
  }
  if (list.length > 1)
    throw new WaybillError(code, `${list.length} documents in one file`, {
      place: at(list[1]?.range[0] ?? 0),
      hint: 'One order, one file.',
    });
  if (document.directives?.yaml.explicit)
    throw new WaybillError(code, 'a %YAML directive changes what words mean', {
      place: { line: 1, column: 1 },
      hint: 'Remove the %YAML line.',
    });
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node))
        throw new WaybillError(code, `the alias *${node.source} is not allowed`, {
          place: at(node.range?.[0] ?? 0),
          hint: 'Write the value out.',
        });
      if (node.tag !== undefined && !PLAIN_TAG.test(node.tag))
        throw new WaybillError(code, `the tag ${node.tag} is not known`, { place: at(node.range?.[0] ?? 0) });
      if (isMap(node)) assertUniqueKeys(node, code, at);
    },
  });
  return { document, locate: (segments) => locate(document, segments, at) };
}

/** The composer's own check compares every key with every other: a file with many keys would hold everything up. */
function assertUniqueKeys(map: YAMLMap, code: 'YAML_INVALID' | 'JSON_INVALID', at: (offset: number) => Place): void {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value))
      throw new WaybillError(code, `the key ${JSON.stringify(key.value)} stands there twice`, {
        place: at(key.range?.[0] ?? 0),
        hint: 'Remove one of the two.',
      });
    seen.add(key.value);
  }
}

/** Tags that only say what the value is anyway; !!binary, !!set and the like make something else of it. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

function composer(): Composer {
  return new Composer({
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    logLevel: 'silent',
  });
}

/**
 * A document of small values costs far more to compose than its bytes tell (measured: 1.5 million list items in 9 MB, 50 s). An order
 * with 10,000 files has about 100,000; a long block of text is one.
 */
const MAX_LEXEMES = 400_000;

/** The parser's tokens. What comes after composes them by recursion, so nesting is bounded here, before it can exhaust the stack. */
function* tokens(
  text: string,
  lineCounter: LineCounter,
  maxDepth: number,
  at: (offset: number) => Place,
): ReturnType<Parser['parse']> {
  const parser = new Parser(lineCounter.addNewLine);
  lineCounter.addNewLine(0);
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES)
      throw new WaybillError('TOO_LARGE', `the document has more than ${MAX_LEXEMES} words and signs of YAML`, {
        place: at(parser.offset),
      });
    yield* parser.next(lexeme);
    // beside one entry a level the stack holds the document and the scalar under way
    if (parser.stack.length > maxDepth + 2)
      throw new WaybillError('TOO_DEEP', `the document is nested deeper than ${maxDepth}`, {
        place: at(parser.offset),
      });
  }
  yield* parser.end();
}

/** The place of the deepest value that exists on the way; for a key that stands there, the key's own place. */
function locate(document: Document, segments: readonly (string | number)[], at: (offset: number) => Place): Place {
  for (let depth = segments.length; depth >= 0; depth--) {
    const path = segments.slice(0, depth);
    const last = path.at(-1);
    if (last !== undefined) {
      const parent: unknown = depth > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
      const pair = isCollection(parent)
        ? parent.items.find((item) => isPair(item) && String(item.key) === String(last))
        : undefined;
      if (isPair(pair) && isNode(pair.key) && pair.key.range) return at(pair.key.range[0]);
    }
    const node: unknown = depth === 0 ? document.contents : document.getIn(path, true);
    if (isNode(node) && node.range) return at(node.range[0]);
  }
  return { line: 1, column: 1 };
}

function assertDepth(value: unknown, max: number, where: ReadDocument['locate']): void {
  const walk = (inner: unknown, path: readonly (string | number)[]): void => {
    if (typeof inner !== 'object' || inner === null) return;
    if (path.length === max)
      throw new WaybillError('TOO_DEEP', `the document is nested deeper than ${max}`, { place: where(path) });
    for (const [key, next] of Object.entries(inner)) walk(next, [...path, Array.isArray(inner) ? Number(key) : key]);
  };
  walk(value, []);
}

/** Numbers that lost digits, .nan and .inf, and halves of characters are not what the author wrote, or could not be written as it is. */
function assertExact(value: unknown, path: readonly (string | number)[], where: ReadDocument['locate']): void {
  if (
    typeof value === 'number' &&
    (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
  ) {
    throw new WaybillError('SCHEMA_INVALID', `${path.join('.')}: the number cannot be kept exactly`, {
      place: where(path),
      hint: 'Write it as text, in quotes.',
    });
  }
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    throw new WaybillError('SCHEMA_INVALID', `${path.join('.')}: half of a surrogate pair is no character`, {
      place: where(path),
      hint: 'Write the character itself, or both halves.',
    });
  }
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value))
      assertExact(inner, [...path, Array.isArray(value) ? Number(key) : key], where);
  }
}
