import { dirname, isAbsolute, join } from 'node:path';
import type { Git } from '../../git/git.ts';
import { blobBytes } from '../../git/history.ts';
import { entryInHead, filesInIndex, idOnDisk, type Recorded } from '../../git/past.ts';
import type { HistoryDocument, PresentState } from '../../order/generated.ts';
import { readIfThere } from '../../platform/durable.ts';
import { fs, lstatIfThere } from '../../platform/fs.ts';
import { type Budget, isAbout } from './trace.ts';

/** How a path stands now, beside what was recorded of it. */
export interface Standing {
  readonly now: PresentState;
  /** What HEAD has there, or of a path outside of the repository what the last order left; null for nothing. */
  readonly recorded: Recorded | null;
  readonly isInIndex: boolean;
  readonly fault: HistoryDocument['fault'];
  /** When the file was changed in the way that `fault` says, by its own times. */
  readonly changedAt: string | null;
  /** Files of a folder that git knows and that are gone. */
  readonly goneBelow: readonly string[];
  /** Where it is missing: the nearest folder above it that is there, and when its list of names changed last. */
  readonly folder: FolderTimes | null;
  /** Other files that git knows and that are gone as well. */
  readonly alsoGone: readonly string[];
}

export interface FolderTimes {
  readonly path: string;
  /** When a name was added or removed last, unless somebody set the time. */
  readonly modifiedAt: string;
  /** When anything of it changed last; nobody can set that. */
  readonly changedAt: string;
}

const LARGEST_COMPARED = 64 * 1024 * 1024;

/** `expected`: what the last order left at a path outside of the repository. */
export async function standingOf(git: Git, path: string, expected: Recorded | null, budget: Budget): Promise<Standing> {
  const full = isAbsolute(path) ? path : join(git.root, path);
  const stat = lstatIfThere(full);
  const isOutside = isAbsolute(path);
  const recorded = isOutside ? expected : await entryInHead(git, path, budget.limits);
  const indexed = isOutside ? [] : await filesInIndex(git, path, 'all', budget.limits);
  const base = {
    now: present(stat),
    recorded,
    isInIndex: indexed.length > 0,
    goneBelow: [],
    folder: null,
    alsoGone: [],
  };
  if (stat === undefined) {
    const gone = isOutside ? [] : await filesInIndex(git, null, 'deleted', budget.limits);
    const alsoGone = gone.filter((name) => !isAbout(path, name));
    return { ...base, fault: null, changedAt: null, folder: folderAbove(full), alsoGone };
  }
  if (stat.isDirectory()) {
    if (recorded !== null && recorded.mode !== '040000')
      return { ...base, fault: 'replaced', changedAt: stat.ctime.toISOString() };
    const goneBelow = isOutside ? [] : await filesInIndex(git, path, 'deleted', budget.limits);
    return { ...base, goneBelow, fault: goneBelow.length > 0 ? 'incomplete' : null, changedAt: null };
  }
  const fault = stat.isFile() ? await faultOf(git, path, full, recorded, budget) : kindFault(stat, recorded);
  const changedAt = fault === 'mode_lost' || fault === 'replaced' ? stat.ctime : stat.mtime;
  return { ...base, fault, changedAt: fault === null ? null : changedAt.toISOString() };
}

function kindFault(stat: { isSymbolicLink(): boolean }, recorded: Recorded | null): Standing['fault'] {
  if (recorded === null) return null;
  return stat.isSymbolicLink() && recorded.mode === '120000' ? null : 'replaced';
}

async function faultOf(
  git: Git,
  path: string,
  full: string,
  recorded: Recorded | null,
  budget: Budget,
): Promise<Standing['fault']> {
  if (recorded === null) return null;
  if (recorded.mode === '040000' || recorded.mode === '120000') return 'replaced';
  const stat = fs.statSync(full);
  if (stat.size === 0 && recorded.size !== 0 && (await idOnDisk(git, path, budget.limits)) !== recorded.id)
    return 'truncated';
  const isSame = await sameContent(git, path, stat.size, recorded, budget);
  if (isSame) return /755$/.test(recorded.mode) && (stat.mode & 0o111) === 0 ? 'mode_lost' : null;
  return (await isBeginning(git, full, stat.size, recorded)) ? 'truncated' : 'altered';
}

async function sameContent(git: Git, path: string, size: number, recorded: Recorded, budget: Budget): Promise<boolean> {
  if (size > LARGEST_COMPARED) return recorded.size === null || size === recorded.size;
  const id = await idOnDisk(git, path, budget.limits);
  return id === null || id === recorded.id;
}

/** Whether the file is the first part of what was recorded, and no more. */
async function isBeginning(git: Git, full: string, size: number, recorded: Recorded): Promise<boolean> {
  if (recorded.size === null || size >= recorded.size || recorded.size > LARGEST_COMPARED) return false;
  const bytes = await blobBytes(git, recorded.id);
  return bytes?.subarray(0, size).equals(fs.readFileSync(full)) === true;
}

function present(stat: ReturnType<typeof lstatIfThere>): PresentState {
  if (stat === undefined) return { kind: 'missing', size: null, mode: null, modified_at: null };
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : 'other';
  const mode = `0${(stat.mode & 0o777).toString(8)}`;
  return { kind, size: stat.isFile() ? stat.size : null, mode, modified_at: stat.mtime.toISOString() };
}

function folderAbove(full: string): FolderTimes | null {
  for (let at = dirname(full); ; at = dirname(at)) {
    const stat = lstatIfThere(at);
    if (stat?.isDirectory())
      return { path: at, modifiedAt: stat.mtime.toISOString(), changedAt: stat.ctime.toISOString() };
    if (at === dirname(at)) return null;
  }
}

/**
 * When the station's own untracked folders were made anew, if all of them were at about one time and after the station itself: something swept
 * away what git does not track, as `git clean -fdx` does. Null where nothing says so.
 */
export function sweptAt(folders: readonly string[], stationFile: string): { at: string; gone: boolean } | null {
  if (lstatIfThere(stationFile) === undefined) return null;
  const there = folders.map((folder) => lstatIfThere(folder)).filter((stat) => stat !== undefined);
  if (there.length === 0) return { at: new Date().toISOString(), gone: true };
  const born = madeAt(stationFile);
  const first = Math.min(...there.map((stat) => stat.birthtimeMs));
  // made by init within a moment of the station's own file; a disk that knows no time of birth says 0
  if (born === null || first < born + SWEEP_MS) return null;
  return { at: new Date(first).toISOString(), gone: false };
}

const SWEEP_MS = 10_000;

/** When the station was made, in milliseconds; null where it is a copy, in which every folder is as young as the copy. */
function madeAt(stationFile: string): number | null {
  const born = lstatIfThere(stationFile)?.birthtimeMs ?? 0;
  const text = readIfThere(stationFile)?.toString('utf8') ?? '';
  const made = Date.parse(/"created_at":\s*"([^"]+)"/.exec(text)?.[1] ?? '');
  return Math.abs(born - made) < SWEEP_MS ? born : null;
}
