import { lockHolder } from '../../platform/lock.ts';
import { isStopped } from '../../platform/processes.ts';
import { readHeartbeat } from '../heartbeat.ts';
import { VERSION } from '../version.ts';
import { type Check, fault, fine, warning } from './finding.ts';

/** The station beats at each scan, which is every minute at the least. */
const LATE_MS = 5 * 60_000;

/** Whether a station process runs, does something, and is of this build. */
export const RUNNING: Check = {
  name: 'running',
  look: ({ station }) => {
    if (station?.gitDir == null) return [];
    const { layout } = station;
    const holder = lockHolder(layout.lock);
    if (holder === null)
      return [warning('no station process is running: drops wait', 'Start it: `waybill up`, or install its service.')];
    const who = `process ${holder.pid}, since ${holder.since}`;
    if (isStopped(holder.pid))
      return [fault(`the station is stopped (${who}): drops wait`, `Let it go on: \`kill -CONT ${holder.pid}\`.`)];
    const beat = readHeartbeat(layout);
    if (beat === null) return [warning(`the station has not beaten yet (${who})`, 'Look again in a minute.')];
    const silentMs = Date.now() - Date.parse(beat.at);
    if (silentMs > LATE_MS)
      return [
        warning(
          `the station was last heard at ${beat.at} (${who}): it may hang`,
          'Look at `waybill status`; if nothing moves, restart the station: nothing is lost by that.',
        ),
      ];
    if (beat.version !== VERSION)
      return [
        warning(
          `the station runs waybill ${beat.version} (${who}), this is ${VERSION}`,
          'Restart the station: its running build is the old one.',
        ),
      ];
    return [fine(`the station runs (${who})`)];
  },
};
