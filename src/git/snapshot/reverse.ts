import { WaybillError } from '../../order/error.ts';
import { gitFailed } from '../git.ts';
import { EMPTY_TREE } from '../objects/trees.ts';
import type { Repository } from '../repository.ts';

/** What a branch would hold with commits taken out of it. */
export interface Reversed {
  readonly tree: string;
  /** Where later commits changed the same lines: there the tree is of no use. */
  readonly conflicts: readonly string[];
}

/** Commits that only carry trees to a merge: always the same for the same trees, so that asking twice leaves nothing behind. */
const NOBODY = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'Waybill'],
    [`GIT_${who}_EMAIL`, 'waybill@localhost'],
    [`GIT_${who}_DATE`, '@0 +0000'],
  ]),
);

/**
 * Takes what each of these commits changed out of what `head` holds: git's own three-way merge, with renames, for one after the other, the newest first.
 * Writes objects that nothing refers to. Throws NOT_REVERTIBLE for a merge, GIT_FAILED.
 */
export async function reverseOnto(repo: Repository, head: string, commits: readonly string[]): Promise<Reversed> {
  const { git } = repo;
  const commit = async (tree: string, parents: readonly string[]) => {
    const args = ['commit-tree', tree, ...parents.flatMap((p) => ['-p', p])];
    return (await git.run(args, { input: 'waybill: reverse\n', env: NOBODY })).toString('utf8').trim();
  };
  const treeOf = (id: string) => git.text(['rev-parse', '--verify', '--end-of-options', `${id}^{tree}`]);
  let tree = await treeOf(head);
  const conflicts = new Set<string>();
  for (const id of commits) {
    const parent = await onlyParent(repo, id);
    // what `git merge-tree --merge-base` does, which git has from 2.40 on only
    const base = await commit(await treeOf(id), []);
    const ours = await commit(tree, [base]);
    const theirs = await commit(parent === null ? EMPTY_TREE : await treeOf(parent), [base]);
    const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', ours, theirs];
    const result = await git.try(args);
    const [merged = '', ...paths] = result.stdout
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '');
    if (result.exitCode > 1 || !/^[0-9a-f]{40}$/.test(merged)) throw gitFailed(args, result);
    for (const path of paths) conflicts.add(path);
    tree = merged;
  }
  return { tree, conflicts: [...conflicts] };
}

/** A commit's parent, null for the first commit of all. Throws NOT_REVERTIBLE for a merge. */
async function onlyParent(repo: Repository, id: string): Promise<string | null> {
  const [, ...parents] = (await repo.git.text(['rev-list', '--parents', '-n', '1', id])).split(' ');
  if (parents.length > 1)
    throw new WaybillError('NOT_REVERTIBLE', `${id.slice(0, 10)} is a merge of ${parents.length} parents`, {
      hint: `Which side stays is not for a program to guess: \`waybill rollback --to ${id.slice(0, 10)}^\` goes back to before it, or take its commits back one by one.`,
    });
  return parents[0] ?? null;
}

const MOST_PATHS = 1000;

/** A commit that touched some of the paths asked for. */
export interface Touching {
  readonly id: string;
  readonly subject: string;
  /** The order that made it, by its trailer. */
  readonly woId: string | null;
  readonly paths: readonly string[];
}

/** The commits after `from` up to `to` that touched these paths, newest first. */
export async function commitsTouching(
  repo: Repository,
  from: string,
  to: string,
  paths: readonly string[],
): Promise<Touching[]> {
  if (paths.length === 0) return [];
  const format = '--format=%x01%H%x02%s%x02%(trailers:key=Work-Order,valueonly,separator=%x20)%x02';
  const args = ['--literal-pathspecs', 'log', '--no-renames', '--name-only', '-z', format, `${from}..${to}`, '--'];
  // so many do not fit on a command line; then all are asked for
  const some = paths.length > MOST_PATHS ? [] : paths;
  const out = (await repo.git.run([...args, ...some])).toString('utf8');
  return out
    .split('\x01')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [id = '', subject = '', woId = '', files = ''] = part.split('\x02');
      const touched = files
        .split('\0')
        .map((name) => name.replace(/^\n+/, ''))
        .filter((name) => name !== '');
      return { id, subject, woId: woId.trim() === '' ? null : woId.trim(), paths: touched };
    });
}

/** The commits of a branch after `from`, along first parents, newest first; null where `from` is not on it. */
export async function firstParentsSince(repo: Repository, from: string, head: string): Promise<string[] | null> {
  const since: string[] = [];
  for await (const id of repo.git.pieces(['rev-list', '--first-parent', head])) {
    if (id === from) return since;
    since.push(id);
  }
  return null;
}
