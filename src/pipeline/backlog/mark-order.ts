import { editOf } from '../../backlog/edit-of.ts';
import type { Item } from '../../backlog/item.ts';
import { markDone } from '../../backlog/mark.ts';
import { ITEM_TAG, itemOrderId } from '../../backlog/order-of.ts';
import { MARK_TAG } from '../../order/bookkeeping.ts';
import type { OrderLife } from '../../order/life.ts';
import { now } from '../../platform/clock.ts';
import type { Station } from '../../station/station.ts';
import { sendCommand } from '../commands/send-command.ts';

/** Orders of items, and the orders that mark items done: what they are called, and what tells the two apart. */

/** Somebody may have the file in hand for hours: half a day, with the pauses that settings have by default. */
const RETRIES = 20;

/** The order that marks it done. */
export function markIdOf(key: string): string {
  return `${itemOrderId(key)}-done`;
}

/** The key of the item whose order this is; null for any other order, also one that only marks. */
export function keyOfOrder({ woId, admitted }: OrderLife): string | null {
  const tags = admitted?.tags ?? [];
  return woId.startsWith('BL-') && tags.includes(ITEM_TAG) && !tags.includes(MARK_TAG) ? woId.slice(3) : null;
}

export function isMarkOrder({ woId, admitted }: OrderLife): boolean {
  return woId.startsWith('BL-') && admitted?.tags.includes(MARK_TAG) === true;
}

/**
 * Hands in the order that marks an item done, like anyone else: an edit of the item's own text, by the rules for every order. The same end of the
 * same order, on the same text, is the same order. False where the text says it already.
 */
export function dropMark(station: Station, item: Item, text: string, life: OrderLife): boolean {
  const commits = life.outcome?.commits ?? [];
  const date = (life.finishedAt ?? life.updatedAt).slice(0, 10);
  const edit = editOf(text, markDone(text, item, { date, order: life.woId, commits }));
  if (edit === null) return false;
  const woId = markIdOf(item.key);
  const order = {
    wo_id: woId,
    title: `Mark done: ${item.title}`.slice(0, 200),
    summary: `${life.woId} is done, so its item in ${item.place.file} is marked, with ${commits.length === 0 ? 'the order' : 'its commit'}`,
    priority: `P${item.priority}`,
    owner: 'backlog',
    tags: [ITEM_TAG, MARK_TAG],
    retries: RETRIES,
    actions: [{ action: 'edit', path: item.place.file, ...edit }],
  };
  const content = Buffer.from(`${JSON.stringify(order, null, 2)}\n`).toString('base64');
  const { settings } = station;
  const lane = settings.backlog.lane ?? settings.defaultLane;
  sendCommand(station, { v: 1, command: 'drop', at: now(), lane, file: `${woId}.json`, content });
  return true;
}
