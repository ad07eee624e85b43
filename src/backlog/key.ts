import { createHash } from 'node:crypto';
import { isGoodId } from '../order/id.ts';

/**
 * Names an item: its own id where that is a good name, else 12 hex digits of the hash of its title. Neither its box, its owner nor what is
 * said of its completion goes into it.
 */
export function keyOf(id: string | null, title: string): string {
  return id !== null && isGoodItemId(id) ? id : titleKey(title);
}

/** The key of an item that has no id of its own. */
export function titleKey(title: string): string {
  return createHash('sha256').update(normalTitle(title)).digest('hex').slice(0, 12);
}

/** The id can name orders (`BL-<id>`, `BL-<id>-done`) and refs, and none of them is another item's. */
export function isGoodItemId(id: string): boolean {
  return isGoodId(id) && isGoodId(`BL-${id}-done`) && !/-done$/i.test(id);
}

/** Two keys are the same on every file system when this is. */
export function plainKey(key: string): string {
  return key.toLowerCase();
}

/** A title without what people change when they tidy up: emphasis, capitals, white space, characters that show nothing. */
function normalTitle(title: string): string {
  return title
    .normalize('NFKC')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/gu, '')
    .replace(/[*`~]/g, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/^[ _]+|[ _.:;,]+$/g, '')
    .toLowerCase();
}
