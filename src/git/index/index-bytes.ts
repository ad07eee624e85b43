import { createHash } from 'node:crypto';
import { WaybillError } from '../../order/error.ts';

/** The index file's bytes (gitformat-index(5)), versions 2 to 4. */

export interface RawEntry {
  /** Where the entry begins and ends in the file. */
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  readonly extended: number;
}

const HEADER = 12;
const FIXED = 62;
const EXTENDED_FLAG = 0x4000;

/**
 * Walks the entries in their order. The name's bytes are `name.subarray(from, to)`: one buffer for all, so that a large index makes no garbage.
 * Returns where the entries end. Throws REPO_UNSUPPORTED for a file that is no index of a known version.
 */
export function walkIndex(
  bytes: Buffer,
  visit: (entry: RawEntry, name: Buffer, from: number, to: number) => void,
): number {
  const version = versionOf(bytes);
  let offset = HEADER;
  let previous: Buffer = Buffer.alloc(0);
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const start = offset;
    const flags = bytes.readUInt16BE(start + 60);
    const isExtended = (flags & EXTENDED_FLAG) !== 0;
    const extended = isExtended ? bytes.readUInt16BE(start + FIXED) : 0;
    const nameAt = start + FIXED + (isExtended ? 2 : 0);
    if (version === 4) {
      const [strip, after] = variableLength(bytes, nameAt);
      const end = bytes.indexOf(0, after);
      previous = Buffer.concat([previous.subarray(0, previous.length - strip), bytes.subarray(after, end)]);
      offset = end + 1;
      visit({ start, end: offset, flags, extended }, previous, 0, previous.length);
    } else {
      const short = flags & 0xfff;
      const end = short < 0xfff ? nameAt + short : bytes.indexOf(0, nameAt);
      offset = start + ((end - start + 8) & ~7);
      visit({ start, end: offset, flags, extended }, bytes, nameAt, end);
    }
  }
  return offset;
}

export function versionOf(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== 'DIRC')
    throw new WaybillError('REPO_UNSUPPORTED', 'the index has no DIRC signature');
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) throw new WaybillError('REPO_UNSUPPORTED', `the index has version ${version}`);
  return version;
}

/** What follows the entries, up to the checksum. */
export function* extensionsOf(
  bytes: Buffer,
  from: number,
): Generator<{ signature: string; start: number; end: number }> {
  for (let start = from; start + 8 <= bytes.length - 20; ) {
    const end = start + 8 + bytes.readUInt32BE(start + 4);
    yield { signature: bytes.toString('latin1', start, start + 4), start, end };
    start = end;
  }
}

/** Whether a part of the index stands in another file. Throws REPO_UNSUPPORTED for a file that is no index of a known version. */
export function isSplit(bytes: Buffer): boolean {
  const end = walkIndex(bytes, () => {});
  return [...extensionsOf(bytes, end)].some(({ signature }) => signature === 'link');
}

