import { asWaybillError, type ErrorCode, WaybillError } from '../../order/error.ts';
import { lastLines } from '../../platform/jsonl.ts';
import { isStopped } from '../../platform/processes.ts';
import { segmentPath, segments } from '../../record/ledger.ts';
import { HEARTBEAT_AGE, readHeartbeat } from '../../station/heartbeat.ts';
import type { Station } from '../../station/station.ts';
import { feedLine } from '../feed.ts';
import { runningStation } from '../order-state.ts';
import { policyFault } from '../policy-fault.ts';

/** Records at the ledger's end that are looked at where nobody follows it: all of it takes too long for who just asks. */
const LAST_RECORDS = 500;

/** What keeps a station from working, and what to do. */
export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Whether a station works: what `GET /healthz` says. */
export interface Health {
  readonly v: 1;
  readonly ok: boolean;
  readonly station: string;
  readonly at: string;
  readonly pid: number | null;
  readonly heartbeat_age_seconds: number | null;
  readonly reasons: readonly Reason[];
}

/** Looks at process, heartbeat, policy and the end of the ledger; `fault` is why the ledger could not be read on, where somebody follows it. Reads no orders. */
export function stationHealth(station: Station, fault: unknown = null): Health {
  const { layout } = station;
  const at = Date.now();
  const holder = runningStation(station);
  const beat = readHeartbeat(layout);
  const reasons: Reason[] = [];
  const young = Math.max(Date.parse(beat?.at ?? '') || 0, Date.parse(holder?.since ?? '') || 0);
  if (holder === null) reasons.push(reason('STATION_NOT_RUNNING', 'no process runs the station: orders wait'));
  else if (isStopped(holder.pid))
    reasons.push(
      reason(
        'STATION_NOT_RUNNING',
        `process ${holder.pid} is stopped (SIGSTOP): it holds the station and does nothing`,
        `kill -CONT ${holder.pid} lets it go on`,
      ),
    );
  else if (at - young > HEARTBEAT_AGE * 1000)
    reasons.push(
      reason(
        'STATION_NOT_RUNNING',
        `process ${holder.pid} runs, and its last heartbeat is ${Math.round((at - young) / 1000)} s old`,
        'waybill status tells what it does; end it with SIGTERM and start it again if it is stuck',
      ),
    );
  const halted = policyFault(layout.root);
  if (halted !== null) reasons.push(reason('POLICY_INVALID', halted));
  const broken = fault ?? ledgerEndFault(layout.ledger);
  if (broken !== null) {
    const { code, message, hint } = asWaybillError(broken);
    reasons.push({ code, message, hint });
  }
  return {
    v: 1,
    ok: reasons.length === 0,
    station: station.id,
    at: new Date(at).toISOString(),
    pid: holder?.pid ?? null,
    heartbeat_age_seconds: beat === null ? null : Math.max(0, Math.round((at - Date.parse(beat.at)) / 1000)),
    reasons,
  };
}

/** Why one of the last records cannot be read; null where all can. What stands before them is `verify`'s to tell. */
function ledgerEndFault(ledger: string): unknown {
  try {
    const last = segments(ledger).at(-1);
    if (last === undefined) return null;
    const path = segmentPath(ledger, last);
    for (const line of lastLines(path, LAST_RECORDS)) feedLine(line, last, path);
    return null;
  } catch (fault) {
    return fault;
  }
}

function reason(code: ErrorCode, message: string, hint = new WaybillError(code, message).hint): Reason {
  return { code, message, hint };
}
