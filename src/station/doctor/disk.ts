import { join } from 'node:path';
import { exists, syncDir, writeNew, writeUnsynced } from '../../platform/durable.ts';
import { errno, fs } from '../../platform/fs.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';
import { whyNoLock } from './lock.ts';
import type { StationSubject } from './subject.ts';
import { inTrialFolder } from './trial-folder.ts';

/** Whether the disk does what Waybill's promises rest upon, really tried at the root and in the git folder. */
export const DISK: Check = {
  name: 'disk',
  look: async ({ station }) => {
    if (station === null) return [];
    const { root, gitDir } = station;
    const remarks: Remark[] = [];
    for (const place of [root, ...(gitDir === null ? [] : [gitDir])]) {
      const tried = await tryPlace(place, place === gitDir);
      remarks.push(...tried, ...kindOf(place));
    }
    if (gitDir !== null) remarks.push(...apart(station, gitDir));
    return remarks;
  },
};

async function tryPlace(place: string, withLock: boolean): Promise<Remark[]> {
  try {
    return await inTrialFolder(place, async (folder) => {
      const remarks = TRIALS.flatMap((trial) => whyFailed(place, folder, trial));
      const noLock = withLock ? await whyNoLock(folder) : null;
      if (noLock !== null) remarks.push({ ...noLock, message: `${place}: ${noLock.message}` });
      if (remarks.length > 0) return remarks;
      writeUnsynced(join(folder, 'name'), '');
      const capitals = exists(join(folder, 'NAME')) ? '; names that differ in capitals only are one file here' : '';
      return [fine(`rename, hard link, swap${withLock ? ', sync and lock' : ' and sync'} work in ${place}${capitals}`)];
    });
  } catch (error) {
    return [fault(`nothing can be tried in ${place}: ${errno(error) ?? String(error)}`, 'See the check of folders.')];
  }
}

interface Trial {
  readonly what: string;
  readonly needed: string;
  /** Gets a folder of its own, with two files in it: `one` and `two`, which hold their names. */
  readonly run: (folder: string) => void;
}

const TRIALS: readonly Trial[] = [
  {
    what: 'writing and syncing a file',
    needed: 'what is reported as done could vanish with a power loss',
    run: (folder) => {
      writeNew(join(folder, 'three'), 'three');
      syncDir(folder);
    },
  },
  {
    what: 'an atomic swap of two files',
    needed: 'a file cannot be replaced without an instant in which it is missing',
    run: (folder) => {
      fs.swapSync(join(folder, 'one'), join(folder, 'two'));
      const [one, two] = ['one', 'two'].map((name) => fs.readFileSync(join(folder, name), 'utf8'));
      if (one !== 'two' || two !== 'one') throw new Error('the files are not exchanged');
    },
  },
  {
    what: 'a hard link',
    needed: 'a new file cannot be put in place without a chance to replace another',
    run: (folder) => {
      fs.linkSync(join(folder, 'one'), join(folder, 'linked'));
      if (fs.statSync(join(folder, 'linked')).ino !== fs.statSync(join(folder, 'one')).ino)
        throw new Error('the link is a copy');
      try {
        fs.linkSync(join(folder, 'two'), join(folder, 'linked'));
      } catch (error) {
        if (errno(error) === 'EEXIST') return;
        throw error;
      }
      throw new Error('a link replaced a file');
    },
  },
  {
    what: 'a rename',
    needed: 'orders cannot be claimed',
    run: (folder) => {
      fs.renameSync(join(folder, 'two'), join(folder, 'renamed'));
      if (exists(join(folder, 'two')) || !exists(join(folder, 'renamed'))) throw new Error('both names are there');
    },
  },
];

function whyFailed(place: string, folder: string, { what, needed, run }: Trial): Remark[] {
  try {
    const own = join(folder, what.replaceAll(' ', '-'));
    for (const name of ['one', 'two']) writeUnsynced(join(own, name), name);
    run(own);
    return [];
  } catch (error) {
    const why = errno(error) ?? (error instanceof Error ? error.message : String(error));
    return [fault(`${what} does not work in ${place} (${why}): ${needed}`, ANOTHER_DISK)];
  }
}

const ANOTHER_DISK = 'Put the repository on a local disk: ext4, xfs, btrfs, zfs or APFS.';

/** Numbers of statfs(2) on Linux. */
const KINDS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  4283649346: 'SMB',
  4266872130: 'SMB',
  16914839: '9p',
  1702057286: 'FUSE',
};
const TMPFS = 16914836;

function kindOf(place: string): Remark[] {
  if (process.platform !== 'linux') return [];
  const { type } = fs.statfsSync(place);
  if (type === TMPFS) return [warning(`${place} lies in memory: it is gone when the machine goes down`, ANOTHER_DISK)];
  const kind = KINDS[type];
  if (kind === undefined) return [];
  return [
    warning(
      `${place} is on ${kind}: what other machines write there is seen only by the scan, not at once`,
      ANOTHER_DISK,
    ),
  ];
}

function apart({ root, layout }: StationSubject, gitDir: string): Remark[] {
  const [tree, git] = [fs.statSync(root).dev, fs.statSync(gitDir).dev];
  const remarks: Remark[] = [];
  if (tree !== git)
    remarks.push(
      warning(
        `${root} and ${gitDir} are on two file systems: files are copied where they could be moved`,
        'It works, but takes longer; put both on one disk if you can.',
      ),
    );
  if (exists(layout.inbox) && fs.statSync(layout.inbox).dev !== git && tree === git)
    remarks.push(
      warning(`${layout.inbox} is on another file system than ${gitDir}: claims are copied`, 'Put both on one disk.'),
    );
  return remarks;
}
