import { join } from 'node:path';
import type { Settings } from './settings.ts';

/** Every path of a station, absolute. The first group are projections and drops; the second must survive `git clean -fdx`. */
export interface Layout {
  readonly root: string;
  readonly gitDir: string;
  readonly inbox: string;
  readonly outbox: string;
  readonly quarantine: string;
  readonly state: string;
  readonly evidence: string;
  readonly telemetry: string;
  readonly archive: string;
  readonly followup: string;
  readonly alerts: string;
  readonly reports: string;
  readonly lessons: string;
  /** What is shown about work: packets of missions, evidence of jobs, the status. */
  readonly artifacts: string;

  /** `<git common dir>/waybill`. */
  readonly live: string;
  readonly lock: string;
  readonly stationFile: string;
  readonly heartbeat: string;
  readonly ledger: string;
  readonly claimed: string;
  readonly commands: string;
  readonly refused: string;
  readonly tmp: string;
  readonly ids: string;
  /** How many bytes the keeps held when they changed last. */
  readonly keptSize: string;
  /** What the last backup was, and why the last try failed, if it did. */
  readonly backup: string;
  readonly backupFailure: string;
  /** When the next drift report is due. */
  readonly driftSchedule: string;
  /** Up to which record spans were sent to a receiver. */
  readonly spansSent: string;
  /** What the guardrail remembers from look to look, and what concerns it alone. */
  readonly guardrail: string;
  /** What the git hooks of `waybill hooks install` write down. */
  readonly hooksLog: string;
}

export function layoutOf(root: string, gitDir: string, settings: Settings): Layout {
  const live = join(gitDir, 'waybill');
  const at = (path: string) => join(root, path);
  return {
    root,
    gitDir,
    inbox: at(settings.paths.inbox),
    outbox: at(settings.paths.outbox),
    quarantine: at(settings.paths.quarantine),
    state: at(settings.paths.state),
    evidence: at(settings.paths.evidence),
    telemetry: at(settings.paths.telemetry),
    archive: at(settings.paths.archive),
    followup: at(settings.paths.followup),
    alerts: at(settings.paths.alerts),
    reports: at(settings.paths.reports),
    lessons: at(settings.paths.lessons),
    artifacts: at(settings.paths.artifacts),
    live,
    lock: join(live, 'lock'),
    stationFile: join(live, 'station.json'),
    heartbeat: join(live, 'heartbeat.json'),
    ledger: join(live, 'ledger'),
    claimed: join(live, 'claimed'),
    commands: join(live, 'commands'),
    refused: join(live, 'refused'),
    tmp: join(live, 'tmp'),
    ids: join(live, 'ids'),
    keptSize: join(live, 'kept-size.json'),
    backup: join(live, 'backup.json'),
    backupFailure: join(live, 'backup-failure.json'),
    driftSchedule: join(live, 'drift-schedule.json'),
    spansSent: join(live, 'spans-sent'),
    guardrail: join(live, 'guardrail'),
    hooksLog: join(live, 'hooks.jsonl'),
  };
}

/** The paths Waybill keeps for itself, relative to the root: kept out of `git status`, closed to orders. */
export function ownPaths(settings: Settings): string[] {
  const { inbox, outbox, quarantine, state, archive, evidence, telemetry, followup, alerts } = settings.paths;
  return [inbox, outbox, quarantine, state, archive, evidence, telemetry, followup, alerts];
}

/**
 * Files of ours in folders where people and orders may write too, as patterns: kept out of `git status`, and no more. In the tree of seed 003
 * both folders hold documents that are tracked.
 */
export function ownPatterns(settings: Settings): string[] {
  const { artifacts } = settings.paths;
  return [
    `${settings.paths.reports}/forensic_*`,
    `${settings.paths.lessons}/lesson-*.json`,
    `${artifacts}/terminal/TP_*`,
    `${artifacts}/review_packets/Review_Packet_*`,
    `${artifacts}/evidence/openclaw/jobs/`,
    `${artifacts}/status/runtime_status.json`,
    `${artifacts}/status/drift_report_*`,
    `${artifacts}/packets/status/checkpoint_report_*`,
  ];
}

/** The journal and other refs of a station: `work` holds contents while an order lives, `keep` what nobody may lose, `snapshot` what a person had held, `fetched` what a backup sent. */
export function refsOf(
  stationId: string,
): Readonly<Record<'journal' | 'landing' | 'work' | 'keep' | 'snapshot' | 'fetched', string>> {
  const base = `refs/waybill/${stationId}`;
  return {
    journal: `${base}/journal`,
    landing: `${base}/landing`,
    work: `${base}/work`,
    keep: `${base}/keep`,
    snapshot: `${base}/snapshot`,
    fetched: `${base}/fetched`,
  };
}
