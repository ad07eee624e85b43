import { join } from 'node:path';
import { removeOwnRefLocks } from '../git/ref-transaction.ts';
import { OrdersRead } from '../intake/orders-read.ts';
import { WaybillError } from '../order/error.ts';
import type { Recorded } from '../order/event.ts';
import { isTransition } from '../order/event.ts';
import type { TelemetryLine } from '../order/generated.ts';
import { advance, claimOf, type OrderLife } from '../order/life.ts';
import { cutProse } from '../order/secrets/prose.ts';
import { assertLegal, isTerminal } from '../order/transition.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { type HeldLock, takeLock } from '../platform/lock.ts';
import type { Log } from '../platform/log.ts';
import { PolicyFile } from '../policy/policy-file.ts';
import { ReadyQueue } from '../queue/ready-queue.ts';
import { WaitingRoom } from '../queue/waits.ts';
import { catchUpIndex, IdIndex, type Progress } from '../record/id-index.ts';
import { JournalReader } from '../record/journal.ts';
import type { Draft, FileLedger } from '../record/ledger.ts';
import type { Orders } from '../record/orders.ts';
import { Projections } from '../record/projections.ts';
import { archivedStatePath, isPastRetention } from '../record/retention.ts';
import { Telemetry, type Told } from '../record/telemetry.ts';
import { refsOf } from '../station/layout.ts';
import { redactorOf } from '../station/redactor.ts';
import type { Settings } from '../station/settings.ts';
import type { Station } from '../station/station.ts';
import { Notices } from './approvals/notices.ts';
import { Trust } from './approvals/trust.ts';
import { finishContinuing } from './backup/continue.ts';
import { openLive } from './live.ts';
import { guardAtStart, isWhereWeLeftIt, mendedLine, whatWasMended } from './restore/journal-guard.ts';
import { type Contradictions, isUnfinished, Marks } from './restore/marks.ts';

/** Why an order's work is cut short that nobody cancelled: the station was told to stop, and has waited long enough. */
export const STATION_STOPS = 'the station stops';

/** An order that has a slot now. */
export interface RunningJob {
  readonly woId: string;
  readonly lane: string;
  /** Runs commands or checks, and so counts against its lane's concurrency. */
  readonly works: boolean;
  readonly paths: ReadonlySet<string>;
  readonly abort: AbortController;
}

/**
 * What the station process knows while it runs: the only writer of ledger, state, evidence, outbox and refs. Everything in it can be
 * rebuilt from disk; a crash loses nothing but the process.
 */
