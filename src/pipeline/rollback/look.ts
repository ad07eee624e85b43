import { lookAround, seeTarget } from '../../execute/look.ts';
import { convertedPaths } from '../../git/conversion.ts';
import { commitsByOrder, isInHistory } from '../../git/history.ts';
import { changesBetween, type TreeChange } from '../../git/snapshot/read.ts';
import { commitsTouching, firstParentsSince, reverseOnto } from '../../git/snapshot/reverse.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { fenceOf, resolveTarget } from '../../policy/fence.ts';
import { loadPolicy, type Policy } from '../../policy/policy.ts';
import type { Station } from '../../station/station.ts';
import { blobText } from './blob-text.ts';
import { type Hindrance, type Looked, planRollback, type RollbackItem, type RollbackWishes } from './plan.ts';
import { closedByPolicy, type Protection, protectedComponents } from './protection.ts';

/** What is to be taken back: what an order landed, one commit, or all since a commit. */
export type RollbackOf =
  | { readonly kind: 'order'; readonly woId: string; readonly commits: readonly string[] }
  | { readonly kind: 'commit'; readonly name: string }
  | { readonly kind: 'since'; readonly name: string };

export interface RollbackPlan {
  /** As people say it: `WO-1`, `commit 3f2a91c0de`, `everything since 3f2a91c0de`. */
  readonly what: string;
  /** The same for file names and ids. */
  readonly slug: string;
  /** HEAD, on which the plan is built. */
  readonly head: string;
  /** What the branch would hold; of no use for paths that are refused. */
  readonly tree: string;
  /** The commits whose changes go, newest first. */
  readonly commits: readonly string[];
  readonly items: readonly RollbackItem[];
}

/**
 * Looks what taking something back comes to, and changes nothing. Throws NOT_REVERTIBLE for a merge, a commit that is not of this branch,
 * and what changed nothing.
 */
export async function lookAtRollback(
  station: Station,
  of: RollbackOf,
  wishes: RollbackWishes,
  components: Protection = protectedComponents(station),
): Promise<RollbackPlan> {
  const { repo } = station;
  const head = headOf(station);
  const { commits, what, slug, base } = await resolve(station, of, head);
  const { tree, conflicts } =
    base === null ? await reverseOnto(repo, head, commits) : { tree: base, conflicts: [] as string[] };
  const changes = await changesBetween(repo.git, head, tree);
  const known = new Set(changes.map((c) => c.path));
  for (const path of conflicts) if (!known.has(path)) changes.push({ path, before: null, after: null });
  if (changes.length === 0)
    throw new WaybillError(
      'NOT_REVERTIBLE',
      `${what}: the branch has nothing of it any more, so there is nothing to take back`,
    );
  const oldest = commits.at(-1);
  const newest = commits[0];
  const paths = changes.map((c) => c.path);
  const later = newest === undefined || base !== null ? [] : await commitsTouching(repo, newest, head, paths);
  const moved =
    oldest === undefined || newest === undefined || base !== null
      ? new Set<string>()
      : new Set((await changesBetween(repo.git, newest, head)).map((c) => c.path));
  const policy = loadPolicy(station.layout.root);
  const hindrances = await hindrancesOf(station, policy, head, changes);
  const closed = closedByPolicy(station, policy);
  const looked: Looked[] = changes.map((change) => ({
    change,
    merged: moved.has(change.path) && change.after !== null,
    hindrance: conflicts.includes(change.path)
      ? { kind: 'conflict', why: 'later commits changed the same lines, or deleted or moved it' }
      : (hindrances.get(change.path) ?? null),
    component: components(change.path),
    closed: closed(change.path),
  }));
  return { what, slug, head, tree, commits, items: planRollback(looked, later, wishes) };
}

/** The commit that is checked out. Throws NOT_REVERTIBLE where there is none yet. */
export function headOf(station: Station): string {
  const tip = station.repo.refs.checkedOut();
  if (tip === null) throw new WaybillError('NOT_REVERTIBLE', 'the branch has no commit yet');
  return tip;
}

