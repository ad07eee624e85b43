import { join } from 'node:path';
import { staleLock } from '../../git/busy.ts';
import { Git, whatGitSaid } from '../../git/git.ts';
import { closeRepository, openRepository } from '../../git/repository.ts';
import { asWaybillError } from '../../order/error.ts';
import { exists } from '../../platform/durable.ts';
import { refuseTracked, tellTracked, trackedShown } from '../exclude.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';

/** An index.lock that is older belongs to nobody who still works. */
const OLD_LOCK_MS = 60_000;

/** Whether the station's repository is one that Waybill can write safely, and free to be written. */
export const REPOSITORY: Check = {
  name: 'repository',
  look: async ({ station }) => {
    if (station === null) return [];
    if (station.gitDir === null && exists(join(station.root, '.git'))) return [await whyNotFound(station.root)];
    const remarks: Remark[] = [];
    try {
      const repo = await openRepository(station.root);
      try {
        await refuseTracked(repo, station.settings);
        const shown = tellTracked(await trackedShown(repo, station.settings));
        if (shown !== null) remarks.push(warning(shown.message, shown.mend));
        const lock = staleLock(repo, OLD_LOCK_MS);
        if (lock !== null) remarks.push(warning('nothing can land while .git/index.lock is there', `${lock}.`));
        if (repo.refs.head().kind === 'detached')
          remarks.push(warning('HEAD is detached: orders wait', 'Check out a branch: `git switch main`.'));
      } finally {
        await closeRepository(repo);
      }
    } catch (thrown) {
      const { message, hint } = asWaybillError(thrown);
      return [fault(message, hint)];
    }
    return remarks.length > 0 ? remarks : [fine(`the repository of ${station.root} can be written safely`)];
  },
};

/** There is a .git, but git does not take it: broken, or somebody else's (`safe.directory`). Git's own words tell. */
async function whyNotFound(root: string): Promise<Remark> {
  const { stderr } = await new Git(root).try(['rev-parse', '--git-dir']);
  const said = whatGitSaid(stderr).join(' ') || 'it said nothing';
  return fault(
    `git does not take ${join(root, '.git')} for a repository: ${said}`,
    'Run Waybill as the user who owns the repository, or bring .git back; its records are in .git/waybill.',
  );
}
