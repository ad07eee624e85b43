import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Scalar,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { indexIn, type Key, nested, type SetIn, withEol } from './key.ts';

/** YAML: the value's own characters are replaced, or a line is added; the rest of the text is not touched. */
export const setInYaml: SetIn = {
  read: (text) => documentOf(text).toJS({ maxAliasCount: -1 }) as unknown,
  set: (text, key, value) => splice(text, documentOf(text), key, value),
};

function documentOf(text: string): Document.Parsed {
  const all = parseAllDocuments(text, { version: '1.2', merge: false, uniqueKeys: false, logLevel: 'silent' });
  const list = Array.isArray(all) ? all : [];
  const [document, second] = list as Document.Parsed[];
  if (document === undefined) throw new Error('the file is empty');
  if (second !== undefined) throw new Error('the file holds several documents');
  const error = document.errors[0];
  if (error !== undefined) throw new Error(`the file is no YAML (${error.message.split('\n')[0] ?? ''})`);
  return document;
}

function splice(text: string, document: Document.Parsed, key: Key, value: unknown): string {
  let node: unknown = document.contents;
  let holder: YAMLMap | YAMLSeq | null = null;
  for (const [depth, step] of key.entries()) {
    if (isAlias(node)) throw new Error('an alias stands on the way, and what it points to belongs to others too');
    if (node === null || (isScalar(node) && node.value === null)) {
      const made = nested(key.slice(depth), value);
      return holder === null
        ? addLine(text, text.length, block(made, ''))
        : replace(text, node as Scalar, made, holder);
    }
    if (!isCollection(node))
      throw new Error(
        `${JSON.stringify(String(node)).slice(0, 60)} stands where ${JSON.stringify(step)} would be looked for`,
      );
    holder = node as YAMLMap | YAMLSeq;
    if (isSeq(node)) {
      const index = indexIn(step, node.items.length);
      if (index === node.items.length) return append(text, node, nested(key.slice(depth + 1), value));
      node = node.items[index];
    } else if (isMap(node)) {
      const named = node.items.filter(
        (p) => isPair(p) && String(isScalar(p.key) ? p.key.value : p.key) === String(step),
      );
      const found = named[0];
      if (named.length > 1) throw new Error(`${JSON.stringify(String(step))} stands there twice`);
      if (found === undefined) return append(text, node, { [String(step)]: nested(key.slice(depth + 1), value) });
      if (found.value === null && isScalar(found.key))
        return `${text.slice(0, endOfKey(text, found.key))} ${inline(value, null)}${text.slice(endOfKey(text, found.key))}`;
      node = found.value;
    }
  }
  if (!isNode(node)) throw new Error('there is no value');
  if (isAlias(node) || ('anchor' in node && node.anchor !== undefined))
    throw new Error('the value is shared by an anchor or an alias');
  return replace(text, node as Scalar, value, holder);
}

/** Behind the colon of a key without a value. */
function endOfKey(text: string, key: Scalar): number {
  return text.indexOf(':', key.range?.[1] ?? 0) + 1;
}

/** Puts a value in the place of a node, on its line. */
function replace(text: string, node: Scalar, value: unknown, holder: YAMLMap | YAMLSeq | null): string {
  const [start, end] = node.range ?? [0, 0];
  const old = text.slice(start, end);
  const written = inline(value, isScalar(node) ? node : null);
  // a block on lines of its own goes up to its key
  const inBlock = isCollection(node) && !(node as { flow?: boolean }).flow;
  const before = inBlock && holder !== null ? text.slice(0, start).trimEnd() : text.slice(0, start);
  const gap = before.endsWith(':') || before.endsWith('-') ? ' ' : '';
  return before + gap + written + (old.endsWith('\n') ? withEol(text, '\n') : '') + text.slice(end);
}

/** A value on one line: text as its neighbours are quoted, lists and mappings in flow style. */
function inline(value: unknown, old: Scalar | null): string {
  if (typeof value === 'string') {
    // readers of YAML 1.1 take these for other things than text
    const taken = /^(y|n|yes|no|on|off|true|false|null|~|)$|^[-+]?\d[\d_]*(:[0-5]?\d)+/i.test(value);
    if (taken || /[\n\r,[\]{}]/.test(value)) return JSON.stringify(value);
    const type = old?.type === 'QUOTE_DOUBLE' || old?.type === 'QUOTE_SINGLE' ? old.type : 'PLAIN';
    return stringify(value, { lineWidth: 0, defaultStringType: type }).replace(/\n$/, '');
  }
  if (typeof value === 'object' && value !== null)
    return stringify(value, {
      lineWidth: 0,
      collectionStyle: 'flow',
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
    })
      .trim()
      .replace(/\s*\n\s*/g, ' ');
  return JSON.stringify(value);
}

/** Adds an entry after the last one of a list or a mapping. */
function append(text: string, holder: YAMLMap | YAMLSeq, entry: unknown): string {
  const [start, end] = holder.range ?? [0, 0];
  if (holder.flow === true) {
    const body = text.slice(start + 1, end - 1);
    const written = isSeq(holder) ? inline(entry, null) : inline(entry, null).replace(/^\{\s*|\s*\}$/g, '');
    const gap = /\s*$/.exec(body)?.[0] ?? '';
    const comma = holder.items.length === 0 ? '' : /,\s*$/.test(body) ? ' ' : ', ';
    return text.slice(0, end - 1 - gap.length) + comma + written + gap + text.slice(end - 1);
  }
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
  const lines = block(isSeq(holder) ? [entry] : entry, indent);
  return addLine(text, lastEnd(holder), lines);
}

/** Where the last value below a node ends: what follows (comments, blank lines) belongs to what comes next. */
function lastEnd(node: unknown): number {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    const last: unknown = node.items.at(-1);
    if (!isPair(last)) return lastEnd(last);
    return last.value === null ? lastEnd(last.key) + 1 : lastEnd(last.value);
  }
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}

function block(value: unknown, indent: string): string[] {
  return stringify(value, { lineWidth: 0, indentSeq: true })
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? line : indent + line));
}

/** Puts lines after the line in which `at` lies. */
function addLine(text: string, at: number, lines: readonly string[]): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const ends = at > 0 && text[at - 1] === '\n' ? at : text.indexOf('\n', at) + 1;
  const place = ends === 0 ? text.length : ends;
  const before = text.slice(0, place);
  return `${before}${before === '' || before.endsWith('\n') ? '' : eol}${lines.join(eol)}${eol}${text.slice(place)}`;
}
