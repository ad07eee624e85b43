import { short, staleLock, whyBusy } from '../../git/busy.ts';
import type { StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { processesIn } from '../../platform/processes.ts';
import type { Station } from '../../station/station.ts';
import { fact, type NextStep, type Part, run } from './explanation.ts';

/** What ends each thing that may be under way, as git says it. */
const ENDINGS: readonly [RegExp, NextStep][] = [
  [/^a merge/, run('end the merge: commit it, or', 'git merge --abort')],
  [/^a rebase/, run('end the rebase: git rebase --continue, or', 'git rebase --abort')],
  [/^a cherry-pick/, run('end the cherry-pick: git cherry-pick --continue, or', 'git cherry-pick --abort')],
  [/^a revert/, run('end the revert: git revert --continue, or', 'git revert --abort')],
  [/^a bisect/, run('end the bisect', 'git bisect reset')],
  [/^an editor/, { what: 'end the commit whose message is open in an editor', command: null }],
  [/^the branch is checked out in the work tree/, run('see which work tree has the branch', 'git worktree list')],
];

/** A wait for the repository: what stands in the way now, who is at it, and how that ends. It goes on by itself when the way is free. */
export function forRepository({ repo, settings }: Station, state: StateDocument, life: OrderLife | null): Part {
  const head = repo.refs.head();
  const wanted =
    settings.git.branch === null ? (head.kind === 'branch' ? head.ref : null) : `refs/heads/${settings.git.branch}`;
  const started = life?.started?.branch ?? '';
  const branch = started === '' ? wanted : started;
  const switchBack: NextStep | null =
    branch === null || (head.kind === 'branch' && head.ref === branch)
      ? null
      : run(`go back to ${short(branch)}`, `git switch ${short(branch)}`);
  const busy = branch === null ? 'HEAD is detached' : whyBusy(repo, branch);
  const lock = staleLock(repo, 0);
  const pids = processesIn(repo.root, 'git');
  const ending = ENDINGS.find(([pattern]) => busy !== null && pattern.test(busy))?.[1];
  const next = [
    ...(ending === undefined ? [] : [ending]),
    ...(switchBack === null ? [] : [switchBack]),
    ...(head.kind === 'detached' && switchBack === null ? [run('go to a branch', 'git switch BRANCH')] : []),
    ...(lock === null || pids.length > 0
      ? []
      : [run('remove the lock that a git command left, once you know that none runs', 'rm .git/index.lock')]),
  ];
  const isFree = busy === null && lock === null && switchBack === null;
  return {
    released_by: ['the repository, once nothing stands in the way: the station looks every second'],
    facts: [
      fact('recorded', state.progress ?? 'nothing'),
      fact(
        'now',
        isFree ? 'nothing of that is in the way any more' : [busy, lock].filter((why) => why !== null).join('; '),
      ),
      ...(pids.length === 0 ? [] : [fact('at work here', `git, process ${pids.join(', ')}`)]),
    ].filter(({ text }) => text !== ''),
    next,
  };
}
