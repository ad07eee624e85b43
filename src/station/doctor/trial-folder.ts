import { join } from 'node:path';
import { removeTree } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { shortRandom } from '../../platform/ids.ts';

/** Makes a hidden folder in `parent` for something to be tried in, and removes it with all in it, however the trial ends. */
export async function inTrialFolder<T>(parent: string, trial: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = join(parent, `.waybill-doctor-${process.pid}-${shortRandom(8)}`);
  fs.mkdirSync(folder);
  try {
    return await trial(folder);
  } finally {
    removeTree(folder);
  }
}
