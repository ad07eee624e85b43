import { choose, type Skipped } from '../../backlog/choose.ts';
import type { Item } from '../../backlog/item.ts';
import { plainKey } from '../../backlog/key.ts';
import { itemOrderId, orderOf } from '../../backlog/order-of.ts';
import { readBacklog } from '../../backlog/read-backlog.ts';
import { readOrder } from '../../intake/read-order.ts';
import { WaybillError } from '../../order/error.ts';
import type { Station } from '../../station/station.ts';
import { type Claims, claimedBy, sharedClaims } from './claims.ts';
import { factsOf, isOver, type Orders, ordersOf } from './facts.ts';

/** An item, and why it is not begun. */
export type Why = Pick<Skipped, 'item' | 'why'>;

/** One item that may be begun now. */
export interface PickedItem {
  readonly item: Item;
  /** Items that cannot be begun now, each with why; none where one was named. */
  readonly skipped: readonly Why[];
  /** Why it would not have been picked by itself; null where it would. */
  readonly despite: string | null;
}

/**
 * The item that is next, or the one of this key or id. Changes nothing: claiming it comes after. Throws BACKLOG_MISSING, BACKLOG_NO_ITEM,
 * BACKLOG_UNKNOWN_ITEM, BACKLOG_ITEM_TAKEN, and BACKLOG_CLAIMS_UNREACHABLE where stations share claims that cannot be seen.
 */
export async function pickItem(station: Station, named: string | null): Promise<PickedItem> {
  const { files } = station.settings.backlog;
  const { items, files: there } = readBacklog(station.layout.root, files);
  if (there.size === 0)
    throw new WaybillError('BACKLOG_MISSING', `${files.join(' and ')}: not there`.replace(/ and (?=.* and )/g, ', '));
  const claims = await sharedClaims(station);
  const orders = ordersOf(
    station,
    items.map(({ key }) => key),
  );
  const { chosen, next, skipped } = choose(items, factsOf(station, items, orders, claims));
  if (named !== null) {
    const item = itemNamed(items, named, files);
    assertFree(item, orders, claims);
    const fault = faultOf(station, item);
    if (fault !== null) throw new WaybillError(fault.code, fault.message, { hint: fault.hint, place: item.place });
    return { item, skipped: [], despite: skipped.find((other) => other.item === item)?.why ?? null };
  }
  const refused: Why[] = [];
  for (const item of [...(chosen === null ? [] : [chosen]), ...next]) {
    const fault = faultOf(station, item);
    if (fault === null) return { item, skipped: [...refused, ...skipped], despite: null };
    refused.push({ item, why: `no order can be made of it: ${fault.message}` });
  }
  throw nothingToPick(items, [...refused, ...skipped]);
}

/** The order of an item as it is handed in. */
export function givenOf(
  { settings }: Pick<Station, 'settings'>,
  item: Item,
): { file: string; bytes: Buffer; orderFile: null; attachments: null } {
  const { woId, bytes } = orderOf(item, settings.backlog.files);
  return { file: `${woId}.json`, bytes, orderFile: null, attachments: null };
}

/** What intake would refuse its order with: that is known before it is claimed. */
function faultOf(station: Station, item: Item): WaybillError | null {
  const read = readOrder(givenOf(station, item), station.settings.intake);
  return 'error' in read ? read.error : null;
}

/** By its key, the id of its order, or its own id. */
export function findItem(items: readonly Item[], name: string): Item | undefined {
  const plain = plainKey(name);
  const found = items.find(({ key }) => plainKey(key) === plain || plainKey(itemOrderId(key)) === plain);
  return found ?? items.find(({ id }) => id !== null && plainKey(id) === plain);
}

function itemNamed(items: readonly Item[], name: string, files: readonly string[]): Item {
  const item = findItem(items, name);
  if (item !== undefined) return item;
  throw new WaybillError('BACKLOG_UNKNOWN_ITEM', `no item ${JSON.stringify(name)} stands in ${files.join(' or ')}`);
}

/** Throws BACKLOG_ITEM_TAKEN for an item that is done, or that somebody has: no name makes it free. */
function assertFree({ key, status, place }: Item, orders: Orders, claims: Claims | null): void {
  const taken = (why: string, hint?: string) =>
    new WaybillError('BACKLOG_ITEM_TAKEN', `${key} is ${why}`, hint === undefined ? {} : { hint });
  if (status === 'done') throw taken(`done already: ${place.file}:${place.line}`);
  const held = claims?.held.get(plainKey(key));
  if (held !== undefined && !held.isOwn)
    throw taken(claimedBy(held), `\`waybill backlog release ${key} --force\` gives another station's claim back.`);
  const order = orders.get(plainKey(key));
  if (order === undefined) return;
  const { woId, why } = order;
  if (order.status === 'done')
    throw taken(`done by ${woId}, and not marked`, `\`waybill why ${woId}-done\` tells why.`);
  if (!isOver(order))
    throw taken(`at work as ${woId} (${why ?? order.status})`, `\`waybill spine resume ${woId}\` follows it.`);
}

function nothingToPick(items: readonly Item[], skipped: readonly Why[]): WaybillError {
  const reasons = new Map<string, number>();
  for (const { why } of skipped) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  const most = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const told = most.map(([why, n]) => `${n} ${why}`).join('; ');
  const rest = reasons.size > most.length ? '; …' : '';
  return new WaybillError(
    'BACKLOG_NO_ITEM',
    items.length === 0 ? 'the backlog has no items' : `none of ${items.length} items can be begun: ${told}${rest}`,
  );
}
