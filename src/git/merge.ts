import { WaybillError } from '../order/error.ts';
import { isInHistory } from './history.ts';
import type { TreeEntry } from './objects/tree.ts';
import type { Repository } from './repository.ts';

/** What becomes of a commit's changes on another tip. */
export type Merged =
  | {
      readonly kind: 'clean';
      /** What the merged tree has at each path where it differs from the tip; null for nothing. */
      readonly changed: ReadonlyMap<string, TreeEntry | null>;
    }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] };

/** A path is merged with the same path, never with one that something was renamed to: policy spoke of this path. */
const SETTINGS = ['-c', 'merge.renames=false', '-c', 'merge.directoryRenames=false'];

/**
 * Merges the changes that `work` makes to its one parent `base` into `tip`, in objects only. Lasts as long as nobody prunes: whoever wants the
 * contents reads them at once. Throws GIT_FAILED.
 */
export async function mergeOnto(repo: Repository, base: string, work: string, tip: string): Promise<Merged> {
  const { git } = repo;
  const [ours, theirs] = (await isInHistory(git, base, tip)) ? [tip, work] : await onOneBase(repo, base, work, tip);
  const args = [...SETTINGS, 'merge-tree', '--write-tree', '--name-only', '-z', '--no-messages', ours, theirs];
  const result = await git.try(args);
  const [tree = '', ...paths] = result.stdout.toString('utf8').split('\0');
  if (result.exitCode === 1 && /^[0-9a-f]{40}$/.test(tree))
    return { kind: 'conflict', paths: paths.filter((path) => path !== '') };
  if (result.exitCode !== 0)
    throw new WaybillError('GIT_FAILED', `git merge-tree ended with ${result.exitCode}: ${result.stderr.trim()}`, {
      hint: 'git 2.38 or newer is needed for it.',
    });
  return { kind: 'clean', changed: await differences(repo, tip, tree) };
}

/** A branch that was set back, or written anew, has not got the base in its history: commits that nobody keeps stand in for the three. */
async function onOneBase(repo: Repository, base: string, work: string, tip: string): Promise<[string, string]> {
  const commit = async (of: string, parent: string[]) =>
    (await repo.git.text(['commit-tree', await repo.trees.ofCommit(of), ...parent, '-m', 'merge'])).trim();
  const parent = await commit(base, []);
  return [await commit(tip, ['-p', parent]), await commit(work, ['-p', parent])];
}

async function differences(repo: Repository, from: string, to: string): Promise<Map<string, TreeEntry | null>> {
  const out = await repo.git.run(['diff-tree', '-r', '-z', '--raw', '--no-renames', '--full-index', from, to]);
  const parts = out.toString('utf8').split('\0');
  const changed = new Map<string, TreeEntry | null>();
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [, mode = '', , id = ''] = (parts[i] ?? '').split(' ');
    const type = mode === '160000' ? 'commit' : 'blob';
    changed.set(parts[i + 1] ?? '', mode === '000000' ? null : { mode, type, id });
  }
  return changed;
}
