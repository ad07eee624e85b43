import type { Recorded } from '../../order/event.ts';
import type { StateDocument } from '../../order/generated.ts';
import { advance, type OrderLife } from '../../order/life.ts';
import { stateDocument } from '../../record/state.ts';
import type { Station } from '../../station/station.ts';
import { stateOf } from '../order-state.ts';
import type { Records } from '../records.ts';
import { orderRecords, recordsByRow } from './order-records.ts';

/** An order as its records tell it up to now. */
export interface OrderTold {
  readonly state: StateDocument;
  /** Null where the ledger on disk has no record of it: then only its state is known. */
  readonly life: OrderLife | null;
  readonly records: readonly Recorded[];
}

/** So many orders are kept as they were read: those that somebody has open. */
const KEPT = 16;
/** An order of more records than that is read again each time rather than kept. */
const MOST_KEPT_RECORDS = 5000;

interface Kept {
  readonly born: number;
  readonly last: number;
  readonly told: OrderTold;
}

const keptBy = new WeakMap<Records, Map<string, Kept>>();

/**
 * An order by its id, whatever the case of that, as new as the ledger. Reads the segments that hold its records, and nothing at all while
 * it has not moved. Throws UNKNOWN_ORDER, LEDGER_BROKEN.
 */
export async function orderTold(station: Station, records: Records, woId: string): Promise<OrderTold> {
  const row = records.catalogue.isWhole ? records.catalogue.get(woId) : null;
  if (row !== null) {
    const kept = keptBy.get(records)?.get(row.woId);
    if (kept !== undefined && kept.born === row.born && kept.last >= row.last) return kept.told;
    const found = recordsByRow(station, row);
    if (found !== null) return keep(records, tell(station, found));
  }
  const state = await stateOf(station, row?.woId ?? woId);
  const found = orderRecords(station, state);
  return found.length === 0 ? { state, life: null, records: [] } : keep(records, tell(station, found));
}

function tell(station: Station, records: readonly Recorded[]): OrderTold {
  let life: OrderLife | null = null;
  for (const record of records) life = advance(life, record);
  return { state: stateDocument(station, life as OrderLife), life, records };
}

function keep(records: Records, told: OrderTold): OrderTold {
  const { life } = told;
  if (life === null || told.records.length > MOST_KEPT_RECORDS) return told;
  const all = keptBy.get(records) ?? new Map<string, Kept>();
  keptBy.set(records, all);
  all.delete(life.woId);
  all.set(life.woId, { born: life.born, last: life.lastSeq, told });
  if (all.size > KEPT) all.delete(all.keys().next().value ?? '');
  return told;
}
