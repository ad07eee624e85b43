import { type Document, isAlias, isCollection, isNode, isPair, LineCounter, parseAllDocuments, visit } from 'yaml';
import { type Place, WaybillError } from './error.ts';

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
 * no %YAML, no numbers that lose digits. A byte order mark and CRLF are accepted. Throws with line and column.
 */
export function readDocument(bytes: Uint8Array, format: 'yaml' | 'json', limits: DocumentLimits): ReadDocument {
  if (bytes.length > limits.maxBytes)
    throw new WaybillError('TOO_LARGE', `${bytes.length} bytes, the limit is ${limits.maxBytes}`);
  const text = decodeUtf8(bytes);
  if (text.trim() === '') throw new WaybillError('EMPTY', 'the file is empty');
  if (format === 'json') {
    const value = readJson(text);
    assertDepth(value, limits.maxDepth);
    assertExact(value, [], () => ({}));
    // Only for places, and for duplicate keys, which JSON.parse hides: JSON is YAML.
    const located = parseYaml(text, 'JSON_INVALID');
    return { value, locate: located.locate };
  }
  const parsed = parseYaml(text, 'YAML_INVALID');
  const value: unknown = parsed.document.toJS({ maxAliasCount: 0 });
  if (value === null || value === undefined) throw new WaybillError('EMPTY', 'the file holds no value');
  assertDepth(value, limits.maxDepth);
  assertExact(value, [], parsed.locate);
  return { value, locate: parsed.locate };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new WaybillError('NOT_UTF8', 'the file is not valid UTF-8', { place: { line: lineOfBadByte(bytes) } });
  }
}

/** The first line that does not decode. */
function lineOfBadByte(bytes: Uint8Array): number {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\n');
  return lines.findIndex((line) => line.includes('\ufffd')) + 1 || 1;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message)?.[1];
    const before = position === undefined ? text : text.slice(0, Number(position));
    const place = { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
    throw new WaybillError('JSON_INVALID', message.replace(/ in JSON at position.*$/s, ''), { place });
  }
}

function parseYaml(
  text: string,
  code: 'YAML_INVALID' | 'JSON_INVALID',
): { document: Document; locate: ReadDocument['locate'] } {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    lineCounter,
    logLevel: 'silent',
  });
  const at = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const list = Array.isArray(documents) ? documents : [];
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
    Alias: (_, node) => {
      throw new WaybillError(code, `the alias *${node.source} is not allowed`, {
        place: at(node.range?.[0] ?? 0),
        hint: 'Write the value out.',
      });
    },
    Node: (_, node) => {
      if (!isAlias(node) && node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
        throw new WaybillError(code, `the tag ${node.tag} is not known`, { place: at(node.range?.[0] ?? 0) });
      }
    },
  });
  return { document, locate: (segments) => locate(document, segments, at) };
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

function assertDepth(value: unknown, left: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new WaybillError('TOO_DEEP', 'the document is nested too deep');
  for (const inner of Object.values(value)) assertDepth(inner, left - 1);
}

/** Numbers that lost digits, and .nan or .inf, are not what the author wrote. */
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
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value))
      assertExact(inner, [...path, Array.isArray(value) ? Number(key) : key], where);
  }
}
