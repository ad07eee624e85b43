import { join } from 'node:path';
import { convertedPaths, imageOf } from '../git/conversion.ts';
import { type IndexView, readIndex } from '../git/index/index-file.ts';
import type { TreeEntry } from '../git/objects/tree.ts';
import type { Repository } from '../git/repository.ts';
import { type Content, type Image, isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import { contentOf } from '../platform/target.ts';

/** What surrounds a set of targets: asked of git once for a whole batch. */
export interface Surroundings {
  readonly head: string | null;
  readonly tree: ReadonlyMap<string, TreeEntry>;
  readonly index: IndexView;
  readonly converted: ReadonlySet<string>;
  /** What is committed counts, whatever stands at the root: the work is done apart from it. */
  readonly isPinned: boolean;
}

const NO_INDEX: IndexView = { entries: new Map(), conflicts: new Map() };

export async function lookAround(
  repo: Repository,
  head: string | null,
  paths: readonly string[],
  isPinned = false,
): Promise<Surroundings> {
  const inside = [...new Set(paths.filter((p) => !isOutside(p)))];
  const [tree, converted] = await Promise.all([repo.trees.entries(head, inside), convertedPaths(repo, inside)]);
  // reading it costs with the repository's size, so not where nothing is looked up
  const index = isPinned || inside.length === 0 ? NO_INDEX : readIndex(repo.gitDir, inside);
  return { head, tree, index, converted, isPinned };
}

/** One target as the plan sees it. */
export interface Seen {
  readonly path: string;
  /** What the plan builds on: what HEAD has, where that differs from the disk. */
  readonly content: Content | null;
  readonly image: Image | null;
  /** What stands on disk instead: somebody's uncommitted work, unless it is what the order would write anyway. */
  readonly dirty: { readonly content: Content | null } | null;
}

/**
 * Reads a target; one that is to be restored as it stands on disk, whatever is committed. Throws PATH_DENIED for what is no plain file.
 */
export async function seeTarget(repo: Repository, path: string, around: Surroundings, restored = false): Promise<Seen> {
  const content =
    around.isPinned && !isOutside(path) ? null : contentOf(isOutside(path) ? path : join(repo.root, path));
  if (isOutside(path)) return { path, content, image: await imageOf(repo, path, content, false), dirty: null };
  const entry = around.tree.get(path);
  if (entry?.type === 'commit') throw new WaybillError('PATH_DENIED', `${path} is a submodule`);
  for (let p = path; p.includes('/'); ) {
    p = p.slice(0, p.lastIndexOf('/'));
    if (around.tree.get(p)?.type === 'commit')
      throw new WaybillError('PATH_DENIED', `${path} lies in the submodule ${p}`);
  }
  const converted = around.converted.has(path);
  if (around.isPinned) {
    const committed = await pinnedContent(repo, path, around);
    return { path, content: committed, image: await imageOf(repo, path, committed, converted), dirty: null };
  }
  const image = await imageOf(repo, path, content, converted);
  const clean =
    entry === undefined ? image === null : image !== null && entry.id === image.blob && entry.mode === image.mode;
  if (clean || restored) return { path, content, image, dirty: null };
  if (entry === undefined || entry.type !== 'blob') return { path, content: null, image: null, dirty: { content } };
  const committed = await committedContent(repo, path, entry, around.head ?? '', converted);
  return { path, content: committed, image: await imageOf(repo, path, committed, converted), dirty: { content } };
}

async function pinnedContent(repo: Repository, path: string, around: Surroundings): Promise<Content | null> {
  const entry = around.tree.get(path);
  if (entry?.type === 'tree') throw new WaybillError('PATH_DENIED', `${path} is a folder`);
  if (entry === undefined) return null;
  return committedContent(repo, path, entry, around.head ?? '', around.converted.has(path));
}

/** A file as a commit has it, in the bytes that stand on disk where it is checked out. Throws PATH_DENIED for what is no plain file. */
export async function committedContent(
  repo: Repository,
  path: string,
  entry: TreeEntry,
  head: string,
  converted: boolean,
): Promise<Content> {
  if (entry.mode !== '100644' && entry.mode !== '100755')
    throw new WaybillError('PATH_DENIED', `${path} has mode ${entry.mode} in git`);
  const bytes = converted
    ? await repo.git.run(['cat-file', '--filters', `${head}:${path}`])
    : await repo.git.run(['cat-file', 'blob', entry.id]);
  return { mode: entry.mode, bytes };
}
