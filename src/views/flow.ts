import { laneOf, type OrderLife } from '../order/life.ts';
import { asksPeople } from '../order/transition.ts';
import { readFollowup } from '../record/followup.ts';
import { progressOf } from '../record/progress.ts';
import type { Station } from '../station/station.ts';
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
}

/** Where the orders of a station are, as the flow of design.md has it. */
export interface Flow {
  readonly lanes: readonly FlowLane[];
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
export function flowOf(station: Station, { board }: Records, lanes: readonly LaneStatus[]): Flow {
  const counts = new Map(board.lanes().map((row) => [row.lane, row]));
  const names = [...new Set([...lanes.map(({ lane }) => lane), ...counts.keys()])].sort();
  const waits: Record<string, number> = {};
  for (const row of counts.values())
    for (const [wait, n] of Object.entries(row.waits)) waits[wait] = (waits[wait] ?? 0) + n;
  const alive = board.alive();
  const seen = new Set(board.ended.map(({ woId }) => woId));
  const before = (readFollowup(station)?.recent ?? []).filter(({ wo_id: woId }) => !seen.has(woId));
  return {
    lanes: names.map((lane) => {
      const { ready = 0, running = 0, parked = 0 } = counts.get(lane) ?? {};
      return { lane, inbox: lanes.find((row) => row.lane === lane)?.inbox ?? 0, ready, running, parked };
    }),
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
