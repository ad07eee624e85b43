import { join } from 'node:path';
import type { Facts } from '../../backlog/choose.ts';
import type { Item } from '../../backlog/item.ts';
import { plainKey } from '../../backlog/key.ts';
import { itemOrderId } from '../../backlog/order-of.ts';
import type { StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal, type Status } from '../../order/transition.ts';
import { readIfThere } from '../../platform/durable.ts';
import { IdIndex } from '../../record/id-index.ts';
import { readLives } from '../../record/lives-read.ts';
import type { Station } from '../../station/station.ts';
import { type Claims, whoseOf } from './claims.ts';
import { handedIn } from './handed-in.ts';

/** How the order of an item stands. */
export interface ItemOrder {
  readonly woId: string;
  readonly status: Status;
  /** Why it waits or failed, in a word; null where there is nothing to say. */
  readonly why: string | null;
}

/** The orders of items, by the plain key of their item; an item that was never begun has none. */
export type Orders = ReadonlyMap<string, ItemOrder>;

/** Looks at the state files, and at the ledger for orders whose files are archived or gone; starts no program. */
export function ordersOf({ layout }: Pick<Station, 'layout'>, keys: readonly string[]): Orders {
  const orders = new Map<string, ItemOrder>();
  const ids = new IdIndex(layout.ids);
  const gone: { woId: string; born: number; key: string }[] = [];
  for (const key of keys) {
    const woId = itemOrderId(key);
    const text = readIfThere(join(layout.state, `${woId}.json`))?.toString('utf8');
    const entry = text === undefined ? ids.born(woId) : null;
    if (text !== undefined) orders.set(plainKey(key), fromState(JSON.parse(text) as StateDocument));
    else if (entry !== null) gone.push({ woId: entry.id, born: entry.born, key });
  }
  const lives = readLives(layout.ledger, gone);
  for (const { woId, key } of gone) {
    const life = lives.get(woId);
    if (life !== undefined) orders.set(plainKey(key), fromLife(life));
  }
  const onTheWay = handedIn(layout);
  for (const key of keys) {
    const woId = itemOrderId(key);
    // one that failed and is handed in again is not recorded anew yet
    if (onTheWay.has(woId) && isOver(orders.get(plainKey(key))))
      orders.set(plainKey(key), { woId, status: 'ready', why: 'handed in' });
  }
  return orders;
}

/** Nobody is at work for it. */
export function isOver(order: ItemOrder | undefined): boolean {
  return order === undefined || isTerminal(order.status);
}

/** What bears on which item comes next, beside what the items say themselves. */
export function factsOf({ settings }: Station, items: readonly Item[], orders: Orders, claims: Claims | null): Facts {
  const alive = items.filter(({ key }) => !isOver(orders.get(plainKey(key))));
  return {
    claims: new Map([...(claims?.held ?? [])].map(([key, held]) => [key, { ...whoseOf(held), isOwn: held.isOwn }])),
    orders,
    atWork: alive.map(({ key, scopePaths }) => ({ name: itemOrderId(key), scopePaths })),
    require: settings.backlog.require,
  };
}

function fromState({ wo_id: woId, status, waiting_for: waitingFor, last_error: error }: StateDocument): ItemOrder {
  return { woId, status, why: whyOf(status, waitingFor, error?.code ?? null) };
}

function fromLife({ woId, status, waitingFor, lastError }: OrderLife): ItemOrder {
  return { woId, status, why: whyOf(status, waitingFor, lastError?.code ?? null) };
}

function whyOf(status: Status, waitingFor: string | null, code: string | null): string | null {
  if (status === 'parked') return waitingFor;
  return status === 'failed' || status === 'rejected' ? code : null;
}
