import { placeOf } from '../../git/exchange.ts';
import { asWaybillError, errorBody } from '../../order/error.ts';
import { now } from '../../platform/clock.ts';
import { exists, removeDurable, writeDurable } from '../../platform/durable.ts';
import { lastBackup } from '../../record/backup-report.ts';
import { flushJournal } from '../flush.ts';
import type { Runtime } from '../runtime.ts';
import { backup } from './backup.ts';

/** Pause after the first backup by itself that failed; doubles with each, up to an hour. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** One backup to make: by itself, or for the command file that asked for it. */
interface Wish {
  readonly to: string;
  readonly commandFile: string | null;
}

/**
 * Backups of a running station, beside its loop: those that somebody asks for, and those that settings ask for, when the station is idle.
 * One at a time. They never hold up an order, and end when the station is told to stop.
 */
export class BackupSchedule {
  readonly #rt: Runtime;
  readonly #signal: AbortSignal;
  readonly #asked: Wish[] = [];
  readonly #stop = new AbortController();
  #inHand: Promise<void> | null = null;
  #notBefore = 0;
  #failures = 0;
  /** What settings name, as reports call it. */
  #place: { readonly to: string; readonly shown: string } | null = null;

  constructor(rt: Runtime, signal: AbortSignal) {
    this.#rt = rt;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    rt.askBackup = (commandFile, to) => {
      if (this.#asked.some((wish) => wish.commandFile === commandFile)) return;
      this.#asked.push({ commandFile, to });
      this.#begin();
    };
  }

  /** The loop is idle: makes the backup that is due, if none is under way. */
  look(): void {
    this.#begin();
  }

  /** Before a drained station ends: what was asked for, and what is due. */
  async last(): Promise<void> {
    this.#begin();
    while (this.#inHand !== null) await this.#inHand;
  }

  /** Ends what is under way; who asked is answered at the next start. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#inHand;
  }

  #begin(): void {
    if (this.#inHand !== null || this.#signal.aborted) return;
    const wish = this.#asked[0];
    if (wish === undefined && !this.#mayBeDue()) return;
    this.#inHand = (wish === undefined ? this.#makeDue() : this.#make(wish)).finally(() => {
      this.#inHand = null;
      if (wish !== undefined) this.#asked.shift();
      if (this.#asked.length > 0) this.#begin();
    });
  }

  /** Reads one small file; only for a place that was not asked about before git is started. */
  #mayBeDue(): boolean {
    const { to } = this.#rt.station.settings.backup;
    if (to === null || Date.now() < this.#notBefore) return false;
    return this.#place?.to !== to || this.#isDue(this.#place.shown);
  }

  #isDue(shown: string): boolean {
    const last = lastBackup(this.#rt.station);
    if (last === null || last.to !== shown) return true;
    const due = Date.parse(last.at) + this.#rt.station.settings.backup.everyHours * 3_600_000;
    return Date.now() >= due && this.#rt.ledger.head.seq > last.seq;
  }

  async #makeDue(): Promise<void> {
    const rt = this.#rt;
    const { to } = rt.station.settings.backup;
    if (to === null) return;
    try {
      this.#place = { to, shown: (await placeOf(rt.station.repo.git, to, rt.station.layout.root)).shown };
      if (!this.#isDue(this.#place.shown)) return;
    } catch {
      // what is wrong with the place is told by the backup
    }
    await this.#make({ to, commandFile: null });
  }

  async #make({ to, commandFile }: Wish): Promise<void> {
    const rt = this.#rt;
    try {
      if (commandFile !== null && !exists(commandFile)) return;
      await flushJournal(rt);
      const report = await backup(rt.station, to, { signal: this.#signal, emit: (lines) => rt.emit(lines) });
      rt.log.info({ to: report.to, seq: report.seq, verified: report.verified }, 'backed up');
      if (commandFile === null) [this.#failures, this.#notBefore] = [0, 0];
      else removeDurable(commandFile);
    } catch (thrown) {
      if (this.#signal.aborted) return;
      const error = asWaybillError(thrown);
      rt.log.warn({ code: error.code }, `no backup was made: ${error.message}`);
      if (commandFile === null) {
        this.#notBefore = Date.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
        return;
      }
      const refused = commandFile.replace(/\.json$/, '.refused.json');
      rt.show(refused, () => {
        writeDurable(refused, `${JSON.stringify({ v: 1, ...errorBody(error, now()) })}\n`);
        removeDurable(commandFile);
      });
    }
  }
}
