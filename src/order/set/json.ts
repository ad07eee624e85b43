import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { indentOf, indentUnit, indexIn, type Key, nested, type SetIn, withEol } from './key.ts';

/** JSON, also with comments and trailing commas as editors write it. */
export const setInJson: SetIn = {
  read: (text) => nodeValue(treeOf(text)),
  set: (text, key, value) => splice(text, treeOf(text), key, value),
};

function splice(text: string, root: Node, key: Key, value: unknown): string {
  let node = root;
  for (const [depth, step] of key.entries()) {
    const below = nested(key.slice(depth + 1), value);
    if (node.type === 'null') return replace(text, node, nested(key.slice(depth), value));
    const children = node.children ?? [];
    if (node.type === 'array') {
      const item = children[indexIn(step, children.length)];
      if (item === undefined) return append(text, node, (indent) => written(text, below, indent));
      node = item;
    } else if (node.type === 'object') {
      const found = children.filter((p) => p.children?.[0]?.value === String(step));
      if (found.length > 1) throw new Error(`${JSON.stringify(String(step))} stands there twice`);
      const next = found[0]?.children?.[1];
      if (next === undefined)
        return append(text, node, (indent) => `${JSON.stringify(String(step))}: ${written(text, below, indent)}`);
      node = next;
    } else throw new Error(`${JSON.stringify(node.value)} stands where ${JSON.stringify(step)} would be looked for`);
  }
  return replace(text, node, value);
}

function treeOf(text: string): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const error = errors[0];
  if (error !== undefined)
    throw new Error(
      `the file is no JSON (${printParseErrorCode(error.error)} in line ${text.slice(0, error.offset).split('\n').length})`,
    );
  if (tree === undefined) throw new Error('the file is empty');
  return tree;
}

function nodeValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(nodeValue);
  if (node.type !== 'object') return node.value as unknown;
  return Object.fromEntries(
    (node.children ?? []).map((p) => [
      String(p.children?.[0]?.value),
      p.children?.[1] === undefined ? null : nodeValue(p.children[1]),
    ]),
  );
}

function replace(text: string, node: Node, value: unknown): string {
  const end = node.offset + node.length;
  return text.slice(0, node.offset) + written(text, value, indentOf(text, node.offset)) + text.slice(end);
}

/** A value as it would stand there: on one line in a file of one line, else indented like its surroundings. */
function written(text: string, value: unknown, indent: string): string {
  if (!text.trim().includes('\n')) return JSON.stringify(value);
  const lines = JSON.stringify(value, null, indentUnit(text, '  ')).replaceAll('\n', `\n${indent}`);
  return withEol(text, lines);
}

/** Adds behind the last entry: its comma right after it, the new one on a line of its own where the others have theirs. */
function append(text: string, holder: Node, write: (indent: string) => string): string {
  const close = holder.offset + holder.length - 1;
  const last = holder.children?.at(-1);
  const own = indentOf(text, holder.offset);
  if (last === undefined) {
    const inside = text.slice(holder.offset + 1, close);
    const indent = own + indentUnit(text, '  ');
    if (inside.trim() === '' && !text.trim().includes('\n'))
      return text.slice(0, holder.offset + 1) + write('') + text.slice(close);
    const lines = inside.trim() === '' ? '' : inside.trimEnd();
    return `${text.slice(0, holder.offset + 1)}${lines}${withEol(text, '\n')}${indent}${write(indent)}${withEol(text, '\n')}${own}${text.slice(close)}`;
  }
  const end = last.offset + last.length;
  const between = text.slice(end, close);
  const scanner = createScanner(between, true);
  scanner.scan();
  const hasComma = between[scanner.getTokenOffset()] === ',';
  const head = `${text.slice(0, end)}${hasComma ? '' : ','}`;
  const lineEnd = text.indexOf('\n', end);
  // on the line of the last entry, when the list ends there too
  if (lineEnd === -1 || lineEnd > close)
    return `${head}${hasComma ? between.trimEnd() : ''} ${write('')}${hasComma ? '' : between}${text.slice(close)}`;
  const indent = indentOf(text, last.offset);
  const rest = text.slice(end, lineEnd).replace(/\r$/, '');
  return `${head}${rest}${withEol(text, '\n')}${indent}${write(indent)}${hasComma ? ',' : ''}${text.slice(end + rest.length)}`;
}
