import { isOverLimit, keptSize } from '../git/kept-size.ts';
import { withoutPassword } from '../git/password.ts';
import { readLook } from '../guardrail/last-look.ts';
import { settingsLook } from '../guardrail/settings.ts';
import { laneFolders, scanSettings } from '../intake/lanes.ts';
import type { FollowupDocument, GuardrailLook, Heartbeat, StateDocument } from '../order/generated.ts';
import { openGaps } from '../pipeline/restore/open-gaps.ts';
import { namesIn } from '../platform/durable.ts';
import type { Holder } from '../platform/lock.ts';
import { isStopped } from '../platform/processes.ts';
import { type BackupFailure, type BackupReport, lastBackup, lastFailure } from '../record/backup-report.ts';
import { ledgerHead } from '../record/chain.ts';
import { AGES, readFollowup } from '../record/followup.ts';
import { readHeartbeat } from '../station/heartbeat.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { type Reason, stationHealth } from './figures/health.ts';
import { type LookStanding, lookStanding } from './guardrail/standing.ts';
import { runningStation, stateNear } from './order-state.ts';
import { policyFault } from './policy-fault.ts';
import { stopFileOf } from './stop-file.ts';

const NONE_OF_ANY_AGE = AGES.concat(0).map(() => 0);
/** Failures shown. */
export const LAST_FAILURES = 5;

/** A lane: what waits in its folder, and what is alive of it, by state and by age. */
export interface LaneStatus {
  readonly lane: string;
  readonly inbox: number;
  readonly ready: number;
  readonly running: number;
  readonly parked: number;
  /** Orders alive by the time since they came; the columns are those of AGES, the last is everything older. */
  readonly ages: readonly number[];
}

/** How a station stands: what `waybill status --json` prints, versioned with it. */
export interface StationStatus {
  /** Whether a process runs it. */
  readonly ok: boolean;
  readonly station: string;
  readonly root: string;
  readonly running: Holder | null;
  /** The process is there, and stopped (SIGSTOP). */
  readonly stopped: boolean;
  readonly heartbeat: Heartbeat | null;
  readonly lanes: readonly LaneStatus[];
  readonly stale: readonly {
    readonly wo_id: string;
    readonly title: string;
    readonly status: string;
    readonly waiting_for: string | null;
    readonly why: string | null;
    readonly updated_at: string;
  }[];
  readonly last_failures: readonly StateDocument[];
  readonly keeps: Keeps;
  readonly backup: BackupState | null;
  readonly gaps: ReturnType<typeof openGaps>;
  /** Why nothing is started: policy.yaml cannot be used. */
  readonly halted: string | null;
  readonly stop_file: string | null;
  /** What keeps it from working, as `GET /healthz` says it. */
  readonly reasons: readonly Reason[];
  /** What the guardrail's last look says of now. */
  readonly guardrail_standing: LookStanding;
  readonly guardrail: Pick<GuardrailLook, 'at' | 'by' | 'components' | 'faults' | 'interval'> | null;
}

export interface Keeps {
  readonly count: number;
  readonly bytes: number;
  readonly max_bytes: number;
  readonly over: boolean;
}

export interface BackupState {
  readonly to: string | null;
  readonly last: BackupReport | null;
  readonly behind: number;
  readonly failure: BackupFailure | null;
}

/**
 * How the station stands now, from its records and files alone; finished work is not looked through. `fault` is why the ledger could not be
 * read on, where somebody follows it.
 */
export async function stationStatus(station: Station, fault: unknown = null): Promise<StationStatus> {
  const { layout } = station;
  const holder = runningStation(station);
  const followup = readFollowup(station);
  const look = readLook(layout);
  return {
    ok: holder !== null,
    station: station.id,
    root: layout.root,
    running: holder,
    stopped: holder !== null && isStopped(holder.pid),
    heartbeat: readHeartbeat(layout),
    lanes: lanesOf(station, followup),
    stale: (followup?.stale ?? []).map(({ wo_id, title, status, waiting_for, why, since }) => {
      return { wo_id, title, status, waiting_for, why, updated_at: since };
    }),
    last_failures: await lastFailures(station, followup),
    keeps: await keepsOf(station),
    backup: backupState(station),
    gaps: openGaps(station),
    halted: policyFault(layout.root),
    stop_file: stopFileOf(station)?.path ?? null,
    reasons: stationHealth(station, fault).reasons,
    guardrail_standing: lookStanding(look, settingsLook(layout).settings),
    guardrail:
      look === null
        ? null
        : { at: look.at, by: look.by, components: look.components, faults: look.faults, interval: look.interval },
  };
}

function lanesOf(station: Station, followup: FollowupDocument | null): LaneStatus[] {
  const lanes = laneFolders(station.layout.inbox, scanSettings(station).lanes);
  const alive = new Map((followup?.alive_by_lane ?? []).map((row) => [row.lane, row]));
  return [...new Set([...lanes.map(({ lane }) => lane), ...alive.keys()])].sort().map((lane) => {
    const folders = lanes.filter((l) => l.lane === lane).map(({ folder }) => folder);
    const inbox = folders.flatMap(namesThatCanBeRead).filter((n) => !n.startsWith('.')).length;
    const { ready = 0, running = 0, parked = 0, ages = NONE_OF_ANY_AGE } = alive.get(lane) ?? {};
    return { lane, inbox, ready, running, parked, ages };
  });
}

/** What is kept because nobody else has it, against the limit of settings. */
export async function keepsOf(station: Station): Promise<Keeps> {
  const { maxMb } = station.settings.keep;
  const { count, bytes } = await keptSize(station.repo, refsOf(station.id).keep, station.layout.keptSize);
  return { count, bytes, max_bytes: maxMb * 1024 * 1024, over: isOverLimit(bytes, maxMb) };
}

/** The last backup and how far the ledger has gone since; null where none was made and none is asked for. */
function backupState(station: Station): BackupState | null {
  const { to } = station.settings.backup;
  const [last, failure] = [lastBackup(station), lastFailure(station)];
  if (to === null && last === null && failure === null) return null;
  const behind = Math.max(0, ledgerSeq(station) - (last?.seq ?? 0));
  return { to: to === null ? null : withoutPassword(to), last, behind, failure };
}

/** A ledger that cannot be read is `verify`'s to tell. */
function ledgerSeq(station: Station): number {
  try {
    return ledgerHead(station.layout.ledger).seq;
  } catch {
    return 0;
  }
}

/** A lane that nobody may read is empty here; state/followup.json names it. */
function namesThatCanBeRead(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch {
    return [];
  }
}

/** The states of those that the tracker names: finished work is not looked through. */
async function lastFailures(station: Station, followup: FollowupDocument | null): Promise<StateDocument[]> {
  const failures = (followup?.failures ?? []).slice(0, LAST_FAILURES);
  const states = await Promise.all(failures.map((f) => stateNear(station, f.wo_id, f.finished_at)));
  return states.filter((state) => state !== null);
}
