import { join, sep } from 'node:path';
import picomatch from 'picomatch';
import type { Git } from '../git/git.ts';
import { namesBelow } from '../git/history.ts';
import { errno, fs, lstatIfThere } from '../platform/fs.ts';
import type { WantedFile } from './check-file.ts';
import type { OfKind } from './component.ts';
import { type Finding, finding } from './finding.ts';
import type { Seen } from './seen.ts';

/** A pattern that matches more files than this is at fault: nobody looks after so many one by one. */
const MOST_FILES = 20_000;

/** Names that HEAD has below a folder; asked of git again when HEAD moved. */
export class HeadNames {
  readonly #git: Git;
  #head: string | null = null;
  #names = new Map<string, string[]>();

  constructor(git: Git) {
    this.#git = git;
  }

  async below(head: string | null, folder: string): Promise<string[]> {
    if (head !== this.#head) this.#names = new Map();
    this.#head = head;
    if (head === null) return [];
    const known = this.#names.get(folder);
    if (known !== undefined) return known;
    const names = await namesBelow(this.#git, head, folder);
    this.#names.set(folder, names);
    return names;
  }
}

/**
 * The files of a glob: those on disk, those in HEAD, and those that were seen and that no commit took away. Also what is wrong with the glob
 * as a whole.
 */
export async function filesOf(
  glob: OfKind<'glob'>,
  root: string,
  seen: Seen,
  names: HeadNames,
): Promise<{ files: WantedFile[]; fault: Finding | null }> {
  const { base } = picomatch.scan(glob.pattern);
  const isMatch = picomatch(glob.pattern, { dot: true });
  const onDisk = filesBelow(root, base, isMatch);
  const inHead = new Set((await names.below(seen.head, base)).filter((path) => isMatch(path)));
  const remembered: string[] = [];
  for (const path of seen.ofGlob(glob.name)) {
    const file = seen.get(path);
    // what a commit on top of the one that had it took away is meant to be gone
    const isMeant =
      file?.entry != null &&
      file.commit !== null &&
      !inHead.has(path) &&
      (await seen.isChangedByCommit(path, file.commit));
    if (isMeant && lstatIfThere(join(root, path)) === undefined) seen.forget(path);
    else remembered.push(path);
  }
  const paths = [...new Set([...onDisk, ...inHead, ...remembered])].sort();
  const { severity, repair, executable, content } = glob;
  const files = paths
    .slice(0, MOST_FILES)
    .map((path) => ({ name: path, path, severity, repair, executable, content, of: glob.name }));
  const fault =
    paths.length > MOST_FILES
      ? finding(glob, 'unreadable', `matches ${paths.length} files, more than ${MOST_FILES}`)
      : onDisk.length < glob.atLeast
        ? finding(glob, 'too_few', `${onDisk.length} files match, and ${glob.atLeast} must`)
        : null;
  return { files, fault };
}

function filesBelow(root: string, base: string, isMatch: (path: string) => boolean): string[] {
  const found: string[] = [];
  const folders = [base];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== '.git' && entry.name !== 'node_modules') folders.push(path);
      } else if (isMatch(path)) found.push(path);
      if (found.length > MOST_FILES) return found;
    }
  }
  return found;
}

function entriesOf(folder: string) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return [];
    throw error;
  }
}

/** The folders in which files of a glob may appear or vanish, as far as they are there. */
export function foldersOf(glob: OfKind<'glob'>, files: readonly WantedFile[]): string[] {
  const { base } = picomatch.scan(glob.pattern);
  return [base, ...files.map(({ path }) => path.split(sep).slice(0, -1).join(sep))];
}
