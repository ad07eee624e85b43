import { advance, type OrderLife } from '../../order/life.ts';
import { asksPeople, TERMINAL } from '../../order/transition.ts';
import { missionView } from '../../pipeline/missions/view.ts';
import { spentOf } from '../../policy/missions/budget.ts';
import type { Station } from '../../station/station.ts';
import type { OrderRow } from '../catalogue.ts';
import { recordsByRow } from '../order/order-records.ts';
import type { Records } from '../records.ts';
import { aliveRow, type MissionRow, rowOf } from './mission-row.ts';

/** The missions of a station: a page of those alive, and a page of those that ended. */
export interface MissionsView {
  readonly alive: MissionPage;
  readonly ended: MissionPage;
  /** Of all that are alive. */
  readonly running: number;
  readonly asking: number;
  /** What all that are alive used up to now. */
  readonly tokens: number;
  readonly usd: number;
  /** Whether all that ever were are known yet. */
  readonly isWhole: boolean;
}

export interface MissionPage {
  readonly rows: readonly MissionRow[];
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

/** What is remembered of missions that were looked at: as long as their records are the same, for those alive also no longer than this. */
const YOUNG_MS = 3000;
const KEPT = 300;
/** An ended mission whose records lie in more segments than this is shown without its steps: its own page has them. */
const SEGMENTS = 3;

interface Remembered {
  readonly last: number;
  readonly at: number;
  readonly row: MissionRow;
}

/** `exchanges`: how often the ledger was exchanged before the rows were read; after another time they count for nothing. */
const remembered = new WeakMap<Records, { readonly exchanges: number; readonly rows: Map<string, Remembered> }>();

/** Those at work first, then those that ask people, then those that wait; ended ones by the time of their end, the newest first. Pages from 1. */
export function missionsView(
  station: Station,
  records: Records,
  asked: { readonly alive: number; readonly ended: number; readonly perPage: number },
): MissionsView {
  const { exchanges } = records.history;
  const before = remembered.get(records);
  const known = before?.exchanges === exchanges ? before.rows : new Map<string, Remembered>();
  remembered.set(records, { exchanges, rows: known });
  const lives = records.board.alive().filter(({ admitted }) => admitted?.type === 'mission');
  const rows = records.catalogue.select({ type: 'mission', statuses: TERMINAL });
  const spent = lives.map(({ mission }) => spentOf(mission?.history ?? []));
  const alive = cut(lives.sort(byTurn), asked.alive, asked.perPage);
  const ended = cut(rows, asked.ended, asked.perPage);
  return {
    alive: {
      ...alive,
      rows: alive.rows.map((life) =>
        again(known, life.woId, life.lastSeq, YOUNG_MS, () => aliveRow(missionView(station, life))),
      ),
    },
    ended: {
      ...ended,
      rows: ended.rows.map((row) => again(known, row.woId, row.last, Infinity, () => endedRow(station, records, row))),
    },
    running: lives.filter(({ status }) => status === 'running').length,
    asking: lives.filter(({ waitingFor }) => asksPeople(waitingFor)).length,
    tokens: spent.reduce((sum, { tokens }) => sum + tokens, 0),
    usd: spent.reduce((sum, { usd }) => sum + usd, 0),
    isWhole: records.catalogue.isWhole,
  };
}

function rankOf({ status, waitingFor }: OrderLife): number {
  if (status === 'running') return 0;
  if (asksPeople(waitingFor)) return 1;
  return status === 'parked' ? 2 : 3;
}

/** Who waits longest comes first. */
function byTurn(a: OrderLife, b: OrderLife): number {
  return (
    rankOf(a) - rankOf(b) || (a.updatedAt < b.updatedAt ? -1 : a.updatedAt > b.updatedAt ? 1 : a.woId < b.woId ? -1 : 1)
  );
}

function cut<T>(all: readonly T[], page: number, perPage: number) {
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const at = Math.min(pages, Math.max(1, Math.trunc(page) || 1));
  return { rows: all.slice((at - 1) * perPage, at * perPage), total: all.length, page: at, pages };
}

function again(
  known: Map<string, Remembered>,
  woId: string,
  last: number,
  youngMs: number,
  make: () => MissionRow,
): MissionRow {
  const before = known.get(woId);
  if (before !== undefined && before.last === last && Date.now() - before.at < youngMs) return before.row;
  const row = make();
  known.delete(woId);
  known.set(woId, { last, at: Date.now(), row });
  for (const old of known.keys()) if (known.size > KEPT) known.delete(old);
  return row;
}

/** From what this process saw, else from the segments that hold its records. */
function endedRow(station: Station, { board }: Records, row: OrderRow): MissionRow {
  const life =
    board.ended.find(({ woId, lastSeq }) => woId === row.woId && lastSeq === row.last) ?? lifeOf(station, row);
  if (life !== null) return rowOf(life);
  const { woId, title, lane, status, code, attempt, startedAt, updatedAt, finishedAt } = row;
  const none = { waitingFor: null, text: '', asks: false, chain: null, steps: [], budget: {}, isComplete: true };
  return { woId, title, lane, status, code, attempt, startedAt, updatedAt, finishedAt, ...none };
}

function lifeOf(station: Station, row: OrderRow): OrderLife | null {
  const records = row.segments.length > SEGMENTS ? null : recordsByRow(station, row);
  return records?.reduce<OrderLife | null>(advance, null) ?? null;
}
