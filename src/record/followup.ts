import type { AliveInLane, EndedOrder, FollowupDocument, FollowupLane, FollowupOrder } from '../order/generated.ts';
import { laneOf, type OrderLife } from '../order/life.ts';
import { asksPeople, isTerminal, type Status } from '../order/transition.ts';
import { readIfThere, writeProjection } from '../platform/durable.ts';
import { conforms } from '../platform/schema.ts';
import type { Station } from '../station/station.ts';

/** state/followup.json: ages and waits of what is alive, for operators and for the dashboard's first paint. A projection. */

/** How many orders one list names; of those alive, all that ask people, however many they are: nobody finds them elsewhere. */
const LISTED = 200;
export const RECENT = 50;
export const FAILURES = 20;
/** Upper ends of the age histogram, in minutes; the last column is everything older. */
export const AGES = [5, 10, 20, 40, 80, 160];

/** What the tracker remembers of orders that are not alive any more, newest first. */
export interface Ended {
  readonly recent: readonly EndedOrder[];
  readonly failures: readonly EndedOrder[];
}

/** The document for these orders as they are at `nowMs`, with the ledger at `seq`. */
export function followupDocument(
  station: Station,
  alive: readonly OrderLife[],
  ended: Ended,
  lanes: readonly FollowupLane[],
  seq: number,
  nowMs: number,
): FollowupDocument {
  const { staleHours } = station.settings.tracker;
  const counts: Record<string, number> = {};
  const count = (key: string) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  const living = alive.filter((life) => !isTerminal(life.status));
  for (const life of living) {
    count(life.status);
    if (life.waitingFor !== null) count(`${life.status}:${life.waitingFor}`);
  }
  const orders = living.map((life) => followupOrder(life, nowMs)).sort(bySince);
  const asking = orders.filter((order) => asksPeople(order.waiting_for));
  const others = orders.filter((order) => !asksPeople(order.waiting_for));
  const listed = [...asking, ...others.slice(0, Math.max(0, LISTED - asking.length))].sort(bySince);
  return {
    v: 1,
    generated_at: new Date(nowMs).toISOString(),
    station: station.id,
    stale_hours: staleHours,
    counts,
    oldest: orders[0] ?? null,
    stale: orders.filter((order) => order.age_seconds >= staleHours * 3600).slice(0, LISTED),
    alive: listed,
    more: orders.length - listed.length,
    recent: newestFirst(ended.recent).slice(0, RECENT),
    failures: newestFirst(ended.failures).slice(0, FAILURES),
    alive_by_lane: aliveByLane(living, nowMs),
    lanes: [...lanes],
    seq,
  };
}

function bySince(a: FollowupOrder, b: FollowupOrder): number {
  return a.since < b.since ? -1 : a.since > b.since ? 1 : 0;
}

function newestFirst(ended: readonly EndedOrder[]): EndedOrder[] {
  return [...ended].sort((a, b) => (a.finished_at < b.finished_at ? 1 : -1));
}

/** What is alive of each lane, by state and by the time since it came. */
export function aliveByLane(living: readonly OrderLife[], nowMs: number): AliveInLane[] {
  const rows = new Map<string, AliveInLane>();
  for (const life of living) {
    const lane = laneOf(life);
    const row = rows.get(lane) ?? { lane, ready: 0, running: 0, parked: 0, ages: AGES.concat(0).map(() => 0) };
    rows.set(lane, row);
    row[life.status as 'ready' | 'running' | 'parked']++;
    const minutes = (nowMs - Date.parse(life.admitted?.received_at ?? life.updatedAt)) / 60_000;
    const column = AGES.findIndex((limit) => minutes < limit);
    const at = column === -1 ? AGES.length : column;
    row.ages[at] = (row.ages[at] ?? 0) + 1;
  }
  return [...rows.values()].sort((a, b) => (a.lane < b.lane ? -1 : 1));
}

function followupOrder(life: OrderLife, nowMs: number): FollowupOrder {
  return {
    wo_id: life.woId,
    title: life.admitted?.title ?? '',
    lane: laneOf(life),
    status: life.status as FollowupOrder['status'],
    waiting_for: life.waitingFor,
    why: life.why,
    since: life.updatedAt,
    age_seconds: Math.max(0, Math.floor((nowMs - Date.parse(life.updatedAt)) / 1000)),
    received_at: life.admitted?.received_at ?? life.updatedAt,
  };
}

/** An order that ended, as the list of recent ones names it. */
export function endedOrder(life: OrderLife): EndedOrder {
  return {
    wo_id: life.woId,
    title: life.admitted?.title ?? life.rejected?.title ?? '',
    lane: laneOf(life),
    status: life.status as Extract<Status, EndedOrder['status']>,
    finished_at: life.finishedAt ?? life.updatedAt,
    code: life.lastError?.code ?? null,
  };
}

export function writeFollowup(station: Station, document: FollowupDocument): void {
  writeProjection(station.layout.followup, `${JSON.stringify(document, null, 2)}\n`);
}

/** What the file says now; null where there is none, or one that is no such document. */
export function readFollowup(station: Station): FollowupDocument | null {
  try {
    const bytes = readIfThere(station.layout.followup);
    if (bytes === undefined) return null;
    // pages that are open ask again and again
    if (last?.bytes.equals(bytes) === true) return last.document;
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const document = conforms('followup', value) ? (value as FollowupDocument) : null;
    last = { bytes, document };
    return document;
  } catch {
    return null;
  }
}

let last: { readonly bytes: Buffer; readonly document: FollowupDocument | null } | null = null;
