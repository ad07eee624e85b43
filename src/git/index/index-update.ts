import { join } from 'node:path';
import { committedBefore, type ImageChange } from '../../order/change.ts';
import { exists, readIfThere, syncDir, writeNew } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { fileMoment } from '../config.ts';
import { NO_OBJECT } from '../objects/object-id.ts';
import { isAt, onDisk } from '../placement.ts';
import type { Repository } from '../repository.ts';
import { type FileStat, type NewIndexEntry, withIndexEntries } from './index-bytes.ts';
import { readIndex } from './index-file.ts';

/**
 * Puts our entries into the index, and nothing else: staged and unstaged edits of a person stay what they are. Works on a private
 * copy that is renamed over the index; the caller holds index.lock. `copy` is a scratch path on the git dir's file system; `isAsWritten` spares
 * the reading of a file of which the caller knows that it holds the new bytes.
 */
export async function updateIndex(
  repo: Repository,
  copy: string,
  changes: readonly ImageChange[],
  isAsWritten: (path: string) => boolean = () => false,
): Promise<void> {
  if (changes.length === 0) return;
  ifThere(() => fs.unlinkSync(copy));
  const index = join(repo.gitDir, 'index');
  const bytes = readIfThere(index);
  const written = bytes === undefined ? null : writtenHere(repo, index, bytes, changes, isAsWritten);
  if (written === null) await writtenByGit(repo, copy, bytes, changes);
  else writeNew(copy, written);
  // git writes none where nothing is taken out of no index
  if (bytes === undefined && !exists(copy)) return;
  fs.renameSync(copy, index);
  repo.ownIndex = fileMoment(index);
  syncDir(repo.gitDir);
}

/** Git could do it as well, with two processes, and by looking at every file of the repository. */
function writtenHere(
  repo: Repository,
  index: string,
  bytes: Buffer,
  changes: readonly ImageChange[],
  isAsWritten: (path: string) => boolean,
): Buffer | null {
  const entries = changes.map(({ path, after }): NewIndexEntry => {
    if (after === null) return { path, entry: null };
    const file = join(repo.root, path);
    // first the times, then the content: who writes in between changes the times
    const stat = statOf(file);
    const isOurs = stat !== null && (isAsWritten(path) || isAt(onDisk(file), after));
    return { path, entry: { mode: after.mode, blob: after.blob, stat: isOurs ? stat : null } };
  });
  const { mtimeNs } = fs.statSync(index, { bigint: true });
  return withIndexEntries(
    bytes,
    entries,
    Number(mtimeNs / 1_000_000_000n),
    (entry, name) => !isUntouched(join(repo.root, name), entry, mtimeNs),
  );
}

/**
 * Whether a file is as its entry says. Git itself compares seconds; to the nanosecond the times tell more, except for a file that was
 * written to in the very tick of the clock in which the index was.
 */
function isUntouched(path: string, entry: Buffer, indexedAt: bigint): boolean {
  const stat = statOf(path);
  if (stat === null) return false;
  const changedAt = BigInt(entry.readUInt32BE(8)) * 1_000_000_000n + BigInt(entry.readUInt32BE(12));
  if (changedAt >= indexedAt - TICK_NS || stat.mtimeNanoseconds === 0) {
    const there = onDisk(path);
    return there !== null && there !== 'other' && there.disk === entry.toString('hex', 40, 60);
  }
  const fields = [stat.ctimeSeconds, stat.ctimeNanoseconds, stat.mtimeSeconds, stat.mtimeNanoseconds];
  return (
    fields.every((field, i) => entry.readUInt32BE(i * 4) === field) &&
    entry.readUInt32BE(20) === stat.ino &&
    entry.readUInt32BE(36) === stat.size
  );
}

/** File systems keep times no finer than the kernel's tick. */
const TICK_NS = 10_000_000n;

function statOf(path: string): FileStat | null {
  const stat = ifThere(() => fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  if (stat === undefined || !stat.isFile()) return null;
  const low = (value: bigint) => Number(value & 0xffffffffn);
  return {
    ctimeSeconds: low(stat.ctimeNs / 1_000_000_000n),
    ctimeNanoseconds: low(stat.ctimeNs % 1_000_000_000n),
    mtimeSeconds: low(stat.mtimeNs / 1_000_000_000n),
    mtimeNanoseconds: low(stat.mtimeNs % 1_000_000_000n),
    dev: low(stat.dev),
    ino: low(stat.ino),
    uid: low(stat.uid),
    gid: low(stat.gid),
    size: low(stat.size),
  };
}

async function writtenByGit(
  repo: Repository,
  copy: string,
  bytes: Buffer | undefined,
  changes: readonly ImageChange[],
): Promise<void> {
  if (bytes !== undefined) writeNew(copy, bytes);
  const env = { GIT_INDEX_FILE: copy };
  const lines = changes.map(({ path, after }) =>
    after === null ? `0 ${NO_OBJECT}\t${path}\0` : `${after.mode} ${after.blob}\t${path}\0`,
  );
  await repo.git.run(['update-index', '-z', '--index-info'], { input: lines.join(''), env });
  // Fills in times and sizes, so that git need not read our files again; exits 1 where a person has edits of their own.
  await repo.git.try(['update-index', '-q', '--refresh'], { env });
}

/** Takes entries of ours back that a cut-short landing left in the index; entries that are not ours stay. The caller holds index.lock. */
export async function revertIndex(repo: Repository, copy: string, changes: readonly ImageChange[]): Promise<void> {
  const { entries } = readIndex(
    repo.gitDir,
    changes.map((c) => c.path),
  );
  const ours = changes.filter((change) => {
    const { path, after } = change;
    const before = committedBefore(change);
    const entry = entries.get(path)?.[0];
    const isAfter =
      entry === undefined ? after === null : after !== null && entry.blob === after.blob && entry.mode === after.mode;
    return isAfter && (before?.blob !== after?.blob || before?.mode !== after?.mode);
  });
  await updateIndex(
    repo,
    copy,
    ours.map((change) => ({ path: change.path, before: change.after, after: committedBefore(change) })),
  );
}
