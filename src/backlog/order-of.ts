import { posix } from 'node:path';
import { isMapping } from '../order/dialects/sheet.ts';
import type { OrderDocument } from '../order/generated.ts';
import type { Item } from './item.ts';

/** A mission as it is handed in: its id, and the bytes of its document (JSON). */
export interface ItemOrder {
  readonly woId: string;
  readonly document: OrderDocument & { readonly task_ref: string };
  readonly bytes: Buffer;
}

/** What finds the orders of items among others. */
export const ITEM_TAG = 'backlog';

/** The id of an item's order. */
export function itemOrderId(key: string): string {
  return `BL-${key}`;
}

/**
 * The mission that does an item. The same item gives the same bytes: neither its status, its place nor the time goes into them. It may change none
 * of the backlog's `files`, where what it did not do could be marked done too; only one that its own scope names.
 */
export function orderOf(item: Item, files: readonly string[]): ItemOrder {
  const woId = itemOrderId(item.key);
  const said: [string, string | null][] = [
    ['', item.title],
    ['', item.description],
    ['Definition of done', item.dod],
    ['Context', item.context],
  ];
  const task = said
    .filter(([, text]) => text !== null)
    .map(([name, text]) => (name === '' ? text : `${name}:\n${text}`))
    .join('\n\n');
  const document = {
    wo_id: woId,
    type: 'mission',
    title: cut(item.title, MAX_TITLE),
    priority: `P${item.priority}`,
    ...(item.owner === null ? {} : { owner: cut(item.owner, MAX_OWNER) }),
    tags: [ITEM_TAG],
    task: cut(task, MAX_TEXT),
    ...(item.dod === null ? {} : { success_criteria: cut(item.dod, MAX_TEXT) }),
    task_ref: `${item.place.file}#${item.key}`,
    ...inputOf(item),
    ...constraintsOf(item, files),
    ...(item.requiresApproval ? { approval: { why: `the backlog asks for approval of ${item.key}` } } : {}),
  } satisfies OrderDocument & { task_ref: string };
  return { woId, document, bytes: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) };
}

function constraintsOf({ scopePaths }: Item, files: readonly string[]): Pick<OrderDocument, 'constraints'> {
  const plain = (path: string) => posix.normalize(path).toLowerCase();
  const named = new Set(scopePaths.map(plain));
  // a pattern that means at least this file, whatever signs its name has
  const denied = files.filter((file) => !named.has(plain(file))).map((file) => file.replace(/[*?[\]{}()!\\]/g, '?'));
  const constraints = {
    ...(scopePaths.length === 0 ? {} : { paths: [...scopePaths] }),
    ...(denied.length === 0 ? {} : { denied_paths: denied }),
  };
  return Object.keys(constraints).length === 0 ? {} : { constraints };
}

/** What kind of work an entry says it is: told to its agents, and held against the types that are not taken any more. */
function inputOf({ format, text }: Item): { input?: Record<string, string> } {
  const entry: unknown = format === 'yaml' ? JSON.parse(text) : null;
  if (!isMapping(entry)) return {};
  const said = ['task_type', 'kind'].flatMap((key) => {
    const value = entry[key];
    return typeof value === 'string' && value.trim() !== '' ? [[key, value] as const] : [];
  });
  return said.length === 0 ? {} : { input: Object.fromEntries(said) };
}

/** As schemas/order.schema.json has them. */
const MAX_TITLE = 500;
const MAX_OWNER = 200;
const MAX_TEXT = 1_000_000;

/** Never half a character. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