/** `base` is a commit to go back to as a whole; null where single commits are taken out. */
async function resolve(
  station: Station,
  of: RollbackOf,
  head: string,
): Promise<{ commits: readonly string[]; what: string; slug: string; base: string | null }> {
  const { git } = station.repo;
  if (of.kind === 'order') {
    const commits = await commitsOfOrder(station, of.woId, of.commits, head);
    return { commits, what: of.woId, slug: of.woId.replace(/^WO-/i, ''), base: null };
  }
  const found = await git.try(['rev-parse', '--verify', '--quiet', '--end-of-options', `${of.name}^{commit}`]);
  const id = found.stdout.toString('utf8').trim();
  if (found.exitCode !== 0)
    throw new WaybillError(
      'UNKNOWN_ORDER',
      `${JSON.stringify(of.name)} is ${of.kind === 'since' ? 'no commit' : 'neither an order nor a commit'} here`,
      {
        hint: '`waybill ls` lists orders, `git log --oneline` commits.',
      },
    );
  const short = id.slice(0, 10);
  if (of.kind === 'since') {
    const commits = await firstParentsSince(station.repo, id, head);
    if (commits === null)
      throw new WaybillError('NOT_REVERTIBLE', `${of.name} (${short}) is not a commit of this branch itself`, {
        hint: '`git log --first-parent --oneline` lists those to which it can go back.',
      });
    return { commits, what: `everything since ${short}`, slug: `to-${short}`, base: id };
  }
  if (!(await isInHistory(git, id, head)))
    throw new WaybillError('NOT_REVERTIBLE', `${short} is not in the history of what is checked out`);
  return { commits: [id], what: `commit ${short}`, slug: short, base: null };
}

/** The commits that an order landed, as the branch has them now: a rebase gives them other ids and leaves their trailer. */
async function commitsOfOrder(
  station: Station,
  woId: string,
  recorded: readonly string[],
  head: string,
): Promise<string[]> {
  const { git } = station.repo;
  const there: string[] = [];
  for (const id of recorded) if (await isInHistory(git, id, head)) there.unshift(id);
  if (there.length > 0) return there;
  const rewritten = recorded.length === 0 ? undefined : (await commitsByOrder(git, head)).get(woId);
  if (rewritten !== undefined) return [rewritten];
  throw new WaybillError(
    'NOT_REVERTIBLE',
    recorded.length === 0
      ? `${woId} made no commit: it changed nothing that git has`
      : `the commits of ${woId} are not in the history of what is checked out`,
  );
}

/** What stands in the way of each path, for those where something does. */
export async function hindrancesOf(
  station: Station,
  policy: Policy,
  head: string,
  changes: readonly TreeChange[],
): Promise<Map<string, Hindrance>> {
  const { repo } = station;
  const found = new Map<string, Hindrance>();
  const no = (path: string, why: string) => found.set(path, { kind: 'not for orders', why });
  const paths = changes.map((c) => c.path);
  const around = await lookAround(repo, head, paths);
  const converted = await convertedPaths(repo, paths);
  for (const { path, before, after } of changes) {
    const odd = [before, after].find((side) => side !== null && !['100644', '100755'].includes(side.mode));
    if (odd !== undefined && odd !== null) {
      no(
        path,
        odd.mode === '160000' ? 'it is a submodule' : 'it is a symbolic link, and orders write plain files only',
      );
      continue;
    }
    try {
      if (resolveTarget(fenceOf(station, policy), path) !== path) {
        no(path, 'a folder above it is a symbolic link');
        continue;
      }
      const { dirty } = await seeTarget(repo, path, around);
      if (dirty === null) continue;
      const wanted = after === null ? null : await blobText(repo, path, after.id, converted.has(path));
      const same =
        dirty.content === null || wanted === null
          ? dirty.content === wanted
          : dirty.content.bytes.equals(wanted) && dirty.content.mode === after?.mode;
      if (!same) {
        const why =
          before === null
            ? 'a file that is not committed stands there'
            : dirty.content === null
              ? 'it is deleted on disk, and that is not committed'
              : 'it has changes that are not committed';
        found.set(path, { kind: 'dirty', why });
      }
    } catch (thrown) {
      no(path, asWaybillError(thrown).message.replace(`${path}: `, ''));
    }
  }
  return found;
}
