import { join } from 'node:path';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { ResultDocument } from '../../order/generated.ts';
import { pause } from '../../platform/clock.ts';
import { exists } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import { handIn, isTaken, laneOf, refusalOf, type Waiting } from '../drop.ts';
import type { Given } from '../input.ts';
import { note, plain } from '../output.ts';
import { HOW_TO_START, readState, runningStation, stationOf } from '../station.ts';
import { LOOK_MS, rest, telling, workHere } from './follow.ts';
import type { SpineOptions } from './options.ts';
import { outcomeOf, refusedOutcome, tellOutcome } from './outcome.ts';
import { Steps } from './steps.ts';
import { readTask } from './task.ts';

/** Hands a mission in, and follows it until it ends or waits for somebody. Nothing is handed in of what intake would refuse. */
export async function run(about: string, options: SpineOptions): Promise<void> {
  const station = await stationOf(options);
  const json = options.json === true;
  const id = typeof options['id'] === 'string' ? options['id'] : null;
  const task = await readTask(about, id, station.settings.intake);
  const lane = laneOf(station, options);
  if (!json) for (const { code, message } of task.warnings) note(`${code}: ${plain(message)}`);
  const steps = json ? null : new Steps(station, task.woId);
  const refusal = await carryOut(station, { ...task.given, lane, woId: task.woId }, options, steps);
  tellOutcome(refusal === null ? await outcomeOf(station, task.woId) : refusedOutcome(refusal, task.woId, lane), json);
}

/**
 * Hands an order in, and follows it until it ends or waits for somebody; where no station process runs, it is done here. Returns the rejection of this
 * very file; null where there is an order of it. Throws STATION_NOT_RUNNING.
 */
export async function carryOut(
  station: Station,
  order: Given & { readonly lane: string; readonly woId: string },
  options: SpineOptions,
  steps: Steps | null,
): Promise<ResultDocument | null> {
  const { woId, lane } = order;
  const isRunning = runningStation(station) !== null;
  const waiting = handIn(station, order);
  if (options.json !== true)
    note(`${woId}  handed in, lane ${lane}${isRunning ? '' : '; no station process runs, so it is done here'}`);
  await telling(steps, async () => {
    if (!isRunning) await workHereOrThere(options);
    await taken(station, waiting);
    const refusal = refusalOf(station, waiting);
    // an id of its own that is known already, as somebody else's, is none of it
    if (refusal === null) await rest(station, woId);
  });
  return refusalOf(station, waiting);
}

/** The same text under the same id, which is alive already, changes nothing that could be seen. */
const TAKEN_MS = 3000;

/** Throws STATION_NOT_RUNNING where the station ends before it has taken what was handed in. */
async function taken(station: Station, waiting: Waiting): Promise<void> {
  const path = join(station.layout.commands, `${waiting.claim}.json`);
  for (let goneAt: number | null = null; ; await pause(LOOK_MS)) {
    const isRunning = runningStation(station) !== null;
    if (isTaken(station, waiting) || refusalOf(station, waiting) !== null) return;
    if (!exists(path)) goneAt ??= Date.now();
    if (goneAt !== null && Date.now() - goneAt > TAKEN_MS && readState(station, waiting.woId) !== null) return;
    if (!isRunning)
      throw new WaybillError('STATION_NOT_RUNNING', `the station stopped while ${waiting.woId} waited`, {
        hint: HOW_TO_START,
      });
  }
}

/** Whoever takes the station between a look and the lock does the work just as well. */
export async function workHereOrThere(options: SpineOptions, startsNothing = false): Promise<void> {
  try {
    await workHere(options, startsNothing);
  } catch (thrown) {
    if (asWaybillError(thrown).code !== 'STATION_HELD') throw thrown;
  }
}
