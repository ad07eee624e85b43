import { WaybillError } from '../order/error.ts';
import type { Item } from './item.ts';

/** What is said where an item is not as it was read. */
export function changed(item: Item, now: Item | undefined): WaybillError {
  const { file } = item.place;
  return new WaybillError(
    'BACKLOG_CHANGED',
    `${file}: the item ${item.key} is ${now === undefined ? 'not there any more' : 'not as it was read'}`,
    { place: now === undefined ? { file } : now.place },
  );
}
