import { laneOf, type OrderLife } from '../order/life.ts';
import { asksPeople } from '../order/transition.ts';
import { readFollowup } from '../record/followup.ts';
import { progressOf } from '../record/progress.ts';
import type { Station } from '../station/station.ts';
import type { EndedCount } from './ended-day.ts';
import type { Records } from './records.ts';
import type { LaneStatus } from './station-status.ts';

/** An order as a short list names it. */
export interface NamedOrder {
  readonly woId: string;
  readonly status: string;
  readonly waitingFor: string | null;
  readonly lane: string;
  /** What it does or waits for, or its title. */
  readonly text: string;
  readonly title: string;
  /** Since when it is so, ISO-8601. */
  readonly at: string;
  readonly code: string | null;
}

/** A lane of the picture: what stands where. */
export interface FlowLane {
  readonly lane: string;
  readonly inbox: number;
  readonly ready: number;
  readonly running: number;
  readonly parked: number;
  /** Within the last 24 hours. */
  readonly ended: EndedCount;
}

/** Where the orders of a station are, as the flow of design.md has it. */
export interface Flow {
  readonly lanes: readonly FlowLane[];
  /** All lanes together. */
  readonly total: Omit<FlowLane, 'lane'>;
  /** Whether what ended within the last day is known: the catalogue has read the ledger. */
  readonly isWhole: boolean;
  /** Parked orders by what they wait for. */
  readonly waits: Readonly<Record<string, number>>;
  readonly running: readonly NamedOrder[];
  /** Orders that ask a person, the longest wait first. */
  readonly asking: readonly NamedOrder[];
  /** What ended last, newest first. */
  readonly ended: readonly NamedOrder[];
}

/**
 * The flow as the board has it, which is as new as the ledger; what ended before this process looked stands in state/followup.json.
 * `lanes` adds those with nothing alive, and what lies in each inbox.
 */
export function flowOf(station: Station, { board, catalogue }: Records, lanes: readonly LaneStatus[]): Flow {
  const counts = new Map(board.lanes().map((row) => [row.lane, row]));
  const ends = catalogue.endedWithinDay();
  const names = [...new Set([...lanes.map(({ lane }) => lane), ...counts.keys(), ...ends.keys()])].sort();
  const waits: Record<string, number> = {};
  for (const row of counts.values())
    for (const [wait, n] of Object.entries(row.waits)) waits[wait] = (waits[wait] ?? 0) + n;
  const alive = board.alive();
  const seen = new Set(board.ended.map(({ woId }) => woId));
  const before = (readFollowup(station)?.recent ?? []).filter(({ wo_id: woId }) => !seen.has(woId));
  const rows = names.map((lane) => {
    const { ready = 0, running = 0, parked = 0 } = counts.get(lane) ?? {};
    const inbox = lanes.find((row) => row.lane === lane)?.inbox ?? 0;
    return { lane, inbox, ready, running, parked, ended: ends.get(lane) ?? NONE_ENDED };
  });
  return {
    lanes: rows,
    total: rows.reduce<Omit<FlowLane, 'lane'>>(added, { inbox: 0, ready: 0, running: 0, parked: 0, ended: NONE_ENDED }),
    isWhole: catalogue.isWhole,
    waits,
    running: alive
      .filter(({ status }) => status === 'running')
      .map(named)
      .sort(byTime),
    asking: alive
      .filter(({ waitingFor }) => asksPeople(waitingFor))
      .map(named)
      .sort(byTime),
    ended: [
      ...board.ended.map(named),
      ...before.map(({ wo_id: woId, title, lane, status, finished_at: at, code }) => {
        return { woId, status, waitingFor: null, lane, text: title, title, at, code };
      }),
    ],
  };
}

const NONE_ENDED: EndedCount = { done: 0, failed: 0, rejected: 0, cancelled: 0 };

function added(a: Omit<FlowLane, 'lane'>, b: FlowLane): Omit<FlowLane, 'lane'> {
  return {
    inbox: a.inbox + b.inbox,
    ready: a.ready + b.ready,
    running: a.running + b.running,
    parked: a.parked + b.parked,
    ended: {
      done: a.ended.done + b.ended.done,
      failed: a.ended.failed + b.ended.failed,
      rejected: a.ended.rejected + b.ended.rejected,
      cancelled: a.ended.cancelled + b.ended.cancelled,
    },
  };
}

function byTime(a: NamedOrder, b: NamedOrder): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : a.woId < b.woId ? -1 : 1;
}

function named(life: OrderLife): NamedOrder {
  const title = life.admitted?.title ?? life.rejected?.title ?? '';
  return {
    woId: life.woId,
    status: life.status,
    waitingFor: life.waitingFor,
    lane: laneOf(life),
    text: progressOf(life) ?? life.outcome?.summary ?? title,
    title,
    at: life.finishedAt ?? life.updatedAt,
    code: life.lastError?.code ?? null,
  };
}
