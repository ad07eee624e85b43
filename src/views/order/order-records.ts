import type { Recorded } from '../../order/event.ts';
import type { StateDocument } from '../../order/generated.ts';
import { isTerminal } from '../../order/transition.ts';
import { recordsIn, recordsOf } from '../../record/lives-read.ts';
import type { Station } from '../../station/station.ts';
import type { OrderRow } from '../catalogue.ts';

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

/**
 * The same where a row of the catalogue tells which segments hold them: one that was parked for long costs no more than another. Null where
 * the segments are not as the row has it, because the ledger was exchanged meanwhile. Throws LEDGER_BROKEN.
 */
export function recordsByRow(station: Station, { woId, born, last, segments }: OrderRow): Recorded[] | null {
  const records = [...recordsIn(station.layout.ledger, woId, segments)];
  return records[0]?.seq === born && (records.at(-1)?.seq ?? 0) >= last ? records : null;
}
