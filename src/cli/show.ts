import { gist } from '../views/gist.ts';
import { orderRecords } from '../views/order-records.ts';
import { stateOf } from '../views/order-state.ts';
import { plain, print, printJson } from './output.ts';
import { stationToRead } from './station.ts';

type Options = { readonly station?: string; readonly json?: boolean };

/** The ledger's records of one order, in the order they happened. */
export async function log(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const state = await stateOf(station, woId);
  const records = orderRecords(station, state);
  if (options.json) return printJson({ ok: true, wo_id: woId, records });
  for (const r of records) {
    const move = r.to === null ? '' : ` ${r.from ?? 'new'} -> ${r.to}`;
    print(`${String(r.seq).padStart(6)}  ${r.ts}  ${r.event.padEnd(11)}${move.padEnd(20)}  ${plain(gist(r))}`);
  }
}
