import type { Image } from '../order/change.ts';
import type { Git } from './git.ts';

/** What a commit holds at a path. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly id: string;
}

/** Few enough that the longest paths stay below the limit on a command line. */
const PATHS_A_CALL = 200;

/**
 * The entries at these paths, and at the folders above them (a file or submodule there stands in the way). Costs what the
 * folders touched cost, whatever the repository's size.
 */
export async function treeEntries(
  git: Git,
  commit: string | null,
  paths: readonly string[],
): Promise<Map<string, TreeEntry>> {
  const found = new Map<string, TreeEntry>();
  if (commit === null || paths.length === 0) return found;
  const wanted = new Set<string>();
  for (const path of paths)
    for (let p = path; p !== '' && !wanted.has(p); p = p.slice(0, Math.max(0, p.lastIndexOf('/')))) wanted.add(p);
  const all = [...wanted];
  for (let i = 0; i < all.length; i += PATHS_A_CALL) {
    const out = await git.run([
      '--literal-pathspecs',
      'ls-tree',
      '-z',
      '--full-tree',
      commit,
      '--',
      ...all.slice(i, i + PATHS_A_CALL),
    ]);
    for (const line of out.toString('utf8').split('\0')) {
      const match = /^(\d+) (blob|tree|commit) ([0-9a-f]{40})\t(.+)$/s.exec(line);
      if (match !== null)
        found.set(match[4] ?? '', { mode: match[1] ?? '', type: match[2] as TreeEntry['type'], id: match[3] ?? '' });
    }
  }
  return found;
}

/** Whether a commit holds exactly this image at a path. */
export function isEntry(entry: TreeEntry | undefined, image: Image | null): boolean {
  if (entry === undefined || image === null) return entry === undefined && image === null;
  return entry.type === 'blob' && entry.id === image.blob && entry.mode === image.mode;
}
