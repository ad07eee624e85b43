import type { DriftSchedule } from '../../order/generated.ts';
import { readIfThere, writeDurable } from '../../platform/durable.ts';
import { nextTimeOf } from '../../platform/schedule.ts';
import { conform } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After each try that failed: all of them lie within a day. */
const PAUSES_MS = [10 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS];

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
    this.#keep(next === null ? null : { v: 1, line, next: next.toISOString() });
  }

  /** What was due failed: it is due again after a pause that grows with each try, at the line's next time after the last one. */
  failed(line: string): void {
    const tries = this.#known?.line === line ? (this.#known.tries ?? 0) : 0;
    const pause = PAUSES_MS[tries];
    const again = pause === undefined ? null : new Date(Date.now() + pause);
    const next = nextTimeOf(line);
    if (again === null || (next !== null && next <= again)) this.next(line);
    else this.#keep({ v: 1, line, next: again.toISOString(), tries: tries + 1 });
  }

  #keep(known: DriftSchedule | null): void {
    this.#known = known;
    if (known !== null) writeDurable(this.#station.layout.driftSchedule, `${JSON.stringify(known)}\n`);
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
