import { join } from 'node:path';
import { addItems } from '../../backlog/add-items.ts';
import { readBacklog } from '../../backlog/read-backlog.ts';
import { DRIFT_TAG } from '../../order/bookkeeping.ts';
import { renderDiff } from '../../order/diff.ts';
import { WaybillError } from '../../order/error.ts';
import type { DriftReport } from '../../order/generated.ts';
import { isTerminal } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import { namesIn, readIfThere } from '../../platform/durable.ts';
import { contentOf } from '../../platform/target.ts';
import { IdIndex } from '../../record/id-index.ts';
import { readLives } from '../../record/lives-read.ts';
import type { Layout } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { sendCommand } from '../commands/send-command.ts';
import { newItems } from './new-items.ts';

/** What came of feeding a drift report to the backlog. */
export interface Fed {
  /** The file that gets the items. */
  readonly file: string;
  /** The order that adds them; null where there is nothing to add. */
  readonly woId: string | null;
  /** Handed in now; false for one that is under way already. */
  readonly isNew: boolean;
  /** Ids of the items that it adds. */
  readonly items: readonly string[];
  /** Why nothing was handed in; empty where something was. */
  readonly why: string;
}

/** Orders of one week: each adds what the ones before did not. */
const MOST_ORDERS = 100;

/**
 * Adds what a drift report found to the first file of the backlog, by an order that is handed in like any other: what an item speaks of is not added
 * again, and while an order of the week is under way no other is handed in, so that it may be called again at any time. Throws NO_INPUT where
 * the backlog cannot be read (closed when in doubt), PATH_DENIED where its file is none, IO_ERROR.
 */
export function feed(station: Station, report: DriftReport): Fed {
  const { layout, settings } = station;
  const [file] = settings.backlog.files;
  if (file === undefined) throw new WaybillError('NO_INPUT', 'backlog.files in waybill.yaml names no file');
  const nothing = (why: string, woId: string | null = null): Fed => ({ file, woId, isNew: false, items: [], why });
  const backlog = readBacklog(layout.root, settings.backlog.files);
  const unread = backlog.problems.find(({ code }) => code === 'FILE_UNREADABLE');
  if (unread !== undefined)
    throw new WaybillError('NO_INPUT', `the backlog cannot be read, so nothing is added: ${unread.message}`, {
      place: unread.place,
    });
  if (report.findings.length === 0) return nothing('nothing drifted apart');
  const items = newItems(report, backlog.items);
  if (items.length === 0) return nothing('the backlog has all of it');
  const order = orderOfWeek(layout, report.week);
  if (order.isUnderWay) return nothing(`${order.woId} is under way`, order.woId);
  const old = contentOf(join(layout.root, file));
  const made = addItems(file, old?.bytes.toString('utf8') ?? '', `Drift ${report.week}`, items);
  if (made.added.length === 0) return nothing('the backlog has all of it');
  const after = { mode: old?.mode ?? ('100644' as const), bytes: Buffer.from(made.text) };
  const patch = renderDiff([{ path: file, before: old, after }]).toString('utf8');
  const document = {
    wo_id: order.woId,
    title:
      `Add ${made.added.length} ${made.added.length === 1 ? 'finding' : 'findings'} of ${report.week} to ${file}`.slice(
        0,
        200,
      ),
    summary: items.map(({ id, title }) => `${id}: ${title}`).join('\n'),
    priority: 'P3',
    owner: 'waybill',
    tags: [DRIFT_TAG],
    // in place of the whole file: whoever edits another part of it meanwhile is not in the way, and loses nothing
    actions: [{ action: 'patch', patch }],
  };
  const content = Buffer.from(`${JSON.stringify(document, null, 2)}\n`).toString('base64');
  const lane = settings.backlog.lane ?? settings.defaultLane;
  sendCommand(station, { v: 1, command: 'drop', at: now(), lane, file: `${order.woId}.json`, content });
  return { file, woId: order.woId, isNew: true, items: made.added, why: '' };
}

/** The order of a week that is under way, or the id of the next one. Throws LEDGER_BROKEN. */
function orderOfWeek(layout: Layout, week: string): { readonly woId: string; readonly isUnderWay: boolean } {
  const waiting = dropsThatWait(layout);
  const index = new IdIndex(layout.ids);
  for (let n = 1; n <= MOST_ORDERS; n++) {
    const woId = n === 1 ? `DRIFT-${week}` : `DRIFT-${week}-${n}`;
    if (waiting.has(`${woId}.json`)) return { woId, isUnderWay: true };
    const born = index.born(woId)?.born;
    if (born === undefined) return { woId, isUnderWay: false };
    const life = readLives(layout.ledger, [{ woId, born }]).get(woId);
    if (life !== undefined && !isTerminal(life.status)) return { woId, isUnderWay: true };
  }
  throw new WaybillError('LIMIT_EXCEEDED', `${week} has ${MOST_ORDERS} orders already`);
}

/** The names of orders that were handed in, and that no station has taken yet. */
function dropsThatWait({ commands, claimed }: Layout): Set<string> {
  const found = new Set<string>();
  const paths = [
    ...namesIn(commands).map((name) => join(commands, name)),
    ...namesIn(claimed).map((name) => join(claimed, name, 'drop.json')),
  ];
  for (const path of paths) {
    const file = fileOf(path);
    if (file !== null) found.add(file);
  }
  return found;
}

function fileOf(path: string): string | null {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
    const isDrop = typeof value === 'object' && value !== null && 'file' in value;
    return isDrop && typeof value.file === 'string' ? value.file : null;
  } catch {
    // being written, or somebody's own
    return null;
  }
}
