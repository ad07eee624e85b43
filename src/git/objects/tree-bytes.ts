import type { TreeEntry } from './tree.ts';

/** A tree object's bytes: `mode SP name NUL id` for each entry, folders sorted as if their names ended in a slash. Names are bytes; UTF-8 here. */

const FOLDER_MODE = '40000';

/** What an entry becomes. */
export interface NewEntry {
  readonly mode: string;
  readonly id: string;
}

/** Where an entry ends: its mode has five or six digits, its name ends with NUL, and 20 bytes of id follow. */
function nameAt(tree: Buffer, start: number): number {
  return tree[start + 5] === 0x20 ? start + 6 : start + 7;
}

function nameEnd(tree: Buffer, from: number): number {
  let at = from;
  while (tree[at] !== 0) at++;
  return at;
}

function isFolder(tree: Buffer, start: number): boolean {
  return tree[start] === 0x34;
}

function entryAt(tree: Buffer, start: number, from: number, zero: number): TreeEntry {
  const mode = tree.toString('latin1', start, from - 1);
  const type = mode === FOLDER_MODE ? 'tree' : mode === '160000' ? 'commit' : 'blob';
  return { mode: mode.padStart(6, '0'), type, id: tree.toString('hex', zero + 1, zero + 21) };
}

/** Compares names as git sorts them: a folder's as if it ended in a slash. */
function compare(
  tree: Buffer,
  from: number,
  zero: number,
  folder: boolean,
  name: Buffer,
  nameIsFolder: boolean,
): number {
  const length = zero - from;
  const most = Math.min(length, name.length);
  for (let i = 0; i < most; i++) {
    const difference = (tree[from + i] ?? 0) - (name[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const end = (rest: number, isFolderName: boolean, other: number | undefined) =>
    rest > 0 ? (other ?? 0) : isFolderName ? 0x2f : 0;
  return end(length - most, folder, tree[from + most]) - end(name.length - most, nameIsFolder, name[most]);
}

function isNamed(tree: Buffer, from: number, zero: number, name: Buffer): boolean {
  if (zero - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (tree[from + i] !== name[i]) return false;
  return true;
}

/** The entry of this name, or null. */
export function entryNamed(tree: Buffer, name: string): TreeEntry | null {
  const bytes = Buffer.from(name, 'utf8');
  for (let start = 0; start < tree.length; ) {
    const from = nameAt(tree, start);
    const zero = nameEnd(tree, from);
    if (isNamed(tree, from, zero, bytes)) return entryAt(tree, start, from, zero);
    start = zero + 21;
  }
  return null;
}

interface Added {
  readonly name: Buffer;
  readonly entry: NewEntry;
}

/** The tree with these entries changed, or gone where null; everything else as it was, byte for byte. */
export function withEntries(tree: Buffer, changes: ReadonlyMap<string, NewEntry | null>): Buffer {
  const names = [...changes.keys()].map((name) => Buffer.from(name, 'utf8'));
  const added = [...changes]
    .flatMap(([name, entry]): Added[] => (entry === null ? [] : [{ name: Buffer.from(name, 'utf8'), entry }]))
    .sort((a, b) =>
      compare(a.name, 0, a.name.length, a.entry.mode === FOLDER_MODE, b.name, b.entry.mode === FOLDER_MODE),
    );
  const parts: Buffer[] = [];
  let [kept, next] = [0, 0];
  for (let start = 0; start < tree.length; ) {
    const from = nameAt(tree, start);
    const zero = nameEnd(tree, from);
    const end = zero + 21;
    for (let change = added[next]; change !== undefined; change = added[++next]) {
      const { name, entry } = change;
      if (compare(tree, from, zero, isFolder(tree, start), name, entry.mode === FOLDER_MODE) <= 0) break;
      parts.push(tree.subarray(kept, start), encode(change));
      kept = start;
    }
    if (names.some((name) => isNamed(tree, from, zero, name))) {
      parts.push(tree.subarray(kept, start));
      kept = end;
    }
    start = end;
  }
  parts.push(tree.subarray(kept), ...added.slice(next).map(encode));
  return Buffer.concat(parts);
}

function encode({ name, entry }: Added): Buffer {
  const bytes = Buffer.allocUnsafe(entry.mode.length + name.length + 22);
  let at = bytes.write(`${entry.mode} `, 'latin1');
  at += name.copy(bytes, at);
  at = bytes.writeUInt8(0, at);
  bytes.write(entry.id, at, 'hex');
  return bytes;
}
