import type { Recorded } from '../order/event.ts';
import type { StateDocument } from '../order/generated.ts';
import { isTerminal } from '../order/transition.ts';
import { recordsOf } from '../record/lives-read.ts';
import type { Station } from '../station/station.ts';

/** The ledger's records of one order, in the order they happened. Reads from its first record to its last. Throws LEDGER_BROKEN. */
export function orderRecords(station: Station, state: StateDocument): Recorded[] {
  const records: Recorded[] = [];
  const [born, last] = [Number(state.meta['born'] ?? 1), Number(state.meta['seq'])];
  for (const record of recordsOf(station.layout.ledger, [{ woId: state.wo_id, born }])) {
    records.push(record);
    // the state file of an order that moves may be older than the ledger
    if (record.seq >= last && isTerminal(state.status)) break;
  }
  return records;
}
