import { fs } from '../../platform/fs.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';

const MB = 1024 * 1024;

/** With less than so many times what intake asks for, it is time to make room. */
const SOON = 5;

/** So many new files are a few hundred orders; with fewer it is over. */
const FEW_INODES = 50_000;
const NO_INODES = 1000;

/** Whether there is room: intake waits below `intake.min_free_mb`. */
export const SPACE: Check = {
  name: 'space',
  look: ({ station }) => {
    if (station === null) return [];
    const { root, gitDir, settings } = station;
    const places = gitDir === null || fs.statSync(root).dev === fs.statSync(gitDir).dev ? [root] : [root, gitDir];
    return places.flatMap((place) => roomAt(place, settings.intake.minFreeMb));
  },
};

function roomAt(place: string, minFreeMb: number): Remark[] {
  const { bavail, bsize, files, ffree } = fs.statfsSync(place);
  const freeMb = Math.floor((bavail * bsize) / MB);
  const remarks: Remark[] = [];
  const mend = 'Make room: `waybill keep prune`, old evidence, `git gc`, or other files on this disk.';
  if (freeMb < minFreeMb)
    remarks.push(fault(`${freeMb} MB are free at ${place}: intake waits below ${minFreeMb} MB`, mend));
  else if (freeMb < minFreeMb * SOON) remarks.push(warning(`only ${freeMb} MB are free at ${place}`, mend));
  // btrfs and others make inodes as they need them, and count none
  if (files > 0 && ffree < NO_INODES)
    remarks.push(fault(`${ffree} more files fit at ${place}`, 'Remove folders of many small files.'));
  else if (files > 0 && ffree < FEW_INODES)
    remarks.push(warning(`only ${ffree} more files fit at ${place}`, 'Remove folders of many small files.'));
  return remarks.length > 0 ? remarks : [fine(`${freeMb} MB are free at ${place}`)];
}
