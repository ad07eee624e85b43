import { staleLock } from '../../git/busy.ts';
import { closeRepository, openRepository } from '../../git/repository.ts';
import { asWaybillError } from '../../order/error.ts';
import { refuseTracked } from '../exclude.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';

/** An index.lock that is older belongs to nobody who still works. */
const OLD_LOCK_MS = 60_000;

/** Whether the station's repository is one that Waybill can write safely, and free to be written. */
export const REPOSITORY: Check = {
  name: 'repository',
  look: async ({ station }) => {
    if (station === null) return [];
    const remarks: Remark[] = [];
    try {
      const repo = await openRepository(station.root);
      try {
        await refuseTracked(repo, station.settings);
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
