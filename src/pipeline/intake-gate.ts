import { now } from '../platform/clock.ts';
import { namesIn } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import type { Runtime } from './runtime.ts';

/** A full disk or a full queue slows intake down with a clear line; drops stay their authors' files. */
export class IntakeGate {
  readonly #rt: Runtime;
  /** Why intake waits; empty while it does not. */
  why = '';

  constructor(rt: Runtime) {
    this.#rt = rt;
  }

  isOpen(): boolean {
    const { settings, layout } = this.#rt.station;
    const disk = ifThere(() => fs.statfsSync(layout.gitDir));
    const freeMb = disk === undefined ? Number.POSITIVE_INFINITY : (disk.bavail * disk.bsize) / 1_048_576;
    const why =
      freeMb < settings.intake.minFreeMb
        ? `only ${Math.floor(freeMb)} MB of disk are free, intake waits for ${settings.intake.minFreeMb}`
        : this.#rt.orders.size >= settings.intake.maxWaiting
          ? `${this.#rt.orders.size} orders are alive, intake waits until fewer than ${settings.intake.maxWaiting} are`
          : '';
    if (why !== this.why) this.#tell(why);
    return why === '';
  }

  #tell(why: string): void {
    this.why = why;
    if (why !== '') this.#rt.log.warn(why);
    const event = why === '' ? 'intake_resumed' : 'intake_slowed';
    this.#rt.emit([{ v: 1, ts: now(), agent: 'intake', event, ok: why === '', why }]);
  }
}

/** Whether so many wait in a lane; one that cannot be read never stops the others (rule 10). */
export function holdsMany(folder: string, many: number): boolean {
  try {
    return namesIn(folder).length >= many;
  } catch {
    return false;
  }
}
