import type { EndedOrder, FollowupDocument, FollowupLane, FollowupOrder } from '../order/generated.ts';
import { laneOf, type OrderLife } from '../order/life.ts';
import { isTerminal, type Status } from '../order/transition.ts';
import { readIfThere, writeProjection } from '../platform/durable.ts';
import { conforms } from '../platform/schema.ts';
import type { Station } from '../station/station.ts';

/** state/followup.json: ages and waits of what is alive, for operators and for the dashboard's first paint. A projection. */

/** How many orders one list names. */
const LISTED = 200;
const RECENT = 50;

/** The document for these orders as they are at `nowMs`. `ended` is newest first. */
export function followupDocument(
  station: Station,
  alive: readonly OrderLife[],
  ended: readonly EndedOrder[],
  lanes: readonly FollowupLane[],
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
  const orders = living.map((life) => followupOrder(life, nowMs)).sort((a, b) => (a.since < b.since ? -1 : 1));
  return {
    v: 1,
    generated_at: new Date(nowMs).toISOString(),
    station: station.id,
    stale_hours: staleHours,
    counts,
    oldest: orders[0] ?? null,
    stale: orders.filter((order) => order.age_seconds >= staleHours * 3600).slice(0, LISTED),
    alive: orders.slice(0, LISTED),
    more: Math.max(0, orders.length - LISTED),
    recent: [...ended].sort((a, b) => (a.finished_at < b.finished_at ? 1 : -1)).slice(0, RECENT),
    lanes: [...lanes],
  };
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
    const value: unknown = JSON.parse(readIfThere(station.layout.followup)?.toString('utf8') ?? 'null');
    return conforms('followup', value) ? (value as FollowupDocument) : null;
  } catch {
    return null;
  }
}
