import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { readIfThere } from '../../platform/durable.ts';
import { compareNames, extensionsOf, walkIndex } from './index-bytes.ts';

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

/** A name to look for, or the beginning of names. */
interface Probe {
  readonly name: Buffer;
  /** A path that was asked for has this name. */
  readonly file: string | null;
  /** A path that was asked for lies below this name. */
  readonly above: string | null;
  /** What begins like this lies below this path, which was asked for. */
  readonly below: string | null;
}

/**
 * Reads the index file itself, versions 2 to 4: asking git would cost a process and not tell intent-to-add apart. One pass over sorted names,
 * without a string for each: three of these go into a landing, whatever the size of the repository. Throws REPO_UNSUPPORTED for a split or
 * sparse index.
 */
export function readIndex(gitDir: string, wanted: readonly string[]): IndexView {
  const bytes = readIfThere(join(gitDir, 'index'));
  const entries = new Map<string, IndexEntry[]>();
  const conflicts = new Map<string, string>();
  if (bytes === undefined || bytes.length === 0) return { entries, conflicts };
  const probes = probesOf(wanted);
  let next = 0;
  /** Those whose names the last entry began with. */
  let within: Probe[] = [];
  const end = walkIndex(bytes, ({ start, flags, extended }, name, from, to) => {
    const begins = (probe: Probe) =>
      to - from > probe.name.length && compareNames(name, from, from + probe.name.length, probe.name) === 0;
    const conflict = (path: string | null) => {
      if (path !== null) conflicts.set(path, name.toString('utf8', from, to));
    };
    if (within.length > 0) within = within.filter(begins);
    for (const { below } of within) conflict(below);
    for (; next < probes.length; next++) {
      const probe = probes[next];
      if (probe === undefined) return;
      if (probe.below !== null && begins(probe)) {
        within.push(probe);
        conflict(probe.below);
        continue;
      }
      const order = compareNames(name, from, to, probe.name);
      if (order < 0) return;
      if (order > 0 || probe.below !== null) continue;
      conflict(probe.above);
      if (probe.file === null) return;
      const list = entries.get(probe.file) ?? [];
      list.push({
        mode: bytes.readUInt32BE(start + 24).toString(8),
        blob: bytes.toString('hex', start + 40, start + 60),
        stage: (flags >> 12) & 3,
        intentToAdd: (extended & 0x2000) !== 0,
        skipWorktree: (extended & 0x4000) !== 0,
        assumeValid: (flags & 0x8000) !== 0,
      });
      entries.set(probe.file, list);
      // another stage of the same name may follow
      return;
    }
  });
  for (const { signature } of extensionsOf(bytes, end)) {
    if (signature === 'link') throw new WaybillError('REPO_UNSUPPORTED', 'the index is split');
    if (signature === 'sdir') throw new WaybillError('REPO_UNSUPPORTED', 'the index is sparse');
  }
  return { entries, conflicts };
}

function probesOf(wanted: readonly string[]): Probe[] {
  const names = new Map<string, { file: string | null; above: string | null; below: string | null }>();
  const at = (name: string) => {
    const probe = names.get(name) ?? { file: null, above: null, below: null };
    names.set(name, probe);
    return probe;
  };
  for (const path of wanted) {
    at(path).file = path;
    at(`${path}/`).below = path;
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
      at(path.slice(0, slash)).above = path;
  }
  return [...names]
    .map(([name, probe]) => ({ name: Buffer.from(name, 'utf8'), ...probe }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
}
