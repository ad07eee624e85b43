import type { WaybillError } from './error.ts';
import { mendedId } from './id.ts';
import { nearest } from './nearest.ts';

/**
 * Hints that are known to work. For the slips that authors make most, a change of one line is tried on the text itself; the first that
 * brings the reader further becomes the hint, so that an agent can mend its order from the error file alone (rule 10).
 */

/** Larger files and longer lines are not tried: every try reads the whole text again. */
const MAX_TEXT = 32 * 1024;
const MAX_LINE = 300;
const MAX_TRIES = 40;
/** Characters that all tries together may read: a flood of bad files must not hold up the good ones. */
const MAX_READ = 400_000;

/** One change of one line, counted from 1. */
type Change =
  | { readonly kind: 'write'; readonly line: number; readonly text: string }
  | { readonly kind: 'remove'; readonly line: number }
  | { readonly kind: 'add'; readonly after: number; readonly text: string };

/** Reads a text as the reader would; null when nothing is wrong with it. */
export type Check = (text: string) => WaybillError | null;

/** A hint that mends `error`, or null when none of the tries does. */
export function mendingHint(
  text: string,
  format: 'yaml' | 'json',
  file: string,
  error: WaybillError,
  check: Check,
): string | null {
  if (text.length > MAX_TEXT) return null;
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const tried = new Set<string>();
  const tries = Math.min(MAX_TRIES, Math.ceil(MAX_READ / Math.max(1, text.length)));
  for (const change of changesFor(lines, format, file, error)) {
    if (tried.size >= tries) break;
    const mended = apply(lines, change).join('\n');
    if (tried.has(mended) || mended === lines.join('\n')) continue;
    tried.add(mended);
    if (isFurther(error, check(mended), change)) return wording(change);
  }
  return null;
}

/** What a hint says, word for word what its author has to do. */
function wording(change: Change): string {
  if (change.kind === 'remove') return `Remove line ${change.line}.`;
  if (change.kind === 'write') return `Write line ${change.line} as \`${change.text}\``;
  return change.after === 0
    ? `Add this as the first line: \`${change.text}\``
    : `Add this after line ${change.after}: \`${change.text}\``;
}

function apply(lines: readonly string[], change: Change): string[] {
  if (change.kind === 'remove') return lines.filter((_, i) => i !== change.line - 1);
  if (change.kind === 'write') return lines.map((line, i) => (i === change.line - 1 ? change.text : line));
  return [...lines.slice(0, change.after), change.text, ...lines.slice(change.after)];
}

/** Whether the reader comes past the fault: nothing is wrong any more, or only something further down, or something of another kind. */
function isFurther(before: WaybillError, after: WaybillError | null, change: Change): boolean {
  if (after === null) return true;
  const shift = change.kind === 'add' ? 1 : change.kind === 'remove' ? -1 : 0;
  const wasAt = (before.place.line ?? 0) + shift;
  const isAt = after.place.line ?? 0;
  const parses = (error: WaybillError) => !['YAML_INVALID', 'JSON_INVALID'].includes(error.code);
  if (parses(after) && !parses(before)) return true;
  return parses(after) === parses(before) && isAt > wasAt && after.message !== before.message;
}