/** Compares two names as git sorts them. */
export function compareNames(a: Buffer, aFrom: number, aTo: number, b: Buffer): number {
  const most = Math.min(aTo - aFrom, b.length);
  for (let i = 0; i < most; i++) {
    const difference = (a[aFrom + i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return aTo - aFrom - b.length;
}

/** The offset encoding of version 4 path prefixes. */
function variableLength(bytes: Buffer, at: number): [number, number] {
  let byte = bytes[at] ?? 0;
  let value = byte & 0x7f;
  let next = at + 1;
  while ((byte & 0x80) !== 0) {
    byte = bytes[next] ?? 0;
    value = ((value + 1) << 7) | (byte & 0x7f);
    next++;
  }
  return [value, next];
}

/** What git remembers of a file on disk, to tell without reading it whether it was changed. Each a 32-bit number. */
export interface FileStat {
  readonly ctimeSeconds: number;
  readonly ctimeNanoseconds: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** One path as it is to stand in the index: an entry, or nothing. */
export interface NewIndexEntry {
  readonly path: string;
  readonly entry: { readonly mode: string; readonly blob: string; readonly stat: FileStat | null } | null;
}

/** Extensions that say nothing any more when entries change, and that git makes again by itself: positions, and caches of the work tree. */
const DROPPED = ['EOIE', 'IEOT', 'UNTR', 'FSMN'];

/**
 * The index with these paths as told, in all stages, and every other entry byte for byte as it was. Null for one that is better left to git:
 * version 4, or extensions that are not known. A file that was written to in the second in which the index was written looks as if it had not
 * been; git sees from the index file's own time that it must compare such files. A new index has a new time, so every entry from `seconds`
 * (since 1970) on is asked for: `isUnsure` says whether git must compare it with its file again.
 */
export function withIndexEntries(
  bytes: Buffer,
  changes: readonly NewIndexEntry[],
  seconds: number,
  isUnsure: (entry: Buffer, name: string) => boolean,
): Buffer | null {
  if (versionOf(bytes) === 4) return null;
  const sorted = changes
    .map(({ path, entry }) => ({ name: Buffer.from(path, 'utf8'), entry }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const parts: Buffer[] = [];
  let [from, next, count] = [HEADER, 0, 0];
  const until = (end: number) => {
    if (end > from) parts.push(bytes.subarray(from, end));
    from = end;
  };
  const put = (change: (typeof sorted)[number] | undefined) => {
    if (change === undefined || change.entry === null) return;
    parts.push(encode(change.name, change.entry));
    count++;
  };
  /** Whether the change at `next` was put where entries of its name stood. */
  let isPut = false;
  const endOfEntries = walkIndex(bytes, ({ start, end }, name, nameFrom, nameTo) => {
    let order = next < sorted.length ? compareNames(name, nameFrom, nameTo, sorted[next]?.name ?? name) : -1;
    while (order > 0) {
      until(start);
      if (!isPut) put(sorted[next]);
      next++;
      isPut = false;
      order = next < sorted.length ? compareNames(name, nameFrom, nameTo, sorted[next]?.name ?? name) : -1;
    }
    if (order === 0) {
      until(start);
      if (!isPut) put(sorted[next]);
      isPut = true;
      from = end;
      return;
    }
    count++;
    if (bytes.readUInt32BE(start + 8) < seconds) return;
    if (!isUnsure(bytes.subarray(start, end), name.toString('utf8', nameFrom, nameTo))) return;
    until(start);
    const smudged = Buffer.from(bytes.subarray(start, end));
    smudged.writeUInt32BE(0, 36);
    parts.push(smudged);
    from = end;
  });
  until(endOfEntries);
  for (; next < sorted.length; next++) {
    if (!isPut) put(sorted[next]);
    isPut = false;
  }
  for (const { signature, start, end } of extensionsOf(bytes, endOfEntries)) {
    if (signature === 'TREE') {
      const tree = withoutTrees(bytes.subarray(start + 8, end), changes);
      const header = Buffer.from('TREE\0\0\0\0', 'latin1');
      header.writeUInt32BE(tree.length, 4);
      parts.push(header, tree);
    } else if (signature === 'REUC') parts.push(bytes.subarray(start, end));
    else if (!DROPPED.includes(signature)) return null;
  }
  const header = Buffer.from(bytes.subarray(0, HEADER));
  header.writeUInt32BE(count, 8);
  const all = Buffer.concat([header, ...parts, Buffer.alloc(20)]);
  createHash('sha1')
    .update(all.subarray(0, all.length - 20))
    .digest()
    .copy(all, all.length - 20);
  return all;
}

function encode(name: Buffer, { mode, blob, stat }: NonNullable<NewIndexEntry['entry']>): Buffer {
  const bytes = Buffer.alloc((FIXED + name.length + 8) & ~7);
  const fields = [
    stat?.ctimeSeconds,
    stat?.ctimeNanoseconds,
    stat?.mtimeSeconds,
    stat?.mtimeNanoseconds,
    stat?.dev,
    stat?.ino,
    Number.parseInt(mode, 8),
    stat?.uid,
    stat?.gid,
    stat?.size,
  ];
  for (const [i, field] of fields.entries()) bytes.writeUInt32BE(field ?? 0, i * 4);
  bytes.write(blob, 40, 'hex');
  bytes.writeUInt16BE(Math.min(name.length, 0xfff), 60);
  name.copy(bytes, FIXED);
  return bytes;
}

/** The cache of trees (extension TREE) without what it knows of the folders above these paths. */
function withoutTrees(cache: Buffer, changes: readonly NewIndexEntry[]): Buffer {
  const folders = new Set(['']);
  const paths = new Set<string>();
  for (const { path } of changes) {
    paths.add(path);
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(path.slice(0, at));
  }
  let at = 0;
  /** One folder with those below it; empty where a file took its place. */
  const node = (above: string, isRoot: boolean): Buffer[] => {
    const zero = cache.indexOf(0, at);
    const name = cache.subarray(at, zero + 1);
    const newline = cache.indexOf(10, zero);
    const [count = '-1', below = '0'] = cache.toString('latin1', zero + 1, newline).split(' ');
    const isKnown = Number(count) >= 0;
    const id = cache.subarray(newline + 1, newline + 1 + (isKnown ? 20 : 0));
    at = newline + 1 + id.length;
    const path = isRoot ? '' : `${above}${name.toString('utf8', 0, name.length - 1)}`;
    const prefix = isRoot ? '' : `${path}/`;
    const inner = Array.from({ length: Number(below) }, () => node(prefix, false)).filter((n) => n.length > 0);
    if (!isRoot && paths.has(path)) return [];
    const stays = isKnown && !folders.has(path);
    return [
      name,
      Buffer.from(`${stays ? count : -1} ${inner.length}\n`, 'latin1'),
      ...(stays ? [id] : []),
      ...inner.flat(),
    ];
  };
  return cache.length === 0 ? cache : Buffer.concat(node('', true));
}
