import { readOrder } from '../intake/read-order.ts';
import { WaybillError } from '../order/error.ts';
import type { ResultDocument, StateDocument } from '../order/generated.ts';
import type { Station } from '../station/station.ts';
import { runningStation } from '../views/order-state.ts';
import { endOf, handIn, laneOf } from './drop.ts';
import { usage } from './output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Hands the order in and waits for its end. Throws STATION_NOT_RUNNING before anything is handed in. */
export async function carryOut(
  station: Station,
  woId: string,
  bytes: Buffer,
  options: Options,
): Promise<{ readonly result: ResultDocument } | { readonly parked: StateDocument }> {
  assertRunning(station);
  const given = { file: `${woId}.json`, bytes, orderFile: null, attachments: null };
  const waiting = handIn(station, { ...given, lane: laneOf(station, options), woId });
  return endOf(station, waiting, options);
}

/** How an order that brings files back gets smaller. */
export const SMALLER = 'take a part back: --except leaves paths out';

/** Throws what the station would reject the order with, before anything is done. `smaller`: how its author gets a smaller one. */
export function assertAcceptable(station: Station, woId: string, bytes: Buffer, smaller: string): void {
  const read = readOrder({ file: `${woId}.json`, bytes, attachments: null }, station.settings.intake);
  if (!('error' in read)) return;
  if (read.error.code !== 'TOO_LARGE') throw read.error;
  throw new WaybillError('TOO_LARGE', `the order would be too large: ${read.error.message}`, {
    hint: `Raise intake.max_order_bytes in waybill.yaml, or ${smaller}.`,
  });
}

/** Changes are made by the station process; what is planned now may be wrong when one is started some day, so nothing waits for it. */
export function assertRunning(station: Station): void {
  if (runningStation(station) === null)
    throw new WaybillError(
      'STATION_NOT_RUNNING',
      'no station process is running, so nothing can be written; nothing was changed',
      {
        hint: 'Start one: `waybill up`, in another terminal or as a service. Then ask again.',
      },
    );
}

/** Asks on a terminal. Throws USAGE where there is none: nobody does this by accident in a script. */
export async function agreed(question: string, options: Options): Promise<boolean> {
  if (options['yes'] === true) return true;
  if (!process.stdin.isTTY || options.json)
    throw usage('there is no terminal to ask on: give --yes, or --dry-run to look first');
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((done) => lines.once('close', () => done('')));
  const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}