function* changesFor(
  lines: readonly string[],
  format: 'yaml' | 'json',
  file: string,
  error: WaybillError,
): Generator<Change> {
  const at = Math.min(error.place.line ?? 1, lines.length);
  const line = lines[at - 1] ?? '';
  if (line.length > MAX_LINE) return;
  switch (error.code) {
    case 'YAML_INVALID':
      if (
        /%YAML/.test(error.message) ||
        (/stands there twice/.test(error.message) && lines.slice(0, at - 1).includes(line))
      )
        yield { kind: 'remove', line: at };
      for (let n = at; n >= Math.max(1, at - 12); n--)
        for (const text of yamlSlips(lines[n - 1] ?? '')) yield { kind: 'write', line: n, text };
      return;
    case 'JSON_INVALID':
      for (let n = at; n >= Math.max(1, at - 3); n--)
        for (const text of jsonSlips(lines[n - 1] ?? '')) yield { kind: 'write', line: n, text };
      return;
    case 'NO_ID': {
      const id = mendedId(file.replace(/\.(ya?ml|json)$/i, '')) ?? 'WO-1';
      const first = lines.findIndex((l) => l.trim() !== '' && !/^\s*(#|---)/.test(l));
      if (format === 'yaml' && !(lines[first] ?? '').startsWith('{'))
        yield { kind: 'add', after: Math.max(0, first), text: `wo_id: ${id}` };
      else
        yield {
          kind: 'write',
          line: first + 1,
          text: (lines[first] ?? '').replace('{', `{"wo_id": ${JSON.stringify(id)}, `),
        };
      return;
    }
    case 'BAD_ID':
    case 'UNKNOWN_TYPE':
    case 'UNKNOWN_FIELD':
    case 'SCHEMA_INVALID':
    case 'DEPENDENCY_CYCLE':
      yield* valueSlips(lines, at, error, format);
      return;
    default:
  }
}

const KEY_VALUE = /^(\s*(?:- )*\{?\s*)(["']?)([\w.-]+)\2(\s*:)(\s*)(.*?)(\s*[,}\]]*\s*)$/;

function* yamlSlips(line: string): Generator<string> {
  if (/^\s*\t/.test(line)) yield line.replace(/^\s*/, (indent) => indent.replaceAll('\t', '  '));
  const match = /^(\s*(?:- )*)([\w.-]+):(\s*)(.*)$/.exec(line);
  if (match !== null) {
    const [, indent = '', key = '', gap = '', value = ''] = match;
    if (gap === '' && value !== '') yield `${indent}${key}: ${value}`;
    if (value !== '' && !/^["'|>[{]/.test(value)) yield `${indent}${key}: ${JSON.stringify(value.trim())}`;
    // a quote that was never closed, or one in the middle of a quoted text
    if (/^["']/.test(value)) yield `${indent}${key}: ${JSON.stringify(value.trim().slice(1).replace(/["']$/, ''))}`;
  }
  const item = /^(\s*- )(.+)$/.exec(line);
  if (item !== null && !/^["'[{|>]/.test(item[2] ?? '')) yield `${item[1]}${JSON.stringify(item[2]?.trim())}`;
  for (const end of [']', '}', '"', "'", '"]', "']", ']}', '}]']) yield line.trimEnd() + end;
  if (match !== null && /^[[{]/.test(match[4] ?? ''))
    yield `${match[1]}${match[2]}: ${JSON.stringify(match[4]?.trim())}`;
}

function* jsonSlips(line: string): Generator<string> {
  yield line.replace(/,(\s*[}\]]*\s*)$/, '$1');
  yield `${line.trimEnd()},`;
  yield outsideTexts(line, (part) => part.replace(/\s*(\/\/|#).*$/, ''));
  yield outsideTexts(line, (part) => part.replace(/'([^']*)'/g, (_, inner: string) => JSON.stringify(inner)));
  yield outsideTexts(line, (part) => part.replace(/([{,]\s*|^\s*)([A-Za-z_]\w*)(\s*:)/g, '$1"$2"$3'));
  yield outsideTexts(line, (part) =>
    part
      .replace(/\bTrue\b/g, 'true')
      .replace(/\bFalse\b/g, 'false')
      .replace(/\b(None|undefined|NaN)\b/g, 'null'),
  );
  for (const end of ['"', '}', ']', '",', '},', '],', ']}', '}]', '"}', '}]}']) yield line.trimEnd() + end;
}

/** Changes what stands outside of quoted texts: what authors say in them is theirs. */
function outsideTexts(line: string, change: (part: string) => string): string {
  return line
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, i) => (i % 2 === 1 ? part : change(part)))
    .join('');
}

/** A value of the wrong kind, a key with a slip in it: the same line with another value, or another key. */
function* valueSlips(
  lines: readonly string[],
  at: number,
  error: WaybillError,
  format: 'yaml' | 'json',
): Generator<Change> {
  const match = KEY_VALUE.exec(lines[at - 1] ?? '');
  const quoted = (text: string) =>
    format === 'json' || !/^[A-Za-z0-9][\w.-]*$/.test(text) ? JSON.stringify(text) : text;
  const write = (text: string): Change => ({ kind: 'write', line: at, text });
  if (match !== null) {
    const [, indent = '', quote = '', key = '', colon = '', gap = '', value = '', tail = ''] = match;
    const withValue = (text: string) =>
      write(`${indent}${quote}${key}${quote}${colon}${gap === '' ? ' ' : gap}${text}${tail}`);
    const meant = /did you mean ([\w.-]+)\?/i.exec(`${error.message} ${error.hint}`)?.[1];
    if (meant !== undefined) yield write(`${indent}${quote}${meant}${quote}${colon}${gap}${value}${tail}`);
    const plain = value.trim().replace(/^(["'])(.*)\1$/, '$2');
    if (error.code === 'BAD_ID') {
      const id = mendedId(plain);
      if (id !== null) yield withValue(JSON.stringify(id));
      return;
    }
    if (error.code === 'DEPENDENCY_CYCLE') {
      const own = error.message.split(' ')[0]?.toLowerCase() ?? '';
      const ids = /^\[(.*)\]?$/
        .exec(value.trim())?.[1]
        ?.replace(/\]$/, '')
        .split(',')
        .map((id) => id.trim()) ?? [plain];
      const others = ids.filter((id) => id.replace(/["']/g, '').toLowerCase() !== own);
      if (others.length > 0) yield withValue(`[${others.join(', ')}${tail.includes(']') ? '' : ']'}`);
      else if (ids.length > 0) yield { kind: 'remove', line: at };
      return;
    }
    const words =
      /(?:must be one of|known types are) ([^;.]+)/.exec(`${error.message} ${error.hint}`)?.[1]?.split(', ') ?? [];
    const near = nearest(plain, words);
    // the first word of a list is often the strongest one, such as P0: what is usual comes before it
    const usual = words.filter((word) => word === 'P2' || (word === '0755' && /[x7]/.test(plain)));
    for (const word of [...(near === null ? [] : [near]), ...usual, ...words]) yield withValue(quoted(word));
    if (/^(yes|on|y|true|1)$/i.test(plain)) yield withValue('true');
    if (/^(no|off|n|false|0)$/i.test(plain)) yield withValue('false');
    if (plain !== '' && Number.isFinite(Number(plain))) yield withValue(String(Math.max(0, Math.round(Number(plain)))));
    if (plain !== '') {
      yield withValue(JSON.stringify(plain));
      yield withValue(`[${quoted(plain)}]`);
    }
  }
}