export class Runtime {
  station: Station;
  readonly log: Log;
  readonly lock: HeldLock;
  readonly ledger: FileLedger;
  readonly orders: Orders;
  readonly ids: IdIndex;
  readonly projections: Projections;
  readonly telemetry: Telemetry;
  readonly journal: JournalReader;
  readonly refs: ReturnType<typeof refsOf>;
  readonly ready = new ReadyQueue();
  readonly waiting = new WaitingRoom();
  readonly running = new Map<string, RunningJob>();
  /** Records that the journal doesn't hold yet. */
  readonly unjournalled: Recorded[] = [];
  /** Told each numbered step of "One order's life" and of "Landing" as it is done: progress for people, a place to stop for tests. */
  readonly step: (name: string, woIds: readonly string[]) => void;
  /** When somebody else last used the repository while we landed (design.md, "Landing"): then we land at most once a second. */
  contendedAt = 0;
  lastLanding = 0;
  /** How long after the last landing the next one comes then. */
  politePauseMs = 1000;
  /** When those who wait for the repository are looked at again. */
  nextRepositoryLook = 0;
  /** Landings in a row that were built and could not be made. */
  parkedLandings = 0;
  flushNotBefore = 0;
  /** Refs that no order needs any more could not be deleted; the next flush tries again. */
  unswept = false;
  /** There may be refs that hold what orders replace: a run before left some, or one was made. */
  hasRefs = true;
  /** The last flush failed: perhaps because objects of the journal are gone. */
  journalIsSuspect = false;
  purgeNotBefore = 0;
  /** The station is asked to stop: what is at work may come to its end, and begins nothing more. */
  isStopping = false;
  /** Hash of what each claim held when it was read, by claim; of this process only. */
  readonly taken = new Map<string, string>();
  /** What was read of claims, so that it need not be read again. */
  readonly read = new OrdersRead();
  /** Bytes of requests that came in, and of records, since the journal was written. */
  bytesSinceFlush = 0;
  /** Claims that wait for the journal to be written before they can be decided. */
  readonly deferredClaims: string[] = [];
  /** The tip we left, to notice that somebody else moved it. */
  lastTip: string | null = null;
  /** Orders that ended since somebody looked who waits for them. */
  readonly ended: string[] = [];
  /** Told of every order that a record moved or spoke of. */
  onMoved: (life: OrderLife) => void = () => {};
  /** The first record that telemetry did not tell of when this run began: what repeats it may not be there either. */
  untoldFrom = 1;
  /** Why nothing can be recorded any more. */
  #failure: unknown = null;
  readonly policyFile: PolicyFile;
  readonly trust: Trust;
  readonly notices: Notices;
  readonly marks: Marks;
  /** What lay outside at the start and does not fit the ledger. */
  readonly outside: Contradictions;
  /** Records that the backup brought back at the start. */
  readonly broughtBack: number;
  /** When this run began, in milliseconds since 1970. */
  readonly openedAt: number;
  /** The gap on record that an earlier start did not come to the end of. */
  gap: Recorded<'gap'> | null = null;
  /** The first record of the newest ledger segment. */
  #foldedFrom = 1;
  /** Told of a command file that asks for a backup; it is removed when that is made or refused. */
  askBackup: (commandFile: string, to: string) => void = () => {};
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: Pick<
      Runtime,
      'station' | 'log' | 'lock' | 'step' | 'ledger' | 'orders' | 'outside' | 'broughtBack' | 'openedAt'
    >,
  ) {
    this.station = parts.station;
    this.log = parts.log;
    this.lock = parts.lock;
    this.step = parts.step;
    this.ledger = parts.ledger;
    this.orders = parts.orders;
    this.outside = parts.outside;
    this.broughtBack = parts.broughtBack;
    this.openedAt = parts.openedAt;
    this.marks = new Marks(this.station);
    this.trust = new Trust(this.station.layout);
    this.notices = new Notices(() => this);
    this.policyFile = new PolicyFile(this.station.layout.root);
    this.refs = refsOf(this.station.id);
    this.projections = new Projections(() => this.station, this.log);
    this.ids = new IdIndex(this.station.layout.ids);
    this.telemetry = new Telemetry(this.station.layout.telemetry, this.station.settings.telemetry.rotateBytes, {
      since: (seq) => this.#toldFrom(seq),
      onFault: (error) => this.log.error({ err: error }, 'telemetry cannot be written; it is tried again'),
      redactor: () => redactorOf(this.station.settings),
    });
    this.journal = new JournalReader(this.station.repo, this.refs.journal);
  }

  /**
   * Takes the lock and reads what lives. Throws STATION_HELD, LEDGER_BROKEN. Reads one segment, whatever the ledger's length; more only
   * where something outside tells of records that the ledger lost. Then the backup is asked before anything is written. `progress` hears how
   * far the index of ids is, where that has to be built again.
   */
  static async open(
    station: Station,
    log: Log,
    step: Runtime['step'] = () => {},
    progress: Progress | null = null,
  ): Promise<Runtime> {
    const lock = takeLock(station.layout.lock);
    try {
      return await Runtime.#open(station, log, step, lock, progress);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  static async #open(
    station: Station,
    log: Log,
    step: Runtime['step'],
    lock: HeldLock,
    progress: Progress | null,
  ): Promise<Runtime> {
    const openedAt = Date.now();
    await removeOwnRefLocks(station.repo, `refs/waybill/${station.id}`, refsOf(station.id).snapshot);
    await finishContinuing(station);
    const mended = await guardAtStart(station);
    if (mended.how !== null) log.error(mended, whatWasMended(mended));
    const live = await openLive(station, log);
    const { ledger, orders, from, outside } = live;
    const parts = { station, log, lock, step, ledger, orders, outside, broughtBack: live.broughtBack, openedAt };
    const runtime = new Runtime(parts);
    const journalled = live.anchor?.upTo ?? 0;
    let { gap } = outside;
    catchUpIndex(runtime.ids, ledger, log, progress);
    for (const record of ledger.read(Math.min(from, journalled + 1))) {
      if (record.seq >= from) await runtime.#fold(record);
      if (record.seq > journalled) runtime.unjournalled.push(record);
      if (record.event === 'gap') gap = record;
    }
    for (const life of orders.all()) {
      runtime.#route(life);
      // the run before may have ended between a dependency's end and the look at who waited for it
      if (life.waitingFor === 'dependency') runtime.ended.push(...(life.admitted?.depends_on ?? []));
    }
    runtime.#foldedFrom = from;
    runtime.untoldFrom = Math.max(from, runtime.telemetry.lastSeq() + 1);
    if (gap !== null && isUnfinished(station, gap)) runtime.gap = gap;
    if (runtime.gap !== null || outside.open.length > 0) runtime.marks.freeze();
    else runtime.catchUpTelemetry();
    if (mended.how !== null) runtime.emit([mendedLine(mended)]);
    return runtime;
  }

  /**
   * Folds a record in at a start. One that speaks of an order which ended before the checkpoint finds it in the journal, perhaps with this
   * very record in it already.
   */
  async #fold(record: Recorded): Promise<void> {
    const { wo_id: woId } = record;
    if (
      woId !== null &&
      this.orders.get(woId) === undefined &&
      record.event !== 'admitted' &&
      record.event !== 'rejected'
    ) {
      const life = (await this.find(woId)) ?? this.#lifeBefore(woId, record.seq);
      if (life !== null) this.orders.recall(life);
    }
    const known = woId === null ? undefined : this.orders.get(woId);
    if (known === undefined || known.lastSeq < record.seq) this.orders.apply(record);
  }

  /** An order's life up to a record, from the ledger alone: the journal loses it for a moment while it is purged. */
  #lifeBefore(woId: string, seq: number): OrderLife | null {
    let life: OrderLife | null = null;
    for (const record of this.ledger.read(this.ids.born(woId)?.born ?? 1)) {
      if (record.seq >= seq) break;
      if (record.wo_id?.toLowerCase() === woId.toLowerCase()) life = advance(life, record);
    }
    return life;
  }

  /** Tells telemetry of the records that it does not know: those before a kill, or before a file that was taken away. */
  catchUpTelemetry(): void {
    this.telemetry.catchUp(this.#foldedFrom);
  }

  *#toldFrom(seq: number): Generator<Told> {
    for (const record of this.ledger.read(seq))
      yield { record, life: (record.wo_id === null ? undefined : this.orders.get(record.wo_id)) ?? null };
  }

  /**
   * Puts records on the ledger, synced, and then everything that repeats them: state, result, telemetry (rule 5). Secrets are cut out of
   * their words here, and so out of all that repeats them. Throws ILLEGAL_TRANSITION before anything is written, LOCK_LOST when the station is no longer ours.
   */
  record(drafts: readonly Draft[]): Recorded[] {
    if (drafts.length === 0) return [];
    this.#assertLegal(drafts);
    this.lock.assertHeld();
    const redactor = redactorOf(this.station.settings);
    const records = this.#write(drafts.map((draft) => ({ ...draft, data: cutProse(redactor, draft.data) }) as Draft));
    this.step(`ledger: ${records.at(-1)?.event ?? ''}`, []);
    const told: Told[] = [];
    const touched = new Map<string, OrderLife>();
    for (const record of records) {
      this.#leaveArchive(record.wo_id);
      const life = this.orders.apply(record);
      this.ids.note(record);
      this.unjournalled.push(record);
      told.push({ record, life });
      if (life !== null) touched.set(life.woId, life);
    }
    for (const life of touched.values()) this.#route(life);
    for (const { record, life } of told)
      if (life !== null && record.event === 'waits' && record.data.ask !== undefined)
        this.notices.asked(life, record.data.ask);
    this.#project(told, [...touched.values()]);
    for (const life of touched.values()) this.onMoved(life);
    return records;
  }

  /**
   * A write or a sync that failed leaves it unknown what is on the disk, and a second sync may claim that all is well (fsync forgets): the
   * station stops, and the next start reads what there is.
   */
  #write(drafts: readonly Draft[]): Recorded[] {
    if (this.#failure !== null) throw this.#failure;
    try {
      const before = this.ledger.written;
      const records = this.ledger.append(drafts, this.policyFile.policy?.sha256 ?? null);
      this.bytesSinceFlush += this.ledger.written - before;
      this.ledger.sync();
      return records;
    } catch (error) {
      this.#failure = new WaybillError('IO_ERROR', `the ledger cannot be written: ${messageOf(error)}`, {
        hint: 'Mend the disk, and start the station again.',
        cause: error,
      });
      throw this.#failure;
    }
  }

  /** Whether the station can go on at all. */
  assertWritable(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** An order that ended long ago and is spoken of again has its state file among the live ones: the archived one goes. */
  #leaveArchive(woId: string | null): void {
    const life = woId === null ? undefined : this.orders.get(woId);
    if (life === undefined || !isPastRetention(this.station, life.finishedAt, Date.now())) return;
    const archived = archivedStatePath(this.station, life.woId, life.finishedAt ?? '');
    this.show(life.woId, () => void ifThere(() => fs.unlinkSync(archived)));
  }

  #assertLegal(drafts: readonly Draft[]): void {
    const states = new Map<string, { status: OrderLife['status'] | null; waitingFor: OrderLife['waitingFor'] }>();
    for (const draft of drafts) {
      if (draft.woId === null || !isTransition(draft.event)) continue;
      const life = this.orders.get(draft.woId);
      const state = states.get(draft.woId) ?? { status: life?.status ?? null, waitingFor: life?.waitingFor ?? null };
      assertLegal(draft.woId, draft.event, state.status, draft.to as OrderLife['status'], state.waitingFor);
      states.set(draft.woId, { status: draft.to as OrderLife['status'], waitingFor: null });
    }
  }

  #route(life: OrderLife): void {
    this.waiting.remove(life);
    if (life.status === 'ready') this.ready.add(life);
    else this.ready.remove(life.woId);
    if (life.status === 'parked') this.waiting.add(life);
    if (isTerminal(life.status)) this.ended.push(life.woId);
  }

  #project(told: readonly Told[], lives: readonly OrderLife[]): void {
    this.show('marks', () => this.marks.changing(this.ledger.head));
    const first = told[0]?.record.seq ?? this.ledger.head.seq;
    this.projections.follow(told, lives, first);
    this.telemetry.tell(told, first);
  }

  /** Writes what repeats the record `seq`; where it cannot be written that is said, stops nothing, and is tried again. */
  show(what: string, write: () => void, seq = this.ledger.head.seq): void {
    this.projections.show(what, write, seq);
  }

  /** Tells operators what the ledger does not: lost where it cannot be written. */
  emit(lines: readonly TelemetryLine[]): void {
    try {
      this.telemetry.emit(lines);
    } catch (error) {
      this.log.error({ err: error }, 'telemetry cannot be written');
    }
  }

  /** Settings that were changed while the station runs. */
  useSettings(settings: Settings): void {
    this.station = { ...this.station, settings };
  }

  /** Commands of several orders run side by side; what moves refs (landing, flushing) is one at a time. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act, act);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** An order of any age: alive, or as the journal keeps it. */
  async find(woId: string): Promise<OrderLife | null> {
    const live = this.orders.get(woId);
    if (live !== undefined) return live;
    const entry = this.ids.born(woId);
    if (entry === null) return null;
    // somebody may have deleted the journal, or set it back: then the ledger tells, at the cost of reading it
    const kept = isWhereWeLeftIt(this.station) ? await this.journal.life(entry.id, entry.born) : null;
    return kept ?? this.#lifeBefore(entry.id, Number.POSITIVE_INFINITY);
  }

  life(woId: string): OrderLife {
    const life = this.orders.get(woId);
    if (life === undefined) throw new WaybillError('UNKNOWN_ORDER', `${woId} is not alive`);
    return life;
  }

  claimFolder(life: OrderLife): string {
    return join(this.station.layout.claimed, claimOf(life));
  }

  close(): void {
    this.projections.end();
    this.telemetry.close();
    this.ledger.close();
    this.lock.release();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
