import { isAbsolute, join } from 'node:path';
import { readLook } from '../../guardrail/last-look.ts';
import { settingsLook } from '../../guardrail/settings.ts';
import { asWaybillError } from '../../order/error.ts';
import { statIfThere } from '../../platform/fs.ts';
import { every, type Stop } from '../../platform/schedule.ts';
import { folderIdentity, type Watch, watchFolders } from '../../platform/watch.ts';
import type { Station } from '../../station/station.ts';
import { Guardrail, type Looked, type LookOptions, type Watcher } from './look.ts';

/**
 * Between an event in a folder and the look: what belongs together comes together. After a look the next one waits longer where looks are
 * dear, so that they take a twentieth of the time at most, and still one a second.
 */
const GATHER_MS = 100;
const LONGEST_GATHER_MS = 600;
const SHARE = 20;
/** More folders are not watched: the scan finds what happens there. */
const MOST_WATCHED = 2000;
/** A look that another guardrail made so short a time ago, in parts of the interval, stands for ours. */
const ENOUGH = 0.5;

/** Looks at an interval, and as soon as something happens to a file or folder that is looked after. */
export class GuardrailSchedule {
  readonly #station: Station;
  readonly #watcher: Watcher;
  readonly #guardrail: Guardrail;
  readonly #stop = new AbortController();
  #ends: Stop[] = [];
  #watch: Watch | null = null;
  #watched = '';
  #folders: readonly string[] = [];
  #glanceMs = 0;
  #lookedAt = 0;
  #gathering: NodeJS.Timeout | null = null;
  #inHand: Promise<void> = Promise.resolve();
  /** A look at the interval waits for the one in hand: looks that take longer than the interval do not pile up. */
  #isDue = false;
  readonly #telling = new Set<Promise<unknown>>();

  constructor(station: Station, watcher: Omit<Watcher, 'scheduled' | 'stop'>) {
    const { guardrail } = settingsLook(station.layout).settings;
    this.#station = station;
    this.#watcher = { ...watcher, scheduled: guardrail.everySeconds, stop: this.#stop.signal };
    this.#guardrail = new Guardrail(station, this.#watcher);
  }

  /** Looks at once, tells what was missed since the last look, and goes on by itself. */
  async start(): Promise<void> {
    await this.#run(async () => {
      this.#tellMissed();
      await this.#look({});
    });
    if (this.#stop.signal.aborted) return;
    const seconds = this.#watcher.scheduled ?? 300;
    this.#ends = [every(seconds, () => this.#tick(seconds))];
  }

  async end(): Promise<void> {
    this.#stop.abort();
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    await Promise.all(this.#ends.map((stop) => stop()));
    await this.#inHand;
    await this.#watch?.close();
    await Promise.all(this.#telling);
  }

  /** One after the other; a look that cannot be made is told, and the next one is made all the same. */
  #run(act: () => Promise<void>): Promise<void> {
    this.#inHand = this.#inHand.then(async () => {
      if (this.#stop.signal.aborted) return;
      try {
        await act();
      } catch (thrown) {
        const error = asWaybillError(thrown);
        this.#watcher.log.error({ code: error.code }, `the guardrail could not look: ${error.message}`);
      }
    });
    return this.#inHand;
  }

  #tick(seconds: number): void {
    if (this.#isDue) return;
    this.#isDue = true;
    void this.#run(async () => {
      this.#isDue = false;
      this.#tellMissed();
      // a heartbeat for each interval, whoever looks
      this.#note(await this.#guardrail.lookUnlessSomebodyDid(ENOUGH * seconds * 1000));
      await this.#watchFolders();
    });
  }

  /** A machine that slept, or a time in which no guardrail ran, leaves no telemetry; that is said afterwards. */
  #tellMissed(): void {
    const interval = readLook(this.#station.layout)?.interval ?? null;
    if (interval === null) return;
    const missed = Math.floor((Date.now() - Date.parse(interval.at)) / (interval.seconds * 1000)) - 1;
    if (missed > 0) this.#guardrail.missed(missed, interval.at);
  }

  async #look(options: LookOptions): Promise<void> {
    this.#note(await this.#guardrail.look(options));
    await this.#watchFolders();
  }

  #note(looked: Looked | null): void {
    if (looked === null) return;
    const { folders, told, scanMs } = looked;
    this.#glanceMs = scanMs;
    this.#lookedAt = performance.now();
    const telling = told.finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
    this.#folders = folders;
  }

  async #watchFolders(): Promise<void> {
    if (this.#stop.signal.aborted || !settingsLook(this.#station.layout).settings.guardrail.watch) return;
    const { root } = this.#station.layout;
    const there = new Set<string>();
    for (const folder of this.#folders) {
      const path = nearest(isAbsolute(folder) ? folder : join(root, folder));
      if (path !== null && there.size < MOST_WATCHED) there.add(path);
    }
    const identity = [...there].map((path) => `${path}=${folderIdentity(path)}`).join('\n');
    if (identity === this.#watched) return;
    await this.#watch?.close();
    this.#watch = watchFolders([...there], () => this.#gather());
    this.#watched = identity;
  }

  #gather(): void {
    if (this.#gathering !== null || this.#stop.signal.aborted) return;
    const restMs = Math.min(LONGEST_GATHER_MS, SHARE * this.#glanceMs) - (performance.now() - this.#lookedAt);
    this.#gathering = setTimeout(
      () => {
        this.#gathering = null;
        void this.#run(() => this.#look({ glance: true }));
      },
      Math.max(GATHER_MS, restMs),
    );
  }
}

/** The folder itself, or where it is gone the nearest one above that is there. */
function nearest(path: string): string | null {
  for (let folder = path; ; folder = join(folder, '..')) {
    if (statIfThere(folder)?.isDirectory() === true) return folder;
    if (folder === '/') return null;
  }
}
