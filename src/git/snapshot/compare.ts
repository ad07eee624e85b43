import { dirname, isAbsolute, resolve } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { ensureDir, namesIn } from '../../platform/durable.ts';
import { fs, lstatIfThere } from '../../platform/fs.ts';
import type { Repository } from '../repository.ts';
import { PrivateIndex } from './private-index.ts';
import type { Snapshot } from './read.ts';

/** A snapshot held against the work tree as it is now, and its files put back. Nothing here replaces a file. */

/** How one file stands now, seen from a snapshot. */
export type Difference = { readonly path: string; readonly now: 'changed' | 'missing' | 'new' };

/** The differences between a snapshot and the work tree, by path; `paths` bound it. What git ignores now counts only where the snapshot has it. */
export async function differences(
  repo: Repository,
  snapshot: Snapshot,
  leaveOut: readonly string[],
  paths: readonly string[],
): Promise<Difference[]> {
  return withSnapshotIndex(repo, snapshot, async (index) => {
    const where = pathspecs(leaveOut, paths);
    const lines = await index.fields(['diff-files', '-z', '--name-status', '--no-renames', '--', ...where]);
    const found: Difference[] = [];
    for (let n = 0; n + 1 < lines.length; n += 2)
      found.push({ path: lines[n + 1] ?? '', now: lines[n] === 'D' ? 'missing' : 'changed' });
    const fresh = await index.fields(['ls-files', '--others', '--exclude-standard', '-z', '--', ...where]);
    for (const path of fresh) found.push({ path, now: 'new' });
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  });
}

/** The same as a unified diff, from the snapshot to now. */
export async function differencesAsPatch(
  repo: Repository,
  snapshot: Snapshot,
  leaveOut: readonly string[],
  paths: readonly string[],
): Promise<Buffer> {
  return withSnapshotIndex(repo, snapshot, async (index) => {
    const where = pathspecs(leaveOut, paths);
    const fresh = await index.fields(['ls-files', '--others', '--exclude-standard', '-z', '--', ...where]);
    const names = fresh.filter((path) => !path.endsWith('/')).map((path) => `:(top,literal)${path}\0`);
    const listed = ['add', '--intent-to-add', '--ignore-errors', '--pathspec-from-file=-', '--pathspec-file-nul'];
    if (names.length > 0) await index.try(listed, names.join(''));
    return index.run(['diff', '--no-ext-diff', '--no-textconv', '--no-renames', '--no-color', '--', ...where]);
  });
}

/**
 * Writes files of a snapshot into the work tree, only where nothing is: links and modes too, and through git's own filters. Returns those that are
 * there now as the snapshot has them.
 */
export async function putBackMissing(
  repo: Repository,
  snapshot: Snapshot,
  paths: readonly string[],
): Promise<{ back: string[]; failed: string }> {
  return withSnapshotIndex(repo, snapshot, async (index) => {
    const result = await index.try(['checkout-index', '-z', '--stdin'], paths.map((path) => `${path}\0`).join(''));
    await index.try(['update-index', '-q', '--refresh']);
    const still = new Set(
      await index.fields(['--literal-pathspecs', 'diff-files', '-z', '--name-only', '--no-renames']),
    );
    return { back: paths.filter((path) => !still.has(path)), failed: result.stderr.trim() };
  });
}

/** Writes a snapshot's files below a folder that is new or empty. Returns the folder. Throws USAGE where something is in it, GIT_FAILED. */
export async function writeBelow(
  repo: Repository,
  snapshot: Snapshot,
  to: string,
  paths: readonly string[],
): Promise<{ folder: string; files: string[] }> {
  const folder = resolve(to);
  const there = lstatIfThere(folder);
  if (there !== undefined && (!there.isDirectory() || namesIn(folder).length > 0))
    throw new WaybillError('USAGE', `${folder} is not an empty folder`, {
      hint: 'Name one that does not exist: nothing is ever written over.',
    });
  ensureDir(dirname(folder));
  ensureDir(folder);
  const root = fs.realpathSync(folder);
  return withSnapshotIndex(repo, snapshot, async (index) => {
    const files = await index.fields(['ls-files', '-z', '--', ...pathspecs([], paths)]);
    if (files.length === 0)
      throw new WaybillError(
        'UNKNOWN_SNAPSHOT',
        `${snapshot.name} holds no ${paths.map((p) => JSON.stringify(p)).join(', ')}`,
        {
          hint: `\`git ls-tree -r --name-only ${snapshot.id.slice(0, 10)}\` lists what it holds.`,
        },
      );
    await index.run(
      ['checkout-index', '-z', '--stdin', `--prefix=${root}/`],
      files.map((path) => `${path}\0`).join(''),
    );
    return { folder: root, files };
  });
}

/** A private index that has what the snapshot has, and knows which files on disk are unchanged since the person's index looked. */
async function withSnapshotIndex<T>(
  repo: Repository,
  snapshot: Snapshot,
  work: (index: PrivateIndex) => Promise<T>,
): Promise<T> {
  const index = PrivateIndex.copy(repo);
  try {
    await index.run(['read-tree', '--reset', snapshot.id]);
    await index.try(['update-index', '-q', '--really-refresh']);
    return await work(index);
  } finally {
    index.close();
  }
}

function pathspecs(leaveOut: readonly string[], paths: readonly string[]): string[] {
  const bad = paths.find((path) => isAbsolute(path) || path.split('/').includes('..'));
  if (bad !== undefined) throw new WaybillError('USAGE', `${bad}: paths are relative to the station's root`);
  const wanted = paths.length === 0 ? [':(top)'] : paths.map((path) => `:(top,literal)${path}`);
  return [...wanted, ...leaveOut.map((path) => `:(top,exclude,glob)${path}`)];
}
