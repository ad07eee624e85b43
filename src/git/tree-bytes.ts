import type { TreeEntry } from './tree.ts';

/** A tree object's bytes: `mode SP name NUL id` for each entry, folders sorted as if their names ended in a slash. Names are bytes; UTF-8 here. */

const FOLDER_MODE = '40000';

/** What an entry becomes. */
export interface NewEntry {
  readonly mode: string;
  readonly id: string;
}

/** Walks the entries. `name` is Latin-1, one character a byte, which sorts as git does. */
function* walk(tree: Buffer): Generator<{ start: number; end: number; mode: string; name: string; idAt: number }> {
  for (let start = 0; start < tree.length; ) {
    const space = tree.indexOf(0x20, start);
    const zero = tree.indexOf(0, space);
    const end = zero + 21;
    yield {
      start,
      end,
      mode: tree.toString('latin1', start, space),
      name: tree.toString('latin1', space + 1, zero),
      idAt: zero + 1,
    };
    start = end;
  }
}

function entryOf(tree: Buffer, { mode, idAt }: { mode: string; idAt: number }): TreeEntry {
  const type = mode === FOLDER_MODE ? 'tree' : mode === '160000' ? 'commit' : 'blob';
  return { mode: mode.padStart(6, '0'), type, id: tree.toString('hex', idAt, idAt + 20) };
}

/** The entry of this name, or null. */
export function entryNamed(tree: Buffer, name: string): TreeEntry | null {
  const bytes = latin1(name);
  for (const entry of walk(tree)) if (entry.name === bytes) return entryOf(tree, entry);
  return null;
}

export function* entriesOf(tree: Buffer): Generator<[name: string, entry: TreeEntry]> {
  for (const entry of walk(tree)) yield [Buffer.from(entry.name, 'latin1').toString('utf8'), entryOf(tree, entry)];
}

/** The tree with these entries changed, or gone where null; everything else as it was, byte for byte. */
export function withEntries(tree: Buffer, changes: ReadonlyMap<string, NewEntry | null>): Buffer {
  const changed = new Set([...changes.keys()].map(latin1));
  const added = [...changes]
    .flatMap(([name, entry]) => (entry === null ? [] : [{ name: latin1(name), ...entry }]))
    .map((entry) => ({ ...entry, key: sortKey(entry.name, entry.mode) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const parts: Buffer[] = [];
  let [from, next] = [0, 0];
  for (const { start, end, mode, name } of walk(tree)) {
    const goes = changed.has(name);
    const key = next < added.length || goes ? sortKey(name, mode) : '';
    const stop = next < added.length && (added[next]?.key ?? '') < key;
    if (!stop && !goes) continue;
    parts.push(tree.subarray(from, start));
    for (; next < added.length && (added[next]?.key ?? '') < key; next++) parts.push(encode(added[next]));
    from = goes ? end : start;
  }
  parts.push(tree.subarray(from), ...added.slice(next).map(encode));
  return Buffer.concat(parts);
}

function sortKey(name: string, mode: string): string {
  return mode === FOLDER_MODE ? `${name}/` : name;
}

function encode(entry: { name: string; mode: string; id: string } | undefined): Buffer {
  if (entry === undefined) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from(`${entry.mode} ${entry.name}\0`, 'latin1'), Buffer.from(entry.id, 'hex')]);
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
