import { WaybillError } from '../order/error.ts';
import { applySet } from '../order/set/set.ts';
import type { Item } from './item.ts';
import { isGoodItemId, keyOf, plainKey, titleKey } from './key.ts';
import { linesOf } from './lines.ts';
import { readBacklogFile } from './read-backlog.ts';
import { listToAdd } from './read-yaml.ts';

/** An item that is written down. */
export interface NewItem {
  /** A good name (`isGoodItemId`); null for a hash of the title. */
  readonly id: string | null;
  readonly title: string;
  readonly priority: Item['priority'];
  readonly dod: string | null;
  readonly owner: string | null;
  readonly context: string | null;
}

export interface Added {
  readonly text: string;
  /** Keys of what is new in the text, and of what stood there already, open or not. */
  readonly added: readonly string[];
  readonly known: readonly string[];
}

/**
 * The text of a backlog file with items added: in Markdown at the end of the section under `heading`, which is made at the end where it is
 * missing; in YAML at the end of its list. What has the key or the title of an item there is not added again, so that the same call on its
 * own result changes nothing. Read again, each is an open item. Throws BACKLOG_CHANGED where that cannot be.
 */
export function addItems(file: string, text: string, heading: string, items: readonly NewItem[]): Added {
  const there = readBacklogFile(file, text).items;
  const keys = new Set(there.flatMap((item) => [plainKey(item.key), titleKey(item.title)]));
  const known: string[] = [];
  const fresh: NewItem[] = [];
  for (const given of items) {
    const item = tidy(given);
    const key = keyOf(item.id, item.title);
    // two that are told apart by their ids may have one title
    if (keys.has(plainKey(key))) known.push(key);
    else {
      keys.add(plainKey(key));
      fresh.push(item);
    }
  }
  if (fresh.length === 0) return { text, added: [], known };
  const made = /\.ya?ml$/i.test(file) ? addedToYaml(file, text, fresh) : addedToMarkdown(text, heading, fresh);
  const added = fresh.map(({ id, title }) => keyOf(id, title));
  const open = new Set(
    readBacklogFile(file, made)
      .items.filter(isOpen)
      .map(({ key }) => plainKey(key)),
  );
  const lost = added.find((key) => !open.has(plainKey(key)));
  if (lost !== undefined)
    throw new WaybillError('BACKLOG_CHANGED', `${file}: ${lost} cannot be added so that it is read as an open item`, {
      hint: 'Look for a block of code or a comment that is never closed: `waybill backlog ls` names what is not read.',
      place: { file },
    });
  return { text: made, added, known };
}

function isOpen({ status }: Item): boolean {
  return status === 'open' || status === 'blocked';
}

/** One line, without what would read as something else. */
function tidy(item: NewItem): NewItem {
  const line = (words: string) =>
    words
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .replace(/\*\*|__|~~|`/g, '')
      .replaceAll('<!--', '<! --')
      .replace(/ (?:—|–|--|-|\|) | ?; ?| ?[—–] ?(?=[A-Za-z][A-Za-z ]{0,30}[:：])/g, ', ')
      .trim();
  const maybe = (words: string | null) => (words === null || line(words) === '' ? null : line(words));
  const title = line(item.title).replace(/^[*_\s]+|[*_\s]+$/g, '');
  return {
    ...item,
    id: item.id !== null && isGoodItemId(item.id) ? item.id : null,
    title: /[\p{L}\p{N}]/u.test(title) ? title : 'untitled',
    dod: maybe(item.dod),
    owner: maybe(item.owner),
    context: maybe(item.context),
  };
}

function addedToMarkdown(text: string, heading: string, items: readonly NewItem[]): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const bom = text.startsWith('\ufeff') ? '\ufeff' : '';
  const lines = linesOf(text);
  const headings = lines.map(({ text: line, isCode }) =>
    isCode ? null : /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$/.exec(line),
  );
  const at = headings.findIndex((found) => found?.[2] === heading);
  const level = headings[at]?.[1]?.length ?? 0;
  const below = headings.findIndex(
    (found, n) => at !== -1 && n > at && found !== null && (found[1]?.length ?? 0) <= level,
  );
  let end = at === -1 || below === -1 ? lines.length : below;
  while (end > at + 1 && lines[end - 1]?.raw.trim() === '') end--;
  const before = lines.slice(0, end).map(({ raw, eol: own }) => raw + (own === '' ? eol : own));
  const after = lines.slice(end).map(({ raw, eol: own }) => raw + own);
  const isAfterHeading = end === at + 1;
  const opening = at === -1 ? [...(end === 0 ? [] : [eol]), `## ${heading}${eol}`, eol] : isAfterHeading ? [eol] : [];
  const closing = after.length > 0 && after[0]?.trim() !== '' ? [eol] : [];
  return bom + [...before, ...opening, ...items.map((item) => itemLine(item) + eol), ...closing, ...after].join('');
}

/** As read-markdown.ts reads it. */
function itemLine({ id, title, priority, dod, owner, context }: NewItem): string {
  const fields: [string, string | null][] = [
    ['DoD', dod],
    ['Owner', owner],
    ['Context', context],
    ['ID', id],
  ];
  const written = fields.filter(([, words]) => words !== null).map(([name, words]) => ` — ${name}: ${words}`);
  return `- [ ] P${priority}: **${title}**${written.join('')}`;
}

function addedToYaml(file: string, text: string, items: readonly NewItem[]): string {
  const isEmpty =
    text
      .replace(/^\ufeff/, '')
      .replace(/^\s*#.*$/gm, '')
      .trim() === '';
  const entries = items.map(entryOf);
  if (isEmpty) {
    // text in JSON is text in YAML
    const written = entries.map((entry) =>
      Object.entries(entry).map(([key, value], n) => `${n === 0 ? '- ' : '  '}${key}: ${JSON.stringify(value)}\n`),
    );
    return `${text}schema_version: backlog.v1\ntasks:\n${written.flat().join('')}`;
  }
  const list = listToAdd(text);
  let bytes: Buffer = Buffer.from(text);
  const set = (key: readonly (string | number)[], value: unknown) => {
    bytes = applySet(bytes, { action: 'set', path: file, key, value, format: 'yaml' });
  };
  if (list.length === 0) set(list.path, entries);
  else for (const [n, entry] of entries.entries()) set([...list.path, list.length + n], entry);
  return bytes.toString('utf8');
}

function entryOf({ id, title, priority, dod, owner, context }: NewItem): Record<string, string> {
  return {
    ...(id === null ? {} : { id }),
    title,
    ...(dod === null ? {} : { dod }),
    priority: `P${priority}`,
    status: 'pending',
    ...(owner === null ? {} : { owner }),
    ...(context === null ? {} : { context }),
  };
}
