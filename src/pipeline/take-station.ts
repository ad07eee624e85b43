import type { Log } from '../platform/log.ts';
import type { Station } from '../station/station.ts';
import { VERSION } from '../station/version.ts';
import { recover } from './recover.ts';
import { continueAfterLoss, finishGap } from './restore/gap.ts';
import { beginRun } from './restore/show-again.ts';
import { Runtime } from './runtime.ts';

/**
 * Takes the station: its lock, what lives in it, what was lost, what the run before left undone. Who takes it closes it, and calls endRun()
 * when all that it wrote is shown. `began` sees the runtime before anything is recorded. Throws what Runtime.open() throws.
 */
export async function takeStation(
  station: Station,
  log: Log,
  step?: Runtime['step'],
  began: (rt: Runtime) => void = () => {},
): Promise<Runtime> {
  const rt = await Runtime.open(station, log, step);
  try {
    began(rt);
    const before = beginRun(station);
    const gap = continueAfterLoss(rt);
    const data = { station: station.id, pid: process.pid, version: VERSION };
    rt.record([{ event: 'opened', woId: null, attempt: 0, from: null, to: null, data }]);
    await recover(rt, before);
    if (gap !== null) await finishGap(rt, gap);
    return rt;
  } catch (error) {
    rt.close();
    throw error;
  }
}
