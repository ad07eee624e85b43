import type { OrderLife } from '../order/life.ts';

/**
 * Orders that are ready, in the order in which they should start: priority, then age. Holds only what is ready, so finding the next
 * never looks at finished or parked work.
 */
export class ReadyQueue {
  readonly #heap: OrderLife[] = [];
  readonly #members = new Map<string, OrderLife>();

  get size(): number {
    return this.#members.size;
  }

  add(life: OrderLife): void {
    if (this.#members.has(life.woId)) return;
    this.#members.set(life.woId, life);
    this.#heap.push(life);
    this.#up(this.#heap.length - 1);
  }

  remove(woId: string): void {
    this.#members.delete(woId); // its place in the heap is skipped when it comes up
  }

  /** Takes the first order for which `fits`, at most `look` looked at; the others keep their places. */
  take(fits: (life: OrderLife) => boolean, look = 256): OrderLife | null {
    const passed: OrderLife[] = [];
    let found: OrderLife | null = null;
    while (found === null && passed.length < look) {
      const next = this.#pop();
      if (next === null) break;
      if (this.#members.get(next.woId) !== next) continue; // removed, perhaps added again as it is now
      if (fits(next)) found = next;
      else passed.push(next);
    }
    for (const life of passed) {
      this.#heap.push(life);
      this.#up(this.#heap.length - 1);
    }
    if (found !== null) this.#members.delete(found.woId);
    return found;
  }

  #pop(): OrderLife | null {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return null;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return first;
  }

  #up(i: number): void {
    for (let at = i; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#exchange(at, parent);
      at = parent;
    }
  }

  #down(i: number): void {
    for (let at = i; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < this.#heap.length && this.#before(child, least)) least = child;
      if (least === at) return;
      this.#exchange(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return false;
    const [px, py] = [x.admitted?.priority ?? 2, y.admitted?.priority ?? 2];
    return px !== py ? px < py : x.born < y.born;
  }

  #exchange(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x !== undefined && y !== undefined) [this.#heap[a], this.#heap[b]] = [y, x];
  }
}
