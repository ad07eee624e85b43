import type { StateDocument } from '../../order/generated.ts';
import { isGoodId } from '../../order/id.ts';
import { IdIndex } from '../../record/id-index.ts';
import type { Station } from '../../station/station.ts';
import { HELD, type OrderRow, type Page, type Wanted } from '../catalogue.ts';
import type { Records } from '../records.ts';
import { newestFirst } from './newest-orders.ts';

import { titleOf } from './title.ts';

/** What a list of orders shows of each. */
export type ListedOrder = Pick<
  OrderRow,
  'woId' | 'title' | 'lane' | 'type' | 'requester' | 'status' | 'waitingFor' | 'code' | 'attempt' | 'updatedAt'
>;

/** A page of a list of orders, and how far it can be trusted. */
export interface OrderList extends Omit<Page, 'rows'> {
  readonly rows: readonly ListedOrder[];
  /** How much of the ledger was read, from 0 to 1; 1 for a list that is whole. */
  readonly read: number;
  /** Whether orders are missing because there are more than are held. */
  readonly isCut: boolean;
  /** An order of this very id, which is older than all that are held. */
  readonly older: string | null;
}

/**
 * The orders that are wanted. While the ledger is being read, the first page of all orders comes from the end of it, and others from as much
 * as was read.
 */
export async function orderList(
  station: Station,
  { catalogue, board }: Records,
  wanted: Wanted,
  page: number,
  perPage: number,
): Promise<OrderList> {
  const found = catalogue.page(wanted, page, perPage);
  const isCut = catalogue.size >= HELD;
  if (catalogue.isWhole) return { ...found, read: 1, isCut, older: olderOrder(station, catalogue, wanted) };
  const list = { read: board.seq === 0 ? 0 : Math.min(1, catalogue.seq / board.seq), isCut, older: null };
  const isAll = Object.values(wanted).every((value) => value === undefined || value === '');
  if (!isAll || page > 1) return { ...found, ...list };
  return { ...found, rows: await newest(station, perPage), ...list };
}

async function newest(station: Station, most: number): Promise<ListedOrder[]> {
  const rows: ListedOrder[] = [];
  if (most === 0) return rows;
  for await (const state of newestFirst(station, undefined)) {
    rows.push(listed(state));
    if (rows.length === most) break;
  }
  return rows;
}

function listed(state: StateDocument): ListedOrder {
  const { wo_id: woId, lane, type, requester, status, waiting_for: waitingFor, last_error: error } = state;
  return {
    ...{
      woId,
      title: titleOf(state),
      lane,
      type,
      status,
      waitingFor,
      attempt: state.attempt,
      updatedAt: state.updated_at,
    },
    requester: requester.user ?? `uid ${requester.uid}`,
    code: status === 'done' ? null : (error?.code ?? null),
  };
}

/** An order that was searched by its id and is not held any more. */
function olderOrder(station: Station, catalogue: Records['catalogue'], { search }: Wanted): string | null {
  const id = (search ?? '').trim();
  if (!isGoodId(id) || catalogue.get(id) !== null) return null;
  return new IdIndex(station.layout.ids).born(id)?.id ?? null;
}
