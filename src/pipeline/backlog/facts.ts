import { join } from 'node:path';
import type { Facts } from '../../backlog/choose.ts';
import type { Item } from '../../backlog/item.ts';
import { plainKey } from '../../backlog/key.ts';
import { ITEM_TAG, itemOrderId } from '../../backlog/order-of.ts';
import type { StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal, type Status } from '../../order/transition.ts';
import { namesIn, readIfThere } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import { IdIndex } from '../../record/id-index.ts';
import { readLives } from '../../record/lives-read.ts';
import type { Layout } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { type Claims, whoseOf } from './claims.ts';
import { handedIn } from './handed-in.ts';
import { markIdOf } from './mark-order.ts';

/** How the order of an item stands. */
export interface ItemOrder {
  readonly woId: string;
  readonly status: Status;
  /** Why it waits or failed, in a word; null where there is nothing to say. */
  readonly why: string | null;
}

/** The orders of items, by the plain key of their item; an item that was never begun has none. */
export type Orders = ReadonlyMap<string, ItemOrder>;

/**
 * Looks at the state files, and at the ledger for orders whose files are archived, gone or damaged; starts no program.
 */
export function ordersOf({ layout }: Pick<Station, 'layout'>, keys: readonly string[]): Orders {
  const standing = standingOf(layout, keys.map(itemOrderId));
  const onTheWay = handedIn(layout);
  const orders = new Map<string, ItemOrder>();
  for (const key of keys) {
    const woId = itemOrderId(key);
    const order = standing.get(woId);
    // one that failed and is handed in again is not recorded anew yet
    if (onTheWay.has(woId) && isOver(order)) orders.set(plainKey(key), { woId, status: 'ready', why: 'handed in' });
    else if (order !== undefined) orders.set(plainKey(key), order);
  }
  return orders;
}

/** How the mark of an item stands whose order is done and which its file does not say done, in a few words; settled: it waits, or is over. */
export function markOf(layout: Layout, key: string): { readonly why: string; readonly isSettled: boolean } {
  const woId = markIdOf(key);
  const mark = standingOf(layout, [woId]).get(woId);
  // one that waits still lies where it was claimed
  const isComing = isOver(mark) && handedIn(layout).has(woId);
  if (isComing || mark?.status === 'ready' || mark?.status === 'running')
    return { why: 'its mark is on its way', isSettled: false };
  if (mark === undefined) return { why: 'not marked yet', isSettled: false };
  const { status, why } = mark;
  const verb = status === 'parked' ? 'waits' : status === 'failed' ? 'failed' : `is ${status}`;
  return { why: `its mark ${verb}${why === null ? '' : `: ${why}`}`, isSettled: true };
}

/** Orders of items that are done, whose mark never came about, and whose item is in no file any more: it was taken out, or its title is another. */
export function goneFrom(layout: Layout, items: readonly Item[]): string[] {
  const keys = new Set(items.map(({ key }) => plainKey(key)));
  return namesIn(layout.state).flatMap((name) => {
    const key = /^BL-(.+?)(-done)?\.json$/.exec(name);
    if (key?.[1] === undefined || key[2] !== undefined || keys.has(plainKey(key[1]))) return [];
    const state = stateOf(layout, itemOrderId(key[1]));
    const isDone = state?.status === 'done' && state.tags.includes(ITEM_TAG) && state.meta.dry_run !== true;
    return isDone && stateOf(layout, markIdOf(key[1]))?.status !== 'done' ? [state.wo_id] : [];
  });
}

function standingOf(layout: Layout, woIds: readonly string[]): ReadonlyMap<string, ItemOrder> {
  const standing = new Map<string, ItemOrder>();
  const ids = new IdIndex(layout.ids);
  const gone: { woId: string; born: number; asked: string }[] = [];
  for (const asked of woIds) {
    const state = stateOf(layout, asked);
    const entry = state === null ? ids.born(asked) : null;
    if (state !== null) standing.set(asked, fromState(state));
    else if (entry !== null) gone.push({ woId: entry.id, born: entry.born, asked });
  }
  const lives = readLives(layout.ledger, gone);
  for (const { woId, asked } of gone) {
    const life = lives.get(woId);
    if (life !== undefined) standing.set(asked, fromLife(life));
  }
  return standing;
}

/** Null where there is none, and where it is damaged: the ledger knows then. */
function stateOf(layout: Layout, woId: string): StateDocument | null {
  const text = readIfThere(join(layout.state, `${woId}.json`))?.toString('utf8');
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return conforms('state', value) ? (value as StateDocument) : null;
  } catch {
    return null;
  }
}

/** Nobody is at work for it. */
export function isOver(order: ItemOrder | undefined): boolean {
  return order === undefined || isTerminal(order.status);
}

/** What bears on which item comes next, beside what the items say themselves. */
export function factsOf(
  { settings, layout }: Station,
  items: readonly Item[],
  orders: Orders,
  claims: Claims | null,
): Facts {
  const unmarked = items.flatMap(({ key, status }) => {
    const order = orders.get(plainKey(key));
    if (order?.status !== 'done' || status === 'done' || status === 'dropped') return [];
    return [[plainKey(key), { ...order, why: markOf(layout, key).why }] as const];
  });
  const alive = items.filter(({ key }) => !isOver(orders.get(plainKey(key))));
  return {
    claims: new Map(
      [...(claims?.held ?? [])].map(([key, held]) => [
        key,
        { ...whoseOf(held), isOwn: held.isOwn, isReadable: held.claim !== null },
      ]),
    ),
    orders: new Map([...orders, ...unmarked]),
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
  // what is tried again waits for a time, and because of something
  if (status === 'parked') return waitingFor === 'time' ? (code ?? waitingFor) : waitingFor;
  return status === 'failed' || status === 'rejected' ? code : null;
}
