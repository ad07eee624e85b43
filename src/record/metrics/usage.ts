import type { Recorded } from '../../order/event.ts';
import type { Measured } from './tally.ts';

/** What the agents of one mission used, over all of its attempts. */
export class UsageCount {
  /** null as soon as one step did not tell. */
  #tokens: number | null = 0;
  #usd: number | null = 0;
  /** An agent is at work. */
  #open = false;
  #isAny = false;

  take(record: Recorded): void {
    switch (record.event) {
      case 'step':
        this.#lost();
        this.#open = record.data.agent !== null;
        this.#isAny ||= this.#open;
        return;
      case 'stepped':
        this.#open = false;
        if (record.data.agent === null) return;
        this.#isAny = true;
        this.#add(record.data.usage);
        return;
      case 'interrupted':
      case 'retried':
      case 'revised':
        this.#lost();
        return;
    }
  }

  /** Whether an agent did a step of it: of others there is nothing to know. */
  get isAny(): boolean {
    return this.#isAny;
  }

  get tokens(): Measured {
    return measured(this.#tokens);
  }

  get usd(): Measured {
    return measured(this.#usd);
  }

  #add(usage: { readonly tokens: number; readonly usd: number | null } | null): void {
    this.#tokens = sum(this.#tokens, usage?.tokens ?? null);
    this.#usd = sum(this.#usd, usage?.usd ?? null);
  }

  /** It was at work, and nobody told of its end: what it used is not known. */
  #lost(): void {
    if (this.#open) this.#add(null);
    this.#open = false;
  }
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

export function measured(value: number | null): Measured {
  return value === null ? { values: [], unknown: 1 } : { values: [value], unknown: 0 };
}
