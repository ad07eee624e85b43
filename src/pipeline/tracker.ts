import { join, relative } from 'node:path';
import { fileMoment } from '../git/config.ts';
import type { InboxScanner } from '../intake/scan.ts';
import { CANARY_TAG } from '../order/canary.ts';
import type { EndedOrder, FollowupDocument, FollowupLane, StateDocument } from '../order/generated.ts';
import type { OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, readIfThere, removeTree } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { conforms } from '../platform/schema.ts';
import { AgedEnds } from '../record/aged-ends.ts';
import { evidenceName } from '../record/evidence.ts';
import { endedOrder, FAILURES, followupDocument, RECENT, readFollowup, writeFollowup } from '../record/followup.ts';
import { lanesOf } from '../record/result.ts';
import { resultPath } from '../record/result-path.ts';
import { archivedStatePath, isOldCanary, isPastRetention } from '../record/retention.ts';
import { BacklogMarks } from './backlog/marks.ts';
import { WorktreeCleaning } from './isolation/tidy.ts';
import type { Runtime } from './runtime.ts';

/** How often ages are written anew while nothing happens, and while there is work. */
const FOLLOWUP_MS = 60_000;
const AT_WORK_MS = 1000;
/** So many times as long as a look took the work goes on before the next one: counting what waits in a full lane lists all of it. */
const WORK_FOR_LOOK = 20;
/** Orders of long ago that one look takes; the rest is for the next. */
const SWEPT_AT_ONCE = 250;

/**
 * The tracker: ages and staleness in state/followup.json, state files of orders that ended long ago into the archive, canaries cleaned up,
 * items of the backlog marked done. It only moves and writes projections, and hands orders in: ledger and journal know of all of it.
 */
export class Tracker {
  readonly #rt: Runtime;
  readonly #scanner: InboxScanner;
  readonly #worktrees: WorktreeCleaning;
  readonly #marks: BacklogMarks;
  #recent: EndedOrder[];
  #failures: EndedOrder[];
  /** Orders called stale already, by id and the change since which they are. */
  readonly #stale: Map<string, string>;
  #writtenAt = 0;
  #lookTook = 0;
  #writtenSeq = -1;
  /** What the file said when it was written, apart from its time, and which file that was. */
  #written = { what: '', file: '' };
  /** Orders that ended so long ago that a canary among them goes, and those whose state belongs into the archive. */
  readonly #canaries: AgedEnds;
  readonly #archived: AgedEnds;

  constructor(rt: Runtime, scanner: InboxScanner) {
    this.#rt = rt;
    this.#scanner = scanner;
    this.#worktrees = new WorktreeCleaning(rt);
    this.#marks = new BacklogMarks(rt);
    const { live, ledger } = rt.station.layout;
    this.#canaries = new AgedEnds(join(live, 'canaries-swept'), ledger);
    this.#archived = new AgedEnds(join(live, 'archived'), ledger);
    const before = readFollowup(rt.station);
    this.#recent = before?.recent ?? [];
    this.#failures = before?.failures ?? [];
    this.#stale = new Map((before?.stale ?? []).map((order) => [order.wo_id, order.since]));
  }

  /** Told of every order that a record moved. */
  note(life: OrderLife): void {
    this.#marks.note(life);
    if (!isTerminal(life.status)) return;
    const ended = endedOrder(life);
    const others = (list: EndedOrder[]) => list.filter((order) => order.wo_id !== life.woId);
    this.#recent = [ended, ...others(this.#recent)].slice(0, RECENT);
    this.#failures = others(this.#failures);
    if (life.status === 'failed' || life.status === 'rejected')
      this.#failures = [ended, ...this.#failures].slice(0, FAILURES);
  }

