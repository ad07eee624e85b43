import { isTerminal } from '../../order/transition.ts';
import { answered } from '../../pipeline/commands/answered.ts';
import { sendCommand } from '../../pipeline/commands/send-command.ts';
import { now } from '../../platform/clock.ts';
import { outcomeOf } from '../../views/missions/mission-outcome.ts';
import { runningStation, stateOf } from '../../views/order-state.ts';
import { usage } from '../output.ts';
import { stationOf } from '../station.ts';
import { rest } from './follow.ts';
import type { SpineOptions } from './options.ts';
import { tellOutcome } from './outcome.ts';
import { workHereOrThere } from './run.ts';

/** An agent at work is ended first, so an answer may take as long as that. */
const ANSWER_MS = 60_000;

/**
 * Ends a mission, and waits until it has ended: then no process of it lives any more. Where no station runs, what a killed one left is settled
 * here, and nothing else is started. Throws UNKNOWN_ORDER, ILLEGAL_TRANSITION.
 */
export async function abort(woId: string, options: SpineOptions): Promise<void> {
  const station = await stationOf(options);
  const before = await stateOf(station, woId);
  if (before.type !== 'mission') throw usage(`${woId} is no mission; \`waybill cancel ${woId}\` ends any order`);
  if (before.status !== 'cancelled') {
    const { reason } = options;
    const path = sendCommand(station, {
      v: 1,
      command: 'cancel',
      at: now(),
      wo_id: before.wo_id,
      ...(typeof reason === 'string' ? { reason } : {}),
    });
    if (runningStation(station) === null) await workHereOrThere(options, true);
    await answered(path, ANSWER_MS);
    for (let state = await rest(station, woId); !isTerminal(state.status) && runningStation(station) !== null; )
      state = await rest(station, woId);
  }
  const told = await outcomeOf(station, woId);
  tellOutcome(told, options.json === true);
  // it was to end, and has
  if (told.status === 'cancelled') process.exitCode = 0;
}
