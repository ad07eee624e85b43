import { SaxesParser } from 'saxes';
import { indentOf, indentUnit, indexIn, type Key, nested, type SetIn, withEol } from './key.ts';

/** XML property lists, as launchd reads them: the element's own characters are replaced, everything else stays. */
export const setInPlist: SetIn = {
  read: (text) => elementValue(rootOf(text)),
  set: (text, key, value) => splice(text, rootOf(text), key, value),
};

/** An element, and where it stands in the text. */
interface Element {
  readonly tag: string;
  readonly start: number;
  openEnd: number;
  end: number;
  readonly children: Element[];
  text: string;
}

function rootOf(text: string): Element {
  const parser = new SaxesParser();
  const open: Element[] = [];
  let plist: Element | null = null;
  parser.on('error', (error) => {
    throw new Error(`the file is no XML (${error.message})`);
  });
  parser.on('opentag', ({ name }) => {
    const end = parser.position;
    const element: Element = {
      tag: name,
      start: text.lastIndexOf(`<${name}`, end - 1),
      openEnd: end,
      end,
      children: [],
      text: '',
    };
    open.at(-1)?.children.push(element);
    if (open.length === 0) plist = element;
    open.push(element);
  });
  parser.on('text', (part) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  });
  parser.on('cdata', (part) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  });
  parser.on('closetag', () => {
    const element = open.pop();
    if (element !== undefined) element.end = parser.position;
  });
  parser.write(text).close();
  const root = plist as Element | null;
  const value = root?.tag === 'plist' ? root.children[0] : undefined;
  if (value === undefined) throw new Error('the file is no property list');
  return value;
}

function elementValue(element: Element): unknown {
  switch (element.tag) {
    case 'dict':
      return Object.fromEntries(pairs(element).map(({ key, value }) => [key, elementValue(value)]));
    case 'array':
      return element.children.map(elementValue);
    case 'true':
    case 'false':
      return element.tag === 'true';
    case 'integer':
    case 'real':
      return Number(element.text.trim());
    case 'date':
    case 'data':
      // by their text, so that two of them can be compared, and none is taken for a string
      return { [element.tag]: element.text.trim() };
    default:
      return element.text;
  }
}

function pairs(dict: Element): { key: string; value: Element }[] {
  const found: { key: string; value: Element }[] = [];
  const names = new Set<string>();
  for (let i = 0; i + 1 < dict.children.length; i += 2) {
    const [key, value] = [dict.children[i], dict.children[i + 1]];
    if (key?.tag !== 'key' || value === undefined) throw new Error('a dict has no key where one must be');
    if (names.has(key.text)) throw new Error(`${JSON.stringify(key.text)} stands there twice`);
    names.add(key.text);
    found.push({ key: key.text, value });
  }
  return found;
}

function splice(text: string, root: Element, key: Key, value: unknown): string {
  let element = root;
  for (const [depth, step] of key.entries()) {
    if (element.tag === 'array') {
      const index = indexIn(step, element.children.length);
      const item = element.children[index];
      if (item === undefined)
        return append(text, element, (indent) =>
          xml(nested(key.slice(depth + 1), value), indent, indentUnit(text, '\t')),
        );
      element = item;
    } else if (element.tag === 'dict') {
      const found = pairs(element).find((p) => p.key === String(step));
      if (found === undefined)
        return append(
          text,
          element,
          (indent) =>
            `<key>${escaped(String(step))}</key>\n${indent}${xml(nested(key.slice(depth + 1), value), indent, indentUnit(text, '\t'))}`,
        );
      element = found.value;
    } else throw new Error(`<${element.tag}> stands where ${JSON.stringify(step)} would be looked for`);
  }
  if (element.tag === 'date' || element.tag === 'data') throw new Error(`<${element.tag}> cannot be set`);
  return (
    text.slice(0, element.start) +
    withEol(text, xml(value, indentOf(text, element.start), indentUnit(text, '\t'))) +
    text.slice(element.end)
  );
}

/** Adds to a dict or an array, behind its last child, indented as that is. */
function append(text: string, holder: Element, write: (indent: string) => string): string {
  const last = holder.children.at(-1);
  const own = indentOf(text, holder.start);
  const indent = last === undefined ? own + indentUnit(text, '\t') : indentOf(text, last.start);
  const line = withEol(text, `\n${indent}${write(indent)}`);
  if (last !== undefined) return text.slice(0, last.end) + line + text.slice(last.end);
  // <dict/>, or one that holds a comment at most
  const inside = text
    .slice(holder.openEnd, holder.end)
    .replace(/<\/[^<]*$/, '')
    .trimEnd();
  const comment = holder.openEnd === holder.end ? '' : inside;
  return `${text.slice(0, holder.start)}<${holder.tag}>${comment}${line}${withEol(text, `\n${own}`)}</${holder.tag}>${text.slice(holder.end)}`;
}

function xml(value: unknown, indent: string, unit: string): string {
  const inner = indent + unit;
  switch (typeof value) {
    case 'string':
      return `<string>${escaped(value)}</string>`;
    case 'boolean':
      return value ? '<true/>' : '<false/>';
    case 'number':
      return Number.isSafeInteger(value) ? `<integer>${value}</integer>` : `<real>${value}</real>`;
    default:
  }
  if (Array.isArray(value))
    return value.length === 0
      ? '<array/>'
      : `<array>\n${(value as unknown[]).map((v) => `${inner}${xml(v, inner, unit)}\n`).join('')}${indent}</array>`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([k, v]) => `${inner}<key>${escaped(k)}</key>\n${inner}${xml(v, inner, unit)}\n`,
    );
    return entries.length === 0 ? '<dict/>' : `<dict>\n${entries.join('')}${indent}</dict>`;
  }
  throw new Error('a property list has no null');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