  /** While the station does not come to sleep: as often as somebody would look. */
  async lookAtWork(): Promise<void> {
    if (Date.now() - this.#writtenAt < Math.max(AT_WORK_MS, WORK_FOR_LOOK * this.#lookTook)) return;
    const begun = Date.now();
    await this.look();
    this.#lookTook = Date.now() - begun;
  }

  /** One look, before the station sleeps. */
  async look(): Promise<void> {
    const rt = this.#rt;
    const at = Date.now();
    if (rt.ledger.head.seq !== this.#writtenSeq || at - this.#writtenAt >= FOLLOWUP_MS)
      rt.show('followup', () => this.#followUp(at));
    await this.#worktrees.look();
    await this.#marks.look();
    const { retentionDays, canaryHours } = rt.station.settings.tracker;
    for (const [ends, hours] of [
      [this.#canaries, canaryHours],
      [this.#archived, retentionDays * 24],
    ] as const) {
      const { woIds, done } = ends.next(hours * 3_600_000, at, SWEPT_AT_ONCE);
      // an end that the journal does not hold yet is still in hand
      if (woIds.some((woId) => isTerminal(rt.orders.get(woId)?.status ?? 'ready'))) continue;
      for (const woId of woIds) await this.#sweep(woId, at);
      rt.show('what the tracker did', done);
    }
  }

  #followUp(at: number): void {
    const rt = this.#rt;
    const document = followupDocument(
      rt.station,
      rt.orders.all(),
      { recent: this.#recent, failures: this.#failures },
      this.#lanes(),
      rt.ledger.head.seq,
      at,
    );
    this.#write(document);
    this.#writtenAt = at;
    this.#writtenSeq = rt.ledger.head.seq;
    const fresh = document.stale.filter((order) => this.#stale.get(order.wo_id) !== order.since);
    this.#stale.clear();
    for (const order of document.stale) this.#stale.set(order.wo_id, order.since);
    rt.emit(
      fresh.map((order) => ({
        v: 1 as const,
        ts: now(),
        agent: 'tracker',
        event: 'wo_stale',
        ok: false,
        wo_id: order.wo_id,
        lane: order.lane,
        age_seconds: order.age_seconds,
        ...(order.waiting_for === null ? {} : { waiting_for: order.waiting_for }),
      })),
    );
  }

  /** A station at rest in which nothing is alive has nothing new to say; a file that somebody took away or put there is written again. */
  #write(document: FollowupDocument): void {
    const path = this.#rt.station.layout.followup;
    const { generated_at: _, ...rest } = document;
    const what = JSON.stringify(rest);
    if (what === this.#written.what && fileMoment(path) === this.#written.file) return;
    writeFollowup(this.#rt.station, document);
    this.#written = { what, file: fileMoment(path) };
  }

  #lanes(): FollowupLane[] {
    const { root } = this.#rt.station.layout;
    return this.#scanner.lanes().map(({ lane, folder }) => {
      const names = namesOf(folder);
      const inside = relative(root, folder);
      return {
        lane,
        folder: inside.startsWith('..') ? folder : inside,
        readable: names !== null,
        waiting: (names ?? []).filter((name) => !name.startsWith('.')).length,
      };
    });
  }

  /** Archives the state file of an order that ended long ago, and takes away what an old canary left. */
  async #sweep(woId: string, at: number): Promise<void> {
    const { station } = this.#rt;
    const name = `${woId}.json`;
    const path = join(station.layout.state, name);
    const state = readState(path);
    if (
      state === null ||
      name !== `${state.wo_id}.json` ||
      state.finished_at === null ||
      this.#rt.orders.get(state.wo_id) !== undefined
    )
      return;
    const life = state.tags.includes(CANARY_TAG) ? await this.#rt.find(state.wo_id) : null;
    if (life !== null && isOldCanary(station, life, at)) {
      this.#rt.show(name, () => removeCanary(this.#rt, life, path));
    } else if (isPastRetention(station, state.finished_at, at)) {
      const to = archivedStatePath(station, state.wo_id, state.finished_at);
      this.#rt.show(name, () => {
        ensureDir(join(to, '..'));
        fs.renameSync(path, to);
      });
    }
  }
}

function removeCanary(rt: Runtime, life: OrderLife, statePath: string): void {
  const { station } = rt;
  for (let attempt = 1; attempt <= life.attempt; attempt++)
    removeTree(join(station.layout.evidence, evidenceName(life.woId, attempt)));
  for (const lane of lanesOf(life)) ifThere(() => fs.unlinkSync(resultPath(station, lane, life.woId)));
  ifThere(() => fs.unlinkSync(statePath));
  rt.emit([{ v: 1, ts: now(), agent: 'tracker', event: 'canary_removed', ok: true, wo_id: life.woId }]);
}

function readState(path: string): StateDocument | null {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
    return conforms('state', value) ? (value as StateDocument) : null;
  } catch {
    return null; // somebody's own file, or one half written by hand
  }
}

function namesOf(folder: string): string[] | null {
  try {
    return fs.readdirSync(folder);
  } catch {
    return null;
  }
}
