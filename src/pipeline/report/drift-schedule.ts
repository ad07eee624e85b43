import type { DriftSchedule } from '../../order/generated.ts';
import { readIfThere, writeDurable } from '../../platform/durable.ts';
import { nextTimeOf } from '../../platform/schedule.ts';
import { conform } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';

/** When the next drift report is due, kept where no clean reaches: what was missed while no station ran is due at the next start, once. */
export class DueTime {
  readonly #station: Station;
  #known: DriftSchedule | null = null;

  constructor(station: Station) {
    this.#station = station;
  }

  /** Whether the time that a cron line names has come; for another line than before the time begins anew. Costs nothing while it has not. */
  hasCome(line: string): boolean {
    if (this.#known?.line !== line) this.#known = this.#read();
    if (this.#known?.line !== line) this.next(line);
    return this.#known !== null && Date.now() >= Date.parse(this.#known.next);
  }

  /** What was due is done: the next time that the line names counts. */
  next(line: string): void {
    const next = nextTimeOf(line);
    this.#known = next === null ? null : { v: 1, line, next: next.toISOString() };
    if (this.#known !== null) writeDurable(this.#station.layout.driftSchedule, `${JSON.stringify(this.#known)}\n`);
  }

  /** One that cannot be read is made anew. */
  #read(): DriftSchedule | null {
    try {
      const text = readIfThere(this.#station.layout.driftSchedule)?.toString('utf8');
      return text === undefined ? null : conform('drift-schedule', JSON.parse(text), 'IO_ERROR');
    } catch {
      return null;
    }
  }
}
