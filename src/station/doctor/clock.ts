import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Git } from '../../git/git.ts';
import { writeUnsynced } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { readHeartbeat } from '../heartbeat.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';
import type { StationSubject } from './subject.ts';
import { inTrialFolder } from './trial-folder.ts';

/** No Waybill is older than this. */
const BEGINNING = Date.parse('2025-01-01T00:00:00Z');
/** What clocks of two machines may differ by. */
const TOLERATED_MS = 5 * 60_000;
const DISK_TOLERATED_MS = 10_000;

const SET_IT =
  'Set the clock, and let the system keep it: `timedatectl set-ntp true`, or Date & Time in System Settings.';

/** Whether the clock tells a time that can be, and no record comes from the future. */
export const CLOCK: Check = {
  name: 'clock',
  look: async ({ station }) => {
    const now = Date.now();
    const shown = new Date(now).toISOString();
    if (now < BEGINNING) return [fault(`the clock says ${shown}`, SET_IT)];
    const remarks = [
      ...(await diskClock(station?.gitDir ?? tmpdir())),
      ...(station === null ? [] : await fromTheFuture(station, now)),
    ];
    return remarks.length > 0 ? remarks : [fine(`the clock says ${shown}`)];
  },
};

/** A disk of another machine stamps files by that machine's clock. */
async function diskClock(place: string): Promise<Remark[]> {
  return inTrialFolder(place, (folder) => {
    const file = join(folder, 'time');
    const before = Date.now();
    writeUnsynced(file, '');
    const { mtimeMs } = fs.statSync(file);
    const off = mtimeMs < before ? before - mtimeMs : Math.max(0, mtimeMs - Date.now());
    if (off <= DISK_TOLERATED_MS) return [];
    return [warning(`files in ${place} get times that are ${Math.round(off / 1000)} s off the clock here`, SET_IT)];
  });
}

async function fromTheFuture({ layout, root, gitDir }: StationSubject, now: number): Promise<Remark[]> {
  const times: [what: string, at: number][] = [['the last heartbeat', Date.parse(readHeartbeat(layout)?.at ?? '')]];
  if (gitDir !== null) {
    const head = await new Git(root).try(['log', '-1', '--format=%ct']);
    times.push(['the last commit', head.exitCode === 0 ? Number(head.stdout.toString('utf8')) * 1000 : Number.NaN]);
  }
  return times
    .filter(([, at]) => at > now + TOLERATED_MS)
    .map(([what, at]) =>
      warning(
        `${what} is from the future (${new Date(at).toISOString()}): this clock is behind, or another was ahead`,
        SET_IT,
      ),
    );
}
