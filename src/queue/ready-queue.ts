import type { OrderLife } from '../order/life.ts';

/**
 * Orders that are ready, in the order in which they should start: priority, then age. Holds only what is ready, so finding the next
 * never looks at finished or parked work; and a heap for each lane and kind of work, so that a full lane holds up nobody else.
 */
export class ReadyQueue {
  readonly #heaps = new Map<string, Heap>();
  readonly #members = new Map<string, OrderLife>();

  get size(): number {
    return this.#members.size;
  }

  add(life: OrderLife): void {
    if (this.#members.has(life.woId)) return;
    this.#members.set(life.woId, life);
    const key = `${life.admitted?.works === true ? 'works' : 'pure'} ${life.admitted?.lane ?? ''}`;
    const heap = this.#heaps.get(key) ?? new Heap();
    heap.push(life);
    this.#heaps.set(key, heap);
  }

  remove(woId: string): void {
    this.#members.delete(woId); // its place in the heap is skipped when it comes up
  }

  /** Takes the first order for which `fits`, which says the same of all orders of one lane and kind. */
  take(fits: (life: OrderLife) => boolean): OrderLife | null {
    let first: Heap | null = null;
    for (const heap of this.#heaps.values()) {
      const top = this.#top(heap);
      if (top === null || !fits(top)) continue;
      const best = first === null ? null : this.#top(first);
      if (best === null || comesBefore(top, best)) first = heap;
    }
    const life = first?.pop() ?? null;
    if (life !== null) this.#members.delete(life.woId);
    return life;
  }

  /** The heap's first order that still is a member; what was removed, perhaps added again as it is now, is dropped on the way. */
  #top(heap: Heap): OrderLife | null {
    for (let top = heap.peek(); top !== null; top = heap.peek()) {
      if (this.#members.get(top.woId) === top) return top;
      heap.pop();
    }
    return null;
  }
}

function comesBefore(x: OrderLife, y: OrderLife): boolean {
  const [px, py] = [x.admitted?.priority ?? 2, y.admitted?.priority ?? 2];
  return px !== py ? px < py : x.born < y.born;
}

/** A binary heap: the first order at the root. */
class Heap {
  readonly #items: OrderLife[] = [];

  peek(): OrderLife | null {
    return this.#items[0] ?? null;
  }

  push(life: OrderLife): void {
    this.#items.push(life);
    for (let at = this.#items.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#exchange(at, parent);
      at = parent;
    }
  }

  pop(): OrderLife | null {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined) return null;
    if (this.#items.length > 0) {
      this.#items[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < this.#items.length && this.#before(child, least)) least = child;
      if (least === at) return;
      this.#exchange(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#items[a], this.#items[b]];
    return x !== undefined && y !== undefined && comesBefore(x, y);
  }

  #exchange(a: number, b: number): void {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x !== undefined && y !== undefined) [this.#items[a], this.#items[b]] = [y, x];
  }
}
