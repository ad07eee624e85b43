import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import type { StateDocument } from '../order/generated.ts';
import { readIfThere } from '../platform/durable.ts';
import { type Holder, lockHolder } from '../platform/lock.ts';
import { locateStation } from '../station/locate.ts';
import { openStation, type Station } from '../station/station.ts';

export async function stationOf(options: { readonly station?: string }): Promise<Station> {
  return openStation(await locateStation(options.station));
}

/** Who runs the station, or null. */
export function runningStation(station: Station): Holder | null {
  return lockHolder(station.layout.lock);
}

export function readState(station: Station, woId: string): StateDocument | null {
  const text = readIfThere(join(station.layout.state, `${woId}.json`))?.toString('utf8');
  return text === undefined ? null : (JSON.parse(text) as StateDocument);
}

export function stateOf(station: Station, woId: string): StateDocument {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(woId))
    throw new WaybillError('UNKNOWN_ORDER', `${JSON.stringify(woId)} is no order id`);
  const state = readState(station, woId);
  if (state === null) throw new WaybillError('UNKNOWN_ORDER', `no order ${woId} is known here`);
  return state;
}

export const HOW_TO_START =
  'No station process is running here. Start one: `waybill up`, or for what is waiting now: `waybill up --drain`.';
