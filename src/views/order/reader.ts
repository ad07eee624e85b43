import type { Recorded } from '../../order/event.ts';
import type { StateDocument } from '../../order/generated.ts';
import { advance, type OrderLife } from '../../order/life.ts';
import { stateDocument } from '../../record/state.ts';
import type { Station } from '../../station/station.ts';
import type { OrderRow } from '../catalogue.ts';
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
  /** How often the ledger was exchanged before it was read. */
  readonly exchanges: number;
  readonly told: OrderTold;
}

const keptBy = new WeakMap<Records, Map<string, Kept>>();

/**
 * An order by its id, whatever the case of that, as new as the ledger. Reads the segments that hold its records, and nothing at all while
 * it has not moved. Throws UNKNOWN_ORDER, LEDGER_BROKEN.
 */
export async function orderTold(station: Station, records: Records, woId: string): Promise<OrderTold> {
  const { exchanges } = records.history;
  const row = rowOf(records, woId);
  const kept = row === null ? undefined : keptBy.get(records)?.get(row.woId);
  const isAsItWas = kept !== undefined && kept.born === row?.born && kept.last >= row.last;
  if (isAsItWas && kept.exchanges === exchanges) return kept.told;
  return keep(records, exchanges, await orderReadAnew(station, records, woId));
}

/** The same as it stands on disk at this moment, whatever was read before. Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export async function orderReadAnew(station: Station, records: Records, woId: string): Promise<OrderTold> {
  const row = rowOf(records, woId);
  const byRow = row === null ? null : recordsByRow(station, row);
  if (byRow !== null) return tell(station, byRow);
  const state = await stateOf(station, row?.woId ?? woId);
  const found = orderRecords(station, state);
  return found.length === 0 ? { state, life: null, records: [] } : tell(station, found);
}

function rowOf({ catalogue }: Records, woId: string): OrderRow | null {
  return catalogue.isWhole ? catalogue.get(woId) : null;
}

function tell(station: Station, records: readonly Recorded[]): OrderTold {
  let life: OrderLife | null = null;
  for (const record of records) life = advance(life, record);
  return { state: stateDocument(station, life as OrderLife), life, records };
}

function keep(records: Records, exchanges: number, told: OrderTold): OrderTold {
  const { life } = told;
  if (life === null || told.records.length > MOST_KEPT_RECORDS) return told;
  const all = keptBy.get(records) ?? new Map<string, Kept>();
  keptBy.set(records, all);
  all.delete(life.woId);
  all.set(life.woId, { born: life.born, last: life.lastSeq, exchanges, told });
  if (all.size > KEPT) all.delete(all.keys().next().value ?? '');
  return told;
}
