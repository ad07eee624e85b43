import { tellAlerts } from '../../guardrail/alerts/tell.ts';
import { readLook } from '../../guardrail/last-look.ts';
import { durationText } from '../../guardrail/words.ts';
import { now } from '../../platform/clock.ts';
import type { Runtime } from '../runtime.ts';
import { GuardrailSchedule } from './schedule.ts';

/** So many intervals may pass without a look before somebody is told. */
const LOOKS_MISSED = 3;
/** A busy station wakes many times a second; this often is enough to ask how the guardrail is. */
const WATCH_MS = 1000;

/** The guardrail as a part of the running station, and the station's eye on it: also on one that runs by itself. */
export class StationGuardrail {
  readonly #rt: Runtime;
  readonly #schedule: GuardrailSchedule | null;
  readonly #began = Date.now();
  #silentSince: string | null = null;
  #watchedAt = 0;

  constructor(rt: Runtime) {
    this.#rt = rt;
    const { station, log } = rt;
    this.#schedule = station.settings.guardrail.enabled
      ? new GuardrailSchedule(station, { by: 'station', log, emit: (lines) => rt.emit(lines) })
      : null;
  }

  /** The processors that it adds to the station's. */
  get processors(): readonly string[] {
    return this.#schedule === null ? [] : ['guardrail'];
  }

  /** Looks beside the station's loop, from now on. */
  start(): void {
    void this.#schedule?.start();
  }

  /** Tells when the guardrail stops looking, and when it looks again. */
  watch(): void {
    if (Date.now() - this.#watchedAt < WATCH_MS) return;
    this.#watchedAt = Date.now();
    const last = readLook(this.#rt.station.layout)?.interval ?? null;
    if (last === null) return;
    const ageMs = Date.now() - Math.max(Date.parse(last.at), this.#began);
    const isSilent = ageMs > LOOKS_MISSED * last.seconds * 1000;
    if (isSilent === (this.#silentSince !== null)) return;
    const since = isSilent ? last.at : (this.#silentSince ?? last.at);
    this.#silentSince = isSilent ? since : null;
    const at = now();
    const component = 'processor:guardrail';
    const event = isSilent ? 'guardrail_silent' : 'guardrail_looks_again';
    this.#rt.emit([{ v: 1, ts: at, agent: 'station', event, ok: !isSilent, since }]);
    const text = isSilent
      ? `ALERT: Not alive: ${component}: it looked last ${durationText(ageMs)} ago`
      : `RECOVERED: ${component} after ${durationText(Date.parse(at) - Date.parse(since))}`;
    const what = isSilent ? ('drift' as const) : ('recovered' as const);
    void tellAlerts(this.#rt.station, [{ at, what, severity: 'critical', component, text, since }], this.#rt.log);
  }

  async end(): Promise<void> {
    await this.#schedule?.end();
  }
}
