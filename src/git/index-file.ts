import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { readIfThere } from '../platform/durable.ts';

/** One entry of the index, as far as landing must know it (gitformat-index(5)). */
export interface IndexEntry {
  readonly mode: string;
  readonly blob: string;
  readonly stage: number;
  readonly intentToAdd: boolean;
  readonly skipWorktree: boolean;
  readonly assumeValid: boolean;
}

/** What the index says of the paths that matter. */
export interface IndexView {
  /** Entries by path; several where a path is unmerged. */
  readonly entries: ReadonlyMap<string, readonly IndexEntry[]>;
  /** Paths of files that stand where one of ours needs a folder, or below one of ours. */
  readonly conflicts: ReadonlyMap<string, string>;
}

/**
 * Reads the index file itself, versions 2 to 4: asking git would cost a process and not tell intent-to-add apart. Throws
 * REPO_UNSUPPORTED for a split or sparse index.
 */
export function readIndex(gitDir: string, wanted: readonly string[]): IndexView {
  const bytes = readIfThere(join(gitDir, 'index'));
  if (bytes === undefined || bytes.length === 0) return { entries: new Map(), conflicts: new Map() };
  if (bytes.toString('latin1', 0, 4) !== 'DIRC')
    throw new WaybillError('REPO_UNSUPPORTED', 'the index has no DIRC signature');
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) throw new WaybillError('REPO_UNSUPPORTED', `the index has version ${version}`);
  const paths = new Set(wanted);
  const parents = new Map<string, string>();
  for (const path of wanted) for (let p = parentOf(path); p !== null; p = parentOf(p)) parents.set(p, path);
  const entries = new Map<string, IndexEntry[]>();
  const conflicts = new Map<string, string>();
  let offset = 12;
  let previous: Buffer = Buffer.alloc(0);
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const flags = bytes.readUInt16BE(offset + 60);
    const extended = (flags & 0x4000) !== 0 ? bytes.readUInt16BE(offset + 62) : 0;
    const nameAt = offset + 62 + ((flags & 0x4000) !== 0 ? 2 : 0);
    let name: Buffer;
    if (version === 4) {
      const [strip, after] = variableLength(bytes, nameAt);
      const end = bytes.indexOf(0, after);
      name = Buffer.concat([previous.subarray(0, previous.length - strip), bytes.subarray(after, end)]);
      offset = end + 1;
    } else {
      const end = bytes.indexOf(0, nameAt);
      name = bytes.subarray(nameAt, end);
      offset += (end - offset + 8) & ~7;
    }
    const start = nameAt - ((flags & 0x4000) !== 0 ? 64 : 62);
    previous = name;
    const path = name.toString('utf8');
    if (paths.has(path)) {
      const list = entries.get(path) ?? [];
      list.push({
        mode: bytes.readUInt32BE(start + 24).toString(8),
        blob: bytes.toString('hex', start + 40, start + 60),
        stage: (flags >> 12) & 3,
        intentToAdd: (extended & 0x2000) !== 0,
        skipWorktree: (extended & 0x4000) !== 0,
        assumeValid: (flags & 0x8000) !== 0,
      });
      entries.set(path, list);
    }
    const below = parents.get(path);
    if (below !== undefined) conflicts.set(below, path);
    for (let p = parentOf(path); p !== null; p = parentOf(p)) if (paths.has(p)) conflicts.set(p, path);
  }
  refuseExtensions(bytes, offset);
  return { entries, conflicts };
}

function refuseExtensions(bytes: Buffer, from: number): void {
  for (let at = from; at + 8 <= bytes.length - 20; at += 8 + bytes.readUInt32BE(at + 4)) {
    const signature = bytes.toString('latin1', at, at + 4);
    if (signature === 'link') throw new WaybillError('REPO_UNSUPPORTED', 'the index is split');
    if (signature === 'sdir') throw new WaybillError('REPO_UNSUPPORTED', 'the index is sparse');
  }
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

function parentOf(path: string): string | null {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? null : path.slice(0, slash);
}
