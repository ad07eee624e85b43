import { answered } from '../pipeline/commands/answered.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { now, pause } from '../platform/clock.ts';
import { stateAfter } from '../views/order/moved.ts';
import { runningStation, stateOf } from '../views/order-state.ts';
import { colouredStatus, note, plain, print, printJson } from './output.ts';
import { HOW_TO_START, stationOf } from './station.ts';

/** How long a running station may take to answer before the command line stops looking. */
const ANSWER_MS = 10_000;

/** retry, cancel, hold, release: asks, and says what came of it. */
export async function ask(
  command: 'retry' | 'cancel' | 'hold' | 'release',
  woId: string,
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const station = await stationOf(options);
  const before = await stateOf(station, woId);
  const reason = options['reason'];
  const path = sendCommand(station, {
    v: 1,
    command,
    at: now(),
    wo_id: before.wo_id,
    ...(typeof reason === 'string' ? { reason } : {}),
  });
  const running = runningStation(station) !== null;
  const taken = running && (await answered(path, ANSWER_MS));
  // A running order is cancelled when its processes have ended and its files are restored.
  for (
    const until = Date.now() + ANSWER_MS;
    command === 'cancel' && taken && (await stateOf(station, woId)).status === 'running' && Date.now() < until;
  )
    await pause(50);
  const after = taken ? await stateAfter(station, before) : before;
  if (options.json)
    return printJson({ ok: true, command, wo_id: woId, taken, status: after.status, waiting_for: after.waiting_for });
  if (!taken) {
    print(`${command} of ${woId} is waiting for the station.`);
    if (!running) note(HOW_TO_START);
    return;
  }
  print(`${woId}: ${colouredStatus(after.status)}${after.progress === null ? '' : ` (${plain(after.progress)})`}`);
}
