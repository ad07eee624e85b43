import { join } from 'node:path';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { ResultDocument } from '../../order/generated.ts';
import { pause } from '../../platform/clock.ts';
import { exists } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import { outcomeOf, refusedOutcome } from '../../views/missions/mission-outcome.ts';
import { readState, runningStation } from '../../views/order-state.ts';
import { handIn, isTaken, laneOf, refusalOf, type Waiting } from '../drop.ts';
import { note, plain } from '../output.ts';
import { HOW_TO_START, stationOf } from '../station.ts';
import { LOOK_MS, rest, telling, workHere } from './follow.ts';
import type { SpineOptions } from './options.ts';
import { tellOutcome } from './outcome.ts';
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
  await follow(station, handInMission(station, { ...task.given, lane, woId: task.woId }), options);
}

/** A mission on its way into the station. */
export interface UnderWay {
  readonly waiting: Waiting;
  /** Tells its steps; begins before it is handed in, so that none is missed. */
  readonly steps: Steps;
}

/** Hands a mission in, durably: whoever is killed from here on has lost nothing. */
export function handInMission(station: Station, order: Parameters<typeof handIn>[1]): UnderWay {
  return { steps: new Steps(station, order.woId), waiting: handIn(station, order) };
}

/** Follows a mission that was handed in until it ends or stops, tells how it stands, and sets the exit code. */
export async function follow(station: Station, underWay: UnderWay, options: SpineOptions): Promise<void> {
  const { woId, lane } = underWay.waiting;
  const refusal = await toItsRest(station, underWay, options);
  const told = refusal === null ? await outcomeOf(station, woId) : refusedOutcome(refusal, woId, lane);
  tellOutcome(told, options.json === true);
}

/**
 * Waits until a mission that was handed in ends, or waits for somebody; where no station process runs, it is done here. Returns the rejection of this
 * very file; null where there is an order of it. Throws STATION_NOT_RUNNING.
 */
export async function toItsRest(
  station: Station,
  { waiting, steps }: UnderWay,
  options: SpineOptions,
): Promise<ResultDocument | null> {
  const { woId, lane } = waiting;
  const json = options.json === true;
  const isRunning = runningStation(station) !== null;
  if (!json)
    note(`${woId}  handed in, lane ${lane}${isRunning ? '' : '; no station process runs, so it is done here'}`);
  await telling(json ? null : steps, async () => {
    if (!isRunning) await workHereOrThere(options);
    await taken(station, waiting);
    // an id of its own that is known already, as somebody else's, is none of it
    if (refusalOf(station, waiting) === null) await rest(station, woId);
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
