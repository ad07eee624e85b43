import { fromCanonical } from '../../src/order/canonical.ts';
import type { Content } from '../../src/order/change.ts';
import type { OrderDocument } from '../../src/order/generated.ts';
import type { Order } from '../../src/order/order.ts';
import { type Plan, planOrder, targetsOf } from '../../src/order/plan.ts';

/** Plans over files in memory. Text stands for a plain file with that content. */

export type Files = Readonly<Record<string, string | Buffer | Content>>;

export function orderOf(doc: Partial<OrderDocument>): Order {
  return fromCanonical({ wo_id: 'WO-1', title: 't', ...doc } as OrderDocument, () => ({}));
}

export function content(value: string | Buffer | Content): Content {
  if (typeof value === 'object' && 'bytes' in value) return value;
  return { mode: '100644', bytes: typeof value === 'string' ? Buffer.from(value, 'utf8') : value };
}

export function planOf(files: Files, doc: Partial<OrderDocument>): Plan {
  const order = orderOf(doc);
  const targets = targetsOf(order);
  const before = new Map(targets.map((path) => [path, Object.hasOwn(files, path) ? content(files[path] ?? '') : null]));
  return planOrder(order, new Map(targets.map((path) => [path, path])), before);
}

/** What the plan leaves at each path that it changes: text, or null for nothing. */
export function outcome(files: Files, doc: Partial<OrderDocument>): Record<string, string | null> {
  const entries = planOf(files, doc).changes.map((c) => [c.path, c.after?.bytes.toString('utf8') ?? null] as const);
  return Object.fromEntries(entries);
}

export const patchOf = (files: Files, patch: string, path?: string): Record<string, string | null> =>
  outcome(files, { actions: [{ action: 'patch', patch, ...(path === undefined ? {} : { path }) }] });
