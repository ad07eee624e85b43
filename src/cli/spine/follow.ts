import type { StateDocument } from '../../order/generated.ts';
import { isTerminal } from '../../order/transition.ts';
import { runStation } from '../../pipeline/station-process.ts';
import { pause } from '../../platform/clock.ts';
import { openLog } from '../../platform/log.ts';
import { readLives } from '../../record/lives-read.ts';
import { locateStation } from '../../station/locate.ts';
import { redactorOf } from '../../station/redactor.ts';
import { prepareStation, type Station } from '../../station/station.ts';
import { runningStation, stateOf } from '../../views/order-state.ts';
import { stopSignal } from '../stop-signal.ts';
import type { SpineOptions } from './options.ts';
import type { Steps } from './steps.ts';

/** How often a station at work is looked at. */
export const LOOK_MS = 100;

/** Tells the steps of a mission while something is under way. */
export async function telling<T>(steps: Steps | null, work: () => Promise<T>): Promise<T> {
  const timer = steps === null ? null : setInterval(() => steps.look(), LOOK_MS);
  try {
    return await work();
  } finally {
    if (timer !== null) clearInterval(timer);
    steps?.look();
  }
}

/**
 * Works as `waybill up --drain` does, in this process. `startsNothing`: only takes commands, and settles what a killed station left. Throws
 * STATION_HELD where somebody else came first.
 */
export async function workHere(options: SpineOptions, startsNothing = false): Promise<void> {
  const { station } = await prepareStation(await locateStation(options.station));
  const log = openLog(options.json ? 'error' : 'warn', (line) => redactorOf(station.settings).redactText(line));
  await runStation(station, { drain: true, startsNothing, log, signal: stopSignal() });
}

/** Waits until a mission has ended, or waits for longer than a moment, or no station is there to carry it on. */
export async function rest(station: Station, woId: string): Promise<StateDocument> {
  for (; ; await pause(LOOK_MS)) {
    // asked before the state: a station that ends between the two has written it by then
    const isRunning = runningStation(station) !== null;
    const state = await stateOf(station, woId);
    if (!isRunning || isTerminal(state.status)) return state;
    if (state.status === 'parked' && !passes(state) && isNewest(station, state)) return state;
  }
}

/** Whether the state file is as new as the ledger. A moment after a decision it may not be. */
export function isNewest(station: Station, state: StateDocument): boolean {
  const lives = readLives(station.layout.ledger, [{ woId: state.wo_id, born: Number(state.meta['born'] ?? 1) }]);
  return (lives.get(state.wo_id)?.lastSeq ?? 0) <= Number(state.meta['seq'] ?? 0);
}

/** The repository and the pause before a retry pass by themselves. */
function passes({ waiting_for: waitingFor, last_error: error }: StateDocument): boolean {
  return waitingFor === 'repository' || (waitingFor === 'time' && error !== null);
}
