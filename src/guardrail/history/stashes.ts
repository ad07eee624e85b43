import type { Git } from '../../git/git.ts';
import { objectsAt } from '../../git/past.ts';
import { readReflog } from '../../git/reflog.ts';
import type { Reach, Told, Trace } from './trace.ts';

const MOST_STASHES = 50;

/**
 * What stashes took away: files that were not committed, and changes. `dropped` are stashes that only the hooks' log still knows. Oldest first.
 */
export async function stashed(
  git: Git,
  gitDir: string,
  path: string,
  dropped: readonly Trace[],
  reach: Reach,
): Promise<Told> {
  const listed: Trace[] = [];
  for (const { at, to, message, where } of readReflog(gitDir, 'refs/stash')) {
    if (listed.length === MOST_STASHES) break;
    listed.push({ at, source: 'stash', kind: 'stash', effect: null, text: message, where, to });
  }
  const known = new Set(listed.map(({ to }) => to));
  const all = [...dropped.filter(({ to }) => !known.has(to)), ...listed];
  const ids = all.flatMap(({ to }) => (to === null || to === undefined ? [] : [to, `${to}^1`, `${to}^3`]));
  const objects = await objectsAt(git, ids, path, reach.budget.limits);
  if (ids.length > 0 && objects.size === 0) return { traces: [], notRead: ['stash: no time was left'] };
  const traces = all.flatMap((trace): Trace[] => {
    const taken = objects.get(trace.to ?? '') ?? null;
    const base = objects.get(`${trace.to}^1`) ?? null;
    const untracked = objects.get(`${trace.to}^3`) ?? null;
    if (untracked !== null || (taken !== null && base === null))
      return [{ ...trace, effect: 'vanished', from: untracked === null ? (trace.to ?? null) : `${trace.to}^3` }];
    // changes that were not committed went into the stash; what the last commit has came back
    if (taken !== null && taken !== base) return [{ ...trace, effect: 'changed', from: trace.to ?? null }];
    return [];
  });
  return { traces: traces.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), notRead: [] };
}
