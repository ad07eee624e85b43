import { isCalledCanary } from '../../order/canary.ts';
import type { Recorded } from '../../order/event.ts';
import { lifeOf, type OrderLife, type Remnant, remnantOf } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { evidenceName } from '../../record/evidence.ts';
import { Orders } from '../../record/orders.ts';

/** The orders of a whole ledger, while it passes: those that ended are kept as a few words each. */
export class Lives {
  readonly #whole = new Orders();
  readonly #ended = new Map<string, Remnant>();

  /** How many orders there were. */
  get size(): number {
    return this.#whole.size + this.#ended.size;
  }

  /** Folds one record in; gives the order's life after it, or null for records of no order. Throws ILLEGAL_TRANSITION. */
  apply(record: Recorded): OrderLife | null {
    const key = record.wo_id?.toLowerCase() ?? '';
    const ended = this.#ended.get(key);
    if (ended !== undefined) this.#whole.recall(lifeOf(ended));
    const life = this.#whole.apply(record);
    if (life === null) return null;
    if (isOver(life)) {
      this.#ended.set(key, remnantOf(life));
      this.#whole.forget(life.woId);
    } else if (ended !== undefined) this.#ended.delete(key);
    return life;
  }

  /** Lives that are still whole: of orders that go on, or may be asked for more. */
  rest(): OrderLife[] {
    return this.#whole.all();
  }

  has(woId: string): boolean {
    return this.#find(woId)?.woId === woId;
  }

  /** Whether an evidence folder of this name belongs to the attempt that an order is at. */
  isCurrent(folder: string): boolean {
    const life = this.#find(folder.replace(/@\d+$/, ''));
    return life !== undefined && evidenceName(life.woId, life.attempt) === folder;
  }

  #find(woId: string): Remnant | undefined {
    return this.#whole.get(woId) ?? this.#ended.get(woId.toLowerCase());
  }
}

/**
 * Nothing that is told of its last attempt counts later. What a canary was is asked again when somebody retries it, and the packet of a mission's next
 * attempt tells of its order too.
 */
function isOver(life: OrderLife): boolean {
  return (
    life.status === 'done' ||
    (isTerminal(life.status) && life.landed === null && !isCalledCanary(life) && life.admitted?.type !== 'mission')
  );
}
