import { BACKLOG_FILES } from '../order/bookkeeping.ts';
import { VERSION } from '../station/version.ts';
import { recover } from './recover.ts';
import { continueAfterLoss, finishGap } from './restore/gap.ts';
import { beginRun } from './restore/show-again.ts';
import type { Runtime } from './runtime.ts';

/**
 * Takes up a station that was just opened: what was lost, what the run before left undone. Whoever did so calls endRun() when all that it
 * wrote is shown. Throws LOCK_LOST, IO_ERROR.
 */
export async function takeUp(rt: Runtime): Promise<void> {
  const before = beginRun(rt.station);
  const gap = continueAfterLoss(rt);
  const { demo, backlog } = rt.station.settings;
  const data = {
    ...{ station: rt.station.id, pid: process.pid, version: VERSION },
    ...(demo ? { demo: true as const } : {}),
    ...(backlog.files === BACKLOG_FILES ? {} : { backlog: backlog.files }),
  };
  rt.record([{ event: 'opened', woId: null, attempt: 0, from: null, to: null, data }]);
  await recover(rt, before);
  if (gap !== null) await finishGap(rt, gap);
}
