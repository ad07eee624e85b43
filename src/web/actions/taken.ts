import type { CommandFile } from '../../order/generated.ts';
import { answered } from '../../pipeline/commands/answered.ts';
import { sendCommand } from '../../pipeline/commands/send-command.ts';
import type { Station } from '../../station/station.ts';
import { runningStation } from '../../views/order-state.ts';

/** How long a running station may take to answer before the page goes on without it. */
const ANSWER_MS = 10_000;

/** Puts a command before the station. Whether it took it; false where it waits there. Throws what the station refused it with. */
export async function isTaken(station: Station, command: CommandFile): Promise<boolean> {
  const path = sendCommand(station, command);
  return runningStation(station) !== null && (await answered(path, ANSWER_MS));
}
