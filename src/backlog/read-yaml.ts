import { type ReadDocument, readDocument } from '../order/document.ts';
import { asWaybillError, type Place, type WaybillError } from '../order/error.ts';
import { nearest } from '../order/nearest.ts';
import type { Backlog, Item, Problem, ProblemCode } from './item.ts';
import { plainKey } from './key.ts';
import { ENTRY_KEYS, readEntry } from './yaml-entry.ts';
import { piecesOf } from './yaml-pieces.ts';

const LIMITS = { maxBytes: 8 * 1024 * 1024, maxDepth: 32 };
/** Under which key the list may stand. */
const LISTS = ['tasks', 'items', 'work_items'];
const FILE_KEYS = [...LISTS, 'schema_version'];

/** An entry that is an item, and the way to it in the document. */
export interface Entry {
  readonly item: Item;
  readonly path: readonly (string | number)[];
}

/**
 * Reads a backlog.v1. Every entry is either an item or a problem of severity `unread`, and one that is bad hides no other, not even where the
 * file as a whole does not parse. Keys that are not known are told. Never throws. `file` is the name in places.
 */
export function readYaml(file: string, given: Uint8Array | string): Backlog {
  const { entries, problems } = entriesIn(file, given);
  return {
    items: entries.map(({ item }) => item),
    problems: problems.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column),
  };
}

/** The same, with the way to each item: for those who change the text. */
export function entriesIn(file: string, given: Uint8Array | string): { entries: Entry[]; problems: Problem[] } {
  const reader = new Reader(file);
  const bytes = typeof given === 'string' ? Buffer.from(given) : given;
  try {
    reader.whole(readDocument(bytes, 'yaml', LIMITS));
  } catch (thrown) {
    const error = asWaybillError(thrown);
    if (error.code === 'EMPTY') reader.fault(error, 'Write `tasks:` and a list.', 'told');
    else reader.pieces(bytes, error);
  }
  reader.tellKeys();
  return reader;
}

/** The list that entries are added to, and how many it has. Throws as `readDocument` does. */
export function listToAdd(text: string): { path: readonly string[]; length: number } {
  const { value } = readDocument(Buffer.from(text), 'yaml', LIMITS);
  if (Array.isArray(value)) return { path: [], length: value.length };
  const map = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const name = LISTS.find((key) => Object.hasOwn(map, key)) ?? 'tasks';
  const list = map[name];
  return { path: [name], length: Array.isArray(list) ? list.length : 0 };
}

class Reader {
  readonly entries: Entry[] = [];
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #seen = new Map<string, Item>();
  readonly #strange = new Map<string, { count: number; place: Item['place'] }>();

  constructor(file: string) {
    this.#file = file;
  }

