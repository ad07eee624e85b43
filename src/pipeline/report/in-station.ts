import { isOutside } from '../../order/change.ts';
import { asWaybillError } from '../../order/error.ts';
import type { OrderLife } from '../../order/life.ts';
import { now } from '../../platform/clock.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import type { DocumentSettings } from '../../station/settings.ts';
import type { Runtime } from '../runtime.ts';
import { driftOf } from './drift.ts';
import { DueTime } from './drift-schedule.ts';
import { type Fed, feed } from './feed.ts';
import { showDrift, shownStatus, showStatus, statusFile } from './show.ts';
import { type StatusMade, statusOf } from './status.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Documents that change one after the other are one reason to measure. */
const GATHER_MS = 60_000;
/** After a report that could not be made. */
const PAUSE_MS = 10 * 60_000;

/**
 * The reports that a running station makes by itself, beside its loop and when that is idle: the status while it is of use to `docs check`, and the
 * drift report at the times that settings name (docs/decisions/0043-status.md).
 */
export class StationReports {
  readonly #rt: Runtime;
  readonly #due: DueTime;
  #inHand: Promise<void> | null = null;
  #hasEnded = false;
  #notBefore = 0;
  /** When the status was measured last, by what it says itself; null before anybody looked. */
  #shownAt: number | null = null;
  /** The ledger as it was then. */
  #shownSeq = -1;
  #areDocumentsOther = false;

  constructor(rt: Runtime) {
    this.#rt = rt;
    this.#due = new DueTime(rt.station);
  }

  /** Told of every order that a record moved: one that changed documents makes the status old. */
  note({ status, landing }: OrderLife): void {
    const { documents, backlog } = this.#rt.station.settings;
    const isDocument = (path: string) =>
      !isOutside(path) &&
      (path.startsWith(`${documents.folder}/`) ||
        [documents.register, documents.index, documents.corpus].includes(path) ||
        documents.state.includes(path) ||
        backlog.files.includes(path));
    if (status === 'done' && landing?.changes.some(({ path }) => isDocument(path)) === true)
      this.#areDocumentsOther = true;
  }

  /** The loop is idle: begins what is due, if nothing is under way. Costs one look at a file's name while nothing is. */
  look(): void {
    if (this.#inHand !== null || this.#hasEnded || Date.now() < this.#notBefore) return;
    const { weekly } = this.#rt.station.settings.documents;
    const act = this.#ask(() =>
      weekly !== null && this.#due.hasCome(weekly)
        ? () => this.#drift(weekly)
        : this.#isStatusDue()
          ? async () => void (await this.#status())
          : null,
    );
    if (act === null) return;
    this.#inHand = this.#try(act).finally(() => {
      this.#inHand = null;
    });
  }

  /** Waits for what is under way. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#inHand;
  }

  #ask<T>(question: () => T): T | null {
    try {
      return question();
    } catch (thrown) {
      this.#tell(thrown);
      return null;
    }
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  #tell(thrown: unknown): void {
    this.#notBefore = Date.now() + PAUSE_MS;
    const { code, message } = asWaybillError(thrown);
    this.#rt.log.warn({ code }, `a report was not made, or not fed: ${message}`);
  }

  #isStatusDue(): boolean {
    const { documents } = this.#rt.station.settings;
    if (documents.mode === 'off') return false;
    const isThere = lstatIfThere(statusFile(this.#rt.station)) !== undefined;
    if (!isThere) return isOfUse(documents);
    this.#shownAt ??= this.#readShownAt();
    const ageMs = Date.now() - this.#shownAt;
    if (ageMs >= Math.min(DAY_MS, documents.maxAgeHours * HOUR_MS) / 2) return true;
    if (this.#areDocumentsOther) return ageMs >= GATHER_MS;
    const isOtherDay = now().slice(0, 10) !== new Date(this.#shownAt).toISOString().slice(0, 10);
    return isOtherDay && this.#shownSeq !== this.#rt.ledger.head.seq;
  }

  /** By what it says itself: a checkout makes an old file young. One that cannot be read is as old as can be. */
  #readShownAt(): number {
    try {
      return Date.parse(shownStatus(this.#rt.station)?.generated_at_utc ?? '') || 0;
    } catch {
      return 0;
    }
  }

  async #status(): Promise<StatusMade> {
    const { station } = this.#rt;
    // what happens while it is measured counts for the next one
    this.#areDocumentsOther = false;
    const { seq } = this.#rt.ledger.head;
    const made = await statusOf(station);
    const { status } = made;
    const [path] = await showStatus(station, status);
    [this.#shownAt, this.#shownSeq] = [Date.parse(status.generated_at_utc), seq];
    const ts = status.generated_at_utc;
    const ok = status.status !== 'fail';
    this.#rt.emit([{ v: 1, ts, agent: 'station', event: 'status_reported', ok, status: status.status, path }]);
    return made;
  }

  /**
   * The time is only set forward when the order is handed in: whoever is killed before does all of it again, which changes nothing twice. What fails
   * is tried again some times, then with the next report.
   */
  async #drift(line: string): Promise<void> {
    try {
      await this.#reportDrift();
    } catch (thrown) {
      this.#due.failed(line);
      throw thrown;
    }
    this.#due.next(line);
  }

  async #reportDrift(): Promise<void> {
    const { station, log } = this.#rt;
    const made = await this.#status();
    const at = made.status.generated_at_utc;
    const report = await driftOf(station, made, new Date(Date.parse(at) - WEEK_MS).toISOString());
    const [path] = await showDrift(station, report);
    const { findings, week } = report;
    const what = { week, findings: findings.length, path };
    const tell = (ok: boolean, fed: object) =>
      this.#rt.emit([{ v: 1, ts: at, agent: 'station', event: 'drift_reported', ok, ...what, ...fed }]);
    let fed: Fed;
    try {
      fed = feed(station, report);
    } catch (thrown) {
      tell(false, { fed: 0, order: null, code: asWaybillError(thrown).code });
      throw thrown;
    }
    tell(findings.length === 0, { fed: fed.items.length, order: fed.woId });
    log.info({ week, findings: findings.length, order: fed.woId }, 'the drift report is made');
  }
}

/** Whether settings say anything of documents that a status helps to check. */
function isOfUse({ state, register, index, corpus, claims, weekly }: DocumentSettings): boolean {
  return state.length + claims.length > 0 || [register, index, corpus, weekly].some((setting) => setting !== null);
}
