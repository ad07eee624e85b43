import type { ReadOrder } from './read-order.ts';

/** So many bytes of requests are remembered as orders: what came in and starts at once. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Orders as they were read at their admission, by claim, so that they need not be read again at their start. */
export class OrdersRead {
  readonly #orders = new Map<string, { sha256: string; size: number; read: ReadOrder }>();
  #bytes = 0;

  note(claim: string, sha256: string, size: number, read: ReadOrder): void {
    this.#forget(claim);
    this.#orders.set(claim, { sha256, size, read });
    this.#bytes += size;
    for (const oldest of this.#orders.keys()) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#forget(oldest);
    }
  }

  /** The order that these very bytes were read as; asked for once. */
  take(claim: string, sha256: string): ReadOrder | null {
    const known = this.#orders.get(claim);
    this.#forget(claim);
    return known?.sha256 === sha256 ? known.read : null;
  }

  #forget(claim: string): void {
    this.#bytes -= this.#orders.get(claim)?.size ?? 0;
    this.#orders.delete(claim);
  }
}