  /** A document that parses. */
  whole({ value, locate }: ReadDocument): void {
    if (Array.isArray(value)) {
      this.#list(value as unknown[], [], locate);
      return;
    }
    if (typeof value !== 'object' || value === null) {
      this.#tell(locate([]), 'FILE_UNREADABLE', 'unread', 'the file is no list of tasks', 'Write `tasks:` and a list.');
      return;
    }
    const map = value as Record<string, unknown>;
    const version = map['schema_version'];
    if (version !== undefined && version !== 'backlog.v1') {
      this.#tell(
        locate(['schema_version']),
        'FILE_UNREADABLE',
        'unread',
        `schema_version: ${JSON.stringify(version)} is not known here`,
        'Write backlog.v1, or upgrade Waybill where a newer one wrote it.',
      );
      return;
    }
    const lists = LISTS.filter((key) => map[key] !== undefined && map[key] !== null);
    for (const key of lists) {
      const list = map[key];
      if (Array.isArray(list)) this.#list(list as unknown[], [key], locate);
      else this.#tell(locate([key]), 'FILE_UNREADABLE', 'unread', `${key} is no list`, 'Write a list: `- title: …`.');
    }
    if (!LISTS.some((key) => Object.hasOwn(map, key)))
      this.#tell(locate([]), 'FILE_UNREADABLE', 'unread', 'the file has no tasks', 'Write `tasks:` and a list.');
    for (const key of Object.keys(map))
      if (!FILE_KEYS.includes(key)) this.#strangeKey(key, this.#placed(locate([key])));
  }

  /** A file that does not parse: each entry by itself. */
  pieces(bytes: Uint8Array, error: WaybillError): void {
    const isHopeless = error.code === 'TOO_LARGE' || error.code === 'NOT_UTF8';
    const pieces = isHopeless ? [] : piecesOf(Buffer.from(bytes).toString('utf8'));
    const before = this.problems.length;
    for (const [index, { text, above }] of pieces.entries()) {
      const most = text.trimEnd().split('\n').length;
      // what is never closed is missed behind the end
      const moved = ({ line = 1, column = 1 }: Place): Place => ({ line: Math.min(line, most) + above, column });
      try {
        const { value, locate } = readDocument(Buffer.from(text), 'yaml', LIMITS);
        const list = Array.isArray(value) ? (value as unknown[]) : [];
        this.#entry(list[0], ['tasks', index], (segments) => moved(locate([0, ...segments.slice(2)])));
      } catch (thrown) {
        const { message, place } = asWaybillError(thrown);
        this.#tell(moved(place), 'ENTRY_INVALID', 'unread', message, 'Mend the line named.');
      }
    }
    // what does not parse lies in none of them
    if (this.problems.slice(before).every(({ code }) => code !== 'ENTRY_INVALID'))
      this.fault(error, 'Mend the line named.', pieces.length === 0 ? 'unread' : 'told');
  }

  fault({ message, place }: WaybillError, hint: string, severity: Problem['severity']): void {
    this.#tell(place, 'FILE_UNREADABLE', severity, message, hint);
  }

  tellKeys(): void {
    for (const [key, { count, place }] of this.#strange) {
      const near = nearest(key, ENTRY_KEYS);
      const many = count === 1 ? '' : ` (${count} times)`;
      this.problems.push({
        code: 'KEY_UNKNOWN',
        severity: 'told',
        message: `${JSON.stringify(key)} is no key of backlog.v1${many}; it is kept and says nothing here`,
        hint: near === null ? 'docs/backlog.md tells every key.' : `Did you mean ${near}?`,
        place,
      });
    }
  }

  #list(list: readonly unknown[], path: readonly string[], locate: ReadDocument['locate']): void {
    for (const [index, value] of list.entries()) this.#entry(value, [...path, index], locate);
  }

  #entry(value: unknown, path: readonly (string | number)[], locate: ReadDocument['locate']): void {
    const place = this.#placed(locate(path));
    const read = readEntry(value, place);
    const told = (key: string | null) => (key === null ? place : locate([...path, key]));
    if (read.item === null) {
      const { key, code, message, hint } = read.fault;
      this.#tell(told(key), code, 'unread', message, hint);
      return;
    }
    const { item } = read;
    const earlier = this.#seen.get(plainKey(item.key));
    if (earlier !== undefined) {
      this.#tell(
        place,
        'SAME_KEY',
        'unread',
        `line ${place.line} has the key ${item.key} of line ${earlier.place.line}: ${JSON.stringify(item.title)}${
          earlier.status === item.status ? '' : `, there ${earlier.status}, here ${item.status}`
        }`,
        'Remove one of the two, or give each an id of its own.',
      );
      return;
    }
    this.#seen.set(plainKey(item.key), item);
    this.entries.push({ item, path });
    for (const { key, code, message, hint } of read.told) this.#tell(told(key), code, 'told', message, hint);
    for (const key of Object.keys(value as object))
      if (!(ENTRY_KEYS as readonly string[]).includes(key)) this.#strangeKey(key, place, () => locate([...path, key]));
  }

  #strangeKey(key: string, place: Item['place'], exact?: () => Place): void {
    const known = this.#strange.get(key);
    if (known !== undefined) known.count++;
    else this.#strange.set(key, { count: 1, place: exact === undefined ? place : this.#placed(exact()) });
  }

  #tell(at: Place, code: ProblemCode, severity: Problem['severity'], message: string, hint: string): void {
    this.problems.push({ code, severity, message, hint, place: this.#placed(at) });
  }

  #placed({ line = 1, column = 1 }: Place): Item['place'] {
    return { file: this.#file, line, column };
  }
}
