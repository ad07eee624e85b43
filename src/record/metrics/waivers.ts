import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import type { SteppedData } from '../../order/mission.ts';

/**
 * Failed steps of one mission that policy let be passed over. Nothing writes `waive` down; it is what happened where a step failed, nobody was
 * asked about it, and the mission went on with another one.
 */
export class WaiverCount {
  failed = 0;
  waived = 0;
  /** The step that failed last, until it is known what followed. */
  #open: SteppedData | null = null;

  /** One more record of the order; `life` is as it was before it. */
  take(life: OrderLife | null, record: Recorded): void {
    switch (record.event) {
      case 'stepped':
        this.#open = null;
        if (record.data.ok || record.data.failure === null) return;
        this.failed++;
        if (!isMended(record.data)) this.#open = record.data;
        return;
      case 'step':
        this.#goesOn(record.data.step);
        return;
      case 'waits':
        // asked before the next step
        if (record.data.ask?.at !== undefined) this.#goesOn(record.data.ask.at);
        return;
      case 'approved':
        if (life?.ask?.stage !== 'budget') this.#open = null;
        return;
      case 'rebased':
        // what was built is reviewed again
        if (record.data.review) this.#open = null;
        return;
      case 'failed':
      case 'retried':
      case 'revised':
        this.#open = null;
        return;
    }
  }

  #goesOn(step: string): void {
    if (this.#open === null || this.#open.step === step) return;
    this.waived++;
    this.#open = null;
  }
}

/** The checks that failed when it was to close: the builder mends that, and it goes on there. */
function isMended({ role, failure }: SteppedData): boolean {
  return role === null && (failure === 'test_failure' || failure === 'test_timeout');
}
