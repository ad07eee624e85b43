import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { PackUpkeep } from '../git/objects/upkeep.ts';
import { closeRepository } from '../git/repository.ts';
import { scanSettings } from '../intake/lanes.ts';
import { InboxScanner } from '../intake/scan.ts';
import { asWaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import { now } from '../platform/clock.ts';
import { ensureDir } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import type { Log } from '../platform/log.ts';
import { Nap } from '../platform/nap.ts';
import { every } from '../platform/schedule.ts';
import { folderIdentity, type Watch, watchFolders } from '../platform/watch.ts';
import type { Progress } from '../record/id-index.ts';
import { writeHeartbeat } from '../station/heartbeat.ts';
import { loadSettings, SETTINGS_FILE } from '../station/settings.ts';
import type { Station } from '../station/station.ts';
import { VERSION } from '../station/version.ts';
import { admitClaims } from './admit.ts';
import { reloadPolicy, tellPolicy } from './approvals/in-force.ts';
import { BackupSchedule } from './backup/schedule.ts';
import { claimDrops } from './claim-drops.ts';
import { takeCommands } from './commands/take-commands.ts';
import { flushJournal } from './flush.ts';
import { StationGuardrail } from './guardrail/in-station.ts';
import { holdsMany, IntakeGate } from './intake-gate.ts';
import { showBundle } from './jobs/show-bundle.ts';
import { gatherKept } from './keep.ts';
import { showPackets } from './missions/show-packets.ts';
import { finishPurges } from './purge.ts';
import { endWork } from './recover.ts';
import { releaseWaiting } from './release.ts';
import { StationReports } from './report/in-station.ts';
import { holdSuspects, lostIds, mendProjections } from './restore/gap.ts';
import { endRun, showAgain } from './restore/show-again.ts';
import { runOrders } from './run-order.ts';
import { Runtime } from './runtime.ts';
import { StationSpans } from './spans/station-spans.ts';
import { takeUp } from './take-up.ts';
import { Tracker } from './tracker.ts';

/** How many drops one turn claims, how many orders one batch lands, and when the journal is flushed even while there is work. */
const CLAIMS_A_TURN = 128;
/** Where many wait at a start, the first turn claims fewer, each that follows twice as many. */
const FIRST_CLAIMS = 16;
const MANY_WAIT = 8 * CLAIMS_A_TURN;
const ORDERS_A_BATCH = 128;
/**
 * The same by size: what a batch, and a flush, hold in memory at once. An order of many small files becomes records and objects of some
 * twenty times its own size.
 */
const BYTES_A_BATCH = 8 * 1024 * 1024;
const FLUSH_AT_BYTES = 64 * 1024 * 1024;
const FLUSH_AT_RECORDS = 2000;
/** So many turns in vain end a drain. */
const MOST_FAULTS = 5;
/** Turns, a second each, in which a drain waits for a git that cannot write. */
const MOST_DEFERRALS = 15;
/** While there is no end of work the heartbeat comes this often. */
const BEAT_MS = 10_000;

export interface UpOptions {
  /** Work until nothing is runnable, then end. */
  readonly drain: boolean;
  /** Takes what lies there and carries out commands such as a cancel, and starts no order. */
  readonly startsNothing?: boolean;
  readonly log: Log;
  readonly step?: Runtime['step'];
  /** Told how far a start is that has to read the whole ledger; where nobody looks on, the log tells. */
  readonly progress?: Progress | null;
  /** Ends the station: after the batch in hand, with the journal flushed. */
  readonly signal: AbortSignal;
}

/** `waybill up`: the station process, from taking the lock to giving it back. */
export async function runStation(station: Station, options: UpOptions): Promise<void> {
  const rt = await Runtime.open(station, options.log, options.step, options.progress);
  try {
    // before anything is recorded: the tracker follows what the station writes
    const loop = new StationLoop(rt, options);
    await takeUp(rt);
    await loop.run();
    endRun(station);
  } finally {
    rt.close();
    // a git of ours that outlives us looks like somebody's
    await closeRepository(station.repo);
  }
}

/** One loop over everything there is to do. Events only wake it; each turn looks at the disk (rule 6). */
class StationLoop {
  readonly #rt: Runtime;
  readonly #options: UpOptions;
  readonly #scanner: InboxScanner;
  readonly #tracker: Tracker;
  readonly #backups: BackupSchedule;
  readonly #packs: PackUpkeep;
  readonly #gate: IntakeGate;
  readonly #guardrail: StationGuardrail;
  readonly #reports: StationReports;
  readonly #spans: StationSpans | null;
  readonly #atWork = new Map<string, Promise<void>>();
  readonly #nap: Nap;
  #failure: unknown = null;
  /** Turns in a row in which the machine could not claim what lies there. */
  #faults = 0;
  /** The same for claims that wait because git cannot write. */
  #deferrals = 0;
  #watch: Watch | null = null;
  #watched = '';
  #mayClaim = CLAIMS_A_TURN;
  #beatAt = 0;
  /** The last turn claimed as many drops as it may. */
  #hasMore = false;
  #settingsRead = '';
  /** Orders that lost records told of; empty as long as none were lost. */
  #suspects: ReadonlySet<string> = new Set();
  #lookAgain = false;
  /** Why settings cannot be used; then nothing is started, while intake goes on (rule 7). */
  #settingsFault: string | null = null;

  constructor(rt: Runtime, options: UpOptions) {
    this.#rt = rt;
    this.#options = options;
    this.#nap = new Nap(options.signal);
    this.#scanner = new InboxScanner(rt.station.layout.inbox, scanSettings(rt.station));
    this.#tracker = new Tracker(rt, this.#scanner);
    this.#backups = new BackupSchedule(rt, options.signal);
    this.#packs = new PackUpkeep(rt.station.repo, rt.log, options.signal);
    this.#gate = new IntakeGate(rt);
    this.#guardrail = new StationGuardrail(rt);
    this.#reports = new StationReports(rt);
    this.#spans = StationSpans.begin(rt);
    rt.onMoved = (life) => this.#moved(life);
    setMaxListeners(0, options.signal);
  }

  async run(): Promise<void> {
    const { settings } = this.#rt.station;
    // the start may just have found that records were lost
    this.#suspects = lostIds(this.#rt.station);
    const hint = () => this.#nap.hint();
    const stopSchedule = every(settings.intake.scanSeconds, hint);
    this.#options.signal.addEventListener('abort', hint);
    if (this.#rt.policyFile.fault !== null) tellPolicy(this.#rt);
    try {
      await this.#keepUp();
      await this.#settle();
      // who waits for a drain asked for orders, not for a look at components
      if (!this.#options.drain) this.#guardrail.start();
      if (this.#scanner.lanes().some(({ folder }) => holdsMany(folder, MANY_WAIT))) this.#mayClaim = FIRST_CLAIMS;
      while (!this.#options.signal.aborted) {
        this.#nap.begin();
        const { worked, pause } = await this.#turn();
        if (this.#failure !== null) throw this.#failure;
        if (worked) {
          if (this.#hasMore) await this.#stopWatching();
          await this.#tracker.lookAtWork();
          if (Date.now() - this.#beatAt > BEAT_MS) this.#beat();
          continue;
        }
        await flushJournal(this.#rt);
        await this.#settle();
        if (this.#options.drain && this.#isDrained()) {
          await this.#backups.last();
          await this.#packs.last();
          break;
        }
        if (!this.#options.drain) this.#backups.look();
        if (!this.#options.drain) this.#reports.look();
        this.#packs.look();
        await this.#watchFolders();
        await this.#nap.sleep(pause);
        if (this.#failure !== null) throw this.#failure;
        await this.#keepUp();
      }
      await endWork(this.#rt, this.#atWork);
      if (this.#failure !== null) throw this.#failure;
      await flushJournal(this.#rt);
      await this.#settle();
      await this.#tracker.look();
    } finally {
      await stopSchedule();
      await this.#guardrail.end();
      await this.#rt.notices.end();
      await this.#backups.end();
      await this.#reports.end();
      await this.#packs.end();
      await this.#watch?.close();
      await this.#spans?.end();
    }
  }

  /** One look at everything. `pause` is how long the loop may sleep when nothing was done. */
  async #turn(): Promise<{ worked: boolean; pause: number }> {
    const rt = this.#rt;
    const before = rt.ledger.head.seq;
    this.#reloadSettings();
    reloadPolicy(rt);
    const open = this.#gate.isOpen();
    const dropped = await takeCommands(rt, open);
    const { claims, settlesIn, fault } = open
      ? claimDrops(rt, this.#scanner, this.#mayClaim)
      : { claims: [], settlesIn: 1000, fault: null };
    this.#hasMore = claims.length === this.#mayClaim;
    if (this.#hasMore) this.#mayClaim = Math.min(2 * this.#mayClaim, CLAIMS_A_TURN);
    this.#faults = fault === null || claims.length > 0 ? 0 : this.#faults + 1;
    // whoever waits for a drain is told; a station that stays tries on
    if (this.#options.drain && this.#faults >= MOST_FAULTS) throw fault;
    await admitClaims(rt, [...rt.deferredClaims.splice(0), ...dropped, ...claims]);
    this.#deferrals = rt.deferredClaims.length === 0 ? 0 : this.#deferrals + 1;
    await releaseWaiting(rt);
    holdSuspects(rt, this.#suspects);
    // once more: settings that were written before a drop count for that drop
    this.#reloadSettings();
    reloadPolicy(rt);
    const started = this.#mayStart() && (await this.#startReady());
    rt.notices.tell();
    rt.projections.showMoved();
    if (rt.unjournalled.length > FLUSH_AT_RECORDS || rt.bytesSinceFlush > FLUSH_AT_BYTES) await flushJournal(rt);
    const pause = Math.min(
      ...[
        rt.station.settings.intake.scanSeconds * 1000,
        settlesIn,
        rt.waiting.nextDue(Date.now()),
        rt.waiting.repository().length > 0 ? rt.nextRepositoryLook - Date.now() : null,
        this.#lookAgain || this.#deferrals > 0 ? 1000 : null,
      ].filter((p) => p !== null),
    );
    return { worked: started || claims.length > 0 || dropped.length > 0 || rt.ledger.head.seq !== before, pause };
  }

  /** Pure file orders run and land as one batch; orders with commands run beside it, as many as their lanes allow. */
  async #startReady(): Promise<boolean> {
    const rt = this.#rt;
    const batch: OrderLife[] = [];
    let bytes = 0;
    let begun = 0;
    for (;;) {
      const life = rt.ready.take((candidate) => this.#hasSlot(candidate));
      if (life === null) break;
      if (life.admitted?.works === true) {
        begun++;
        const running = this.#work(life);
        this.#atWork.set(life.woId, running);
      } else {
        bytes += life.admitted?.request.size ?? 0;
        if (batch.push(life) >= ORDERS_A_BATCH || bytes >= BYTES_A_BATCH) break;
      }
    }
    const head = rt.ledger.head.seq;
    if (batch.length > 0) await runOrders(rt, batch);
    return begun > 0 || rt.ledger.head.seq !== head;
  }

  async #work(life: OrderLife): Promise<void> {
    try {
      await runOrders(this.#rt, [life]);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#atWork.delete(life.woId);
      // Still ready: another order has its paths in hand, and the end of that one wakes us.
      if (this.#rt.orders.get(life.woId)?.status !== 'ready') this.#nap.hint();
    }
  }

  #hasSlot(life: OrderLife): boolean {
    if (life.admitted?.works !== true) return true;
    if (this.#atWork.has(life.woId)) return false;
    const lane = life.admitted.lane;
    const used = [...this.#atWork.keys()].filter((woId) => this.#rt.orders.get(woId)?.admitted?.lane === lane).length;
    return used < (this.#rt.station.settings.lanes[lane]?.concurrency ?? 1);
  }

  /** Settings changed while the station runs count from the next turn on; where things lie is only read at a start. */
  #reloadSettings(): void {
    const rt = this.#rt;
    const stat = ifThere(() => fs.statSync(join(rt.station.layout.root, SETTINGS_FILE)));
    const seen = `${stat?.ino}:${stat?.size}:${stat?.mtimeMs}`;
    if (seen === this.#settingsRead) return;
    this.#settingsRead = seen;
    try {
      const settings = loadSettings(rt.station.layout.root);
      this.#settingsFault = null;
      if (JSON.stringify(settings) === JSON.stringify(rt.station.settings)) return;
      if (JSON.stringify(settings.paths) !== JSON.stringify(rt.station.settings.paths)) {
        rt.log.warn('paths changed in waybill.yaml: they count from the next start of the station');
      }
      rt.useSettings({ ...settings, paths: rt.station.settings.paths });
      this.#scanner.useSettings(scanSettings(rt.station));
      rt.log.info('waybill.yaml was read again');
    } catch (thrown) {
      const error = asWaybillError(thrown);
      this.#settingsFault = error.message;
      rt.log.error(
        { code: error.code, ...error.place },
        `nothing is started until waybill.yaml is mended: ${error.message}`,
      );
    }
  }

  #mayStart(): boolean {
    if (this.#options.startsNothing === true) return false;
    return this.#settingsFault === null && this.#rt.policyFile.fault === null;
  }

  /** Nothing is runnable: what is parked waits for somebody or for a time to come. A file that is still settling will be. */
  #isDrained(): boolean {
    const scan = this.#scanner.scan(1);
    const waiting = this.#gate.why === '' && (scan.settlesIn !== null || scan.drops.length > 0);
    // what a git that cannot write holds up for longer waits for the next start
    const deferred = this.#deferrals > 0 && this.#deferrals <= MOST_DEFERRALS;
    // who waited for an order that ended just now has not been looked at
    if (this.#rt.ended.length > 0 || (this.#rt.ready.size > 0 && this.#mayStart())) return false;
    return this.#atWork.size === 0 && !waiting && !deferred;
  }

  /** After sleeping: heartbeat, and folders that somebody may have cleaned away. */
  async #keepUp(): Promise<void> {
    const rt = this.#rt;
    rt.lock.assertHeld();
    const { layout, settings } = rt.station;
    this.#beat();
    if (!this.#options.drain) this.#guardrail.watch();
    // `git clean -fdx` takes empty lanes with it.
    for (const lane of new Set([settings.defaultLane, ...Object.keys(settings.lanes)]))
      ensureDir(join(layout.inbox, lane));
    ensureDir(layout.commands);
    ensureDir(layout.state);
    await finishPurges(rt);
    await this.#tracker.look();
  }

  #moved(life: OrderLife): void {
    this.#tracker.note(life);
    this.#reports.note(life);
    showPackets(this.#rt, life);
    showBundle(this.#rt, life);
  }

  /** Says that the processors live. */
  #beat(): void {
    const rt = this.#rt;
    this.#beatAt = Date.now();
    const beat = {
      v: 1 as const,
      pid: process.pid,
      at: now(),
      version: VERSION,
      processors: ['intake', 'executor', 'tracker', ...(this.#options.drain ? [] : this.#guardrail.processors)],
      alive: rt.orders.size,
      slow: this.#gate.why,
    };
    rt.show('the heartbeat', () => writeHeartbeat(rt.station.layout, beat));
  }

  /** Before sleeping: watches on the folders as they are now. */
  async #watchFolders(): Promise<void> {
    const { layout } = this.#rt.station;
    const folders = [layout.inbox, ...this.#scanner.lanes().map(({ folder }) => folder), layout.commands];
    const identity = folders.map((f) => `${f}=${folderIdentity(f)}`).join('\n');
    if (identity === this.#watched) return;
    await this.#watch?.close();
    this.#watch = watchFolders(folders, () => this.#nap.hint());
    this.#watched = identity;
  }

  /** Nobody needs to be woken while more waits than one turn can claim; a watcher would look at every file, which takes longer than the work. */
  async #stopWatching(): Promise<void> {
    await this.#watch?.close();
    this.#watch = null;
    this.#watched = '';
  }

  /** Before sleeping, and before the end: what could not be shown is tried again; projections whole, and marked as such. */
  async #settle(): Promise<void> {
    const rt = this.#rt;
    rt.assertWritable();
    rt.projections.showMoved();
    // whoever puts another .git there takes the lock with it: what this process knows is not of that one
    rt.lock.assertHeld();
    const from = rt.projections.unshownFrom;
    rt.projections.unshownFrom = null;
    rt.telemetry.tellOwed();
    if (from !== null) await showAgain(rt, from);
    // what was open in a program at the last flush
    await rt.exclusively(() => gatherKept(rt));
    this.#lookAgain = await mendProjections(rt, this.#lookAgain);
    if (this.#lookAgain) this.#suspects = lostIds(rt.station);
    rt.show('marks', () => rt.marks.atRest(rt.ledger.head));
  }
}
