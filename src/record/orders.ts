import { WaybillError } from '../order/error.ts';
import type { Recorded } from '../order/event.ts';
import { advance, type OrderLife } from '../order/life.ts';

/**
 * The orders that matter now: those alive, and those that ended but whose end is not in the journal yet. Finished orders are
 * elsewhere, so memory and start-up don't grow with them (rule 11).
 */
export class Orders {
  readonly #byId = new Map<string, OrderLife>();

  /** Folds one record in; gives the order's life after it, or null for records that belong to no order. */
  apply(record: Recorded): OrderLife | null {
    if (record.wo_id === null) return null;
    const next = advance(this.#byId.get(key(record.wo_id)) ?? null, record);
    this.#byId.set(key(record.wo_id), next);
    return next;
  }

  /** Brings an order that ended long ago back, before it is retried or revised. */
  recall(life: OrderLife): void {
    if (!this.#byId.has(key(life.woId))) this.#byId.set(key(life.woId), life);
  }

  get(woId: string): OrderLife | undefined {
    return this.#byId.get(key(woId));
  }

  all(): OrderLife[] {
    return [...this.#byId.values()];
  }

  forget(woId: string): void {
    this.#byId.delete(key(woId));
  }

  get size(): number {
    return this.#byId.size;
  }

  /** As it stands in a checkpoint. */
  toJSON(): OrderLife[] {
    return this.all();
  }

  static from(value: unknown): Orders {
    const orders = new Orders();
    if (!Array.isArray(value)) throw new WaybillError('LEDGER_BROKEN', 'the checkpoint holds no list of orders');
    for (const life of value as OrderLife[]) orders.#byId.set(key(life.woId), life);
    return orders;
  }
}

/** Ids are unique also where a disk ignores case: WO-a and WO-A would be one state file there. */
function key(woId: string): string {
  return woId.toLowerCase();
}
