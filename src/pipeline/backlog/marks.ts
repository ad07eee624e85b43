import type { Item } from '../../backlog/item.ts';
import { plainKey } from '../../backlog/key.ts';
import { namesOrder } from '../../backlog/mark.ts';
import { itemOrderId } from '../../backlog/order-of.ts';
import { type BacklogFiles, readBacklog } from '../../backlog/read-backlog.ts';
import { isInHistory } from '../../git/history.ts';
import { asWaybillError } from '../../order/error.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import type { Runtime } from '../runtime.ts';
import { handedIn } from './handed-in.ts';
import { dropMark, isMarkOrder, keyOfOrder, markIdOf } from './mark-order.ts';

/** After a mark that could not be made the backlog is looked at again; the pause doubles, up to the longest. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** How often somebody's merge of a branch is looked for. */
const MERGE_LOOK_MS = 600_000;

/**
 * Marks items of the backlog whose orders are done. The end of an order is only a hint: a look finds every item whose file does not name its
 * order though that is done, and no order to mark it was ever handed in, or that one failed (rule 6). Nobody's "no" is asked twice.
 */
export class BacklogMarks {
  readonly #rt: Runtime;
  /** When the next look is due: the first at once. */
  #lookAt = 0;
  #pause = FIRST_PAUSE_MS;

  constructor(rt: Runtime) {
    this.#rt = rt;
  }

  /** Told of every order that a record moved. Never throws. */
  note(life: OrderLife): void {
    if (!isTerminal(life.status)) return;
    if (isMarkOrder(life)) {
      if (life.status === 'done') this.#pause = FIRST_PAUSE_MS;
      else this.#lookLater();
      return;
    }
    const key = keyOfOrder(life);
    if (key === null || !isDone(life)) return;
    this.#guarded(() => {
      if (life.outcome?.branch !== undefined) {
        this.#tell(life, false, `its work is on ${life.outcome.branch}, and not merged`);
        this.#lookAt = Math.min(this.#lookAt, Date.now() + MERGE_LOOK_MS);
      } else this.#mark(this.#files(), key, life);
    });
  }

  /** Makes good what was not marked, by whatever run of the station. Never throws. */
  async look(): Promise<void> {
    if (Date.now() < this.#lookAt) return;
    this.#lookAt = Number.POSITIVE_INFINITY;
    try {
      await this.#lookAtAll();
    } catch (error) {
      this.#rt.log.error({ err: error }, 'the backlog cannot be looked at; it is tried again');
      this.#lookLater();
    }
  }

  async #lookAtAll(): Promise<void> {
    const rt = this.#rt;
    const files = this.#files();
    const unmarked = files.items.filter((item) => item.status !== 'dropped' && !isMarked(item));
    const begun = unmarked.filter(({ key }) => rt.ids.born(itemOrderId(key)) !== null);
    const onTheWay = begun.length === 0 ? new Set<string>() : handedIn(rt.station.layout);
    for (const { key } of begun) {
      const life = await rt.find(itemOrderId(key));
      if (life === null || keyOfOrder(life) === null || !isDone(life) || onTheWay.has(markIdOf(key))) continue;
      const mark = await rt.find(markIdOf(key));
      if (mark !== null && !wasInVain(mark)) continue;
      if (await this.#isMerged(life)) this.#mark(files, key, life);
      else this.#lookAt = Math.min(this.#lookAt, Date.now() + MERGE_LOOK_MS);
    }
  }

  async #isMerged({ outcome }: OrderLife): Promise<boolean> {
    if (outcome?.branch === undefined) return true;
    const { git, refs } = this.#rt.station.repo;
    const [tip, commit] = [refs.checkedOut(), outcome.commits.at(-1)];
    return tip !== null && commit !== undefined && (await isInHistory(git, commit, tip));
  }

  #files(): BacklogFiles {
    const { layout, settings } = this.#rt.station;
    return readBacklog(layout.root, settings.backlog.files);
  }

  #mark(files: BacklogFiles, key: string, life: OrderLife): void {
    const item = files.items.find((candidate) => plainKey(candidate.key) === plainKey(key));
    const text = item === undefined ? undefined : files.files.get(item.place.file)?.toString('utf8');
    try {
      if (item === undefined || text === undefined) this.#tell(life, false, 'its item is not in the backlog any more');
      else if (isMarked(item)) this.#tell(life, true, 'its item is marked already');
      else if (item.status === 'dropped') this.#tell(life, false, 'somebody dropped its item meanwhile');
      else if (!dropMark(this.#rt.station, item, text, life))
        this.#tell(life, false, 'its item reads as it did before');
    } catch (thrown) {
      // one that cannot be marked is no reason to leave out the others
      const { code, message } = asWaybillError(thrown);
      this.#tell(life, false, `its item cannot be marked: ${code}: ${message}`);
      this.#lookLater();
    }
  }

  #tell({ woId }: OrderLife, ok: boolean, why: string): void {
    this.#rt.emit([{ v: 1, ts: now(), agent: 'backlog', event: 'backlog_mark_skipped', ok, wo_id: woId, why }]);
  }

  #lookLater(): void {
    this.#lookAt = Math.min(this.#lookAt, Date.now() + this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#rt.log.error({ err: error }, 'an item of the backlog cannot be marked; it is tried again');
      this.#lookLater();
    }
  }
}

/** It reads done, and says by which order. A box that anybody checked is no proof: the mark adds it. */
function isMarked(item: Item): boolean {
  return item.status === 'done' && namesOrder(item, itemOrderId(item.key));
}

function isDone({ status, admitted }: OrderLife): boolean {
  return status === 'done' && admitted?.dry_run !== true;
}

/** A mark that did not come about, and that nobody said no to. */
function wasInVain({ status, lastError }: OrderLife): boolean {
  return (status === 'failed' && lastError?.code !== 'DENIED') || status === 'rejected';
}
