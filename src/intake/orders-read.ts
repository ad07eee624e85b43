import type { ClaimedRequest } from './claim.ts';
import type { ReadOrder } from './read-order.ts';

/** So many bytes of requests are remembered as orders: what came in and starts at once. */
const MOST_BYTES = 4 * 1024 * 1024;
/** And so many: an order in memory is far larger than its text. */
const MOST_ORDERS = 512;

interface Known {
  readonly request: ClaimedRequest;
  readonly sha256: string;
  readonly size: number;
  readonly read: ReadOrder;
}

/** Orders as they were read at their admission, by claim, so that the same bytes need not be understood again at their start and end. */
export class OrdersRead {
  readonly #orders = new Map<string, Known>();
  #bytes = 0;

  note(known: Known): void {
    this.forget(known.request.claim);
    this.#orders.set(known.request.claim, known);
    this.#bytes += known.size;
    for (const oldest of this.#orders.keys()) {
      if (this.#bytes <= MOST_BYTES && this.#orders.size <= MOST_ORDERS) return;
      this.forget(oldest);
    }
  }

  get(claim: string): Known | null {
    return this.#orders.get(claim) ?? null;
  }

  forget(claim: string): void {
    this.#bytes -= this.#orders.get(claim)?.size ?? 0;
    this.#orders.delete(claim);
  }
}
