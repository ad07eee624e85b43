import { join } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { exists, namesIn, readIfThere, removeDurable, removeTree, writeDurable } from '../../platform/durable.ts';
import { bootId, isAlive } from '../../platform/processes.ts';
import { checkEvidence, evidenceName } from '../../record/evidence.ts';
import { readSealed } from '../../record/journal.ts';
import { recordsSince } from '../../record/ledger.ts';
import { projectRejection, projectResult, rejection } from '../../record/result.ts';
import { isOldCanary, isPastRetention } from '../../record/retention.ts';
import { projectState } from '../../record/state.ts';
import type { Station } from '../../station/station.ts';
import { showEvidence } from '../finish.ts';
import { showBundleAgain } from '../jobs/show-bundle.ts';
import { showPacketsAgain } from '../missions/show-packets.ts';
import { quarantine } from '../quarantine.ts';
import type { Runtime } from '../runtime.ts';
import { restoreQuarantined } from './restore.ts';

/**
 * What repeats the ledger is atomic but not synced, because it can be shown again. After a station that did not end by itself, or a show
 * that failed, this does so.
 */

/** Kernels write out what was not synced within half a minute; what is older than this lies on the disk. */
const UNSYNCED_MS = 120_000;
/** More records than one landing brings: telemetry tells of them before their evidence is shown. */
const A_LANDING = 256;

const markOf = (station: Station) => join(station.layout.live, 'running.json');

/** How the run before ended: by itself, or by a kill of the process, or with the machine. */
export type Ending = 'well' | 'process' | 'machine';

/** Says, durably, that a station runs; returns how the one before ended. */
export function beginRun(station: Station): Ending {
  const path = markOf(station);
  const ended: Ending = !exists(path) ? 'well' : bootOf(path) === bootId() ? 'process' : 'machine';
  writeDurable(path, `${JSON.stringify({ v: 1, pid: process.pid, boot: bootId() })}\n`);
  return ended;
}

/** In which boot a run began; what cannot be told is no boot of this machine. */
function bootOf(path: string): string | undefined {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null && 'boot' in value && typeof value.boot === 'string'
      ? value.boot
      : undefined;
  } catch {
    return undefined;
  }
}

/** All that this run wrote is shown. */
export function endRun(station: Station): void {
  removeDurable(markOf(station));
}

/** Shows what a crash may have left half shown, or lost where the machine went down. */
export async function showAgainAfter(rt: Runtime, ended: Exclude<Ending, 'well'>): Promise<void> {
  if (ended === 'process') return showAgain(rt, Math.max(1, Math.min(rt.untoldFrom, rt.ledger.head.seq - A_LANDING)));
  const last: Recorded | undefined = rt.ledger.read(rt.ledger.head.seq).next().value;
  if (last === undefined) return;
  const since = Date.parse(last.ts) - UNSYNCED_MS;
  for (const record of recordsSince(rt.station.layout.ledger, since)) {
    if (Date.parse(record.ts) < since) continue;
    await showAgain(rt, record.seq);
    return;
  }
}

/** Shows everything again that records from this one on brought about: states, results, rejections, quarantine, evidence, telemetry. */
export async function showAgain(rt: Runtime, fromSeq: number): Promise<void> {
  const touched = new Map<string, OrderLife>();
  const ended: { woId: string; attempt: number; manifest: string; record: Recorded }[] = [];
  for (const record of [...rt.ledger.read(fromSeq)]) {
    const life = record.wo_id === null ? null : await rt.find(record.wo_id);
    if (life !== null) touched.set(life.woId, life);
    if (record.event === 'rejected' && record.purged !== true) await showRejection(rt, record);
    const { evidence } = record.data as { evidence?: { manifest_sha256: string } | null };
    if (life !== null && evidence && record.event !== 'landing' && life.purgedAttempts < record.attempt)
      ended.push({ woId: life.woId, attempt: record.attempt, manifest: evidence.manifest_sha256, record });
  }
  rt.show('marks', () => rt.marks.changing(rt.ledger.head));
  for (const life of touched.values()) {
    if (isPastRetention(rt.station, life.finishedAt, Date.now()) || isOldCanary(rt.station, life, Date.now())) continue;
    rt.show(
      life.woId,
      () => {
        projectState(rt.station, life);
        if (isTerminal(life.status)) projectResult(rt.station, life);
      },
      life.lastSeq,
    );
  }
  for (const { woId, attempt, manifest, record } of ended) {
    const life = touched.get(woId);
    if (life === undefined || isOldCanary(rt.station, life, Date.now())) continue;
    await showAttempt(rt, life, attempt, manifest);
    showPacketsAgain(rt, life, record);
  }
  // the evidence has what their commands said, and was shown by now
  for (const life of touched.values()) showBundleAgain(rt, life);
  rt.catchUpTelemetry();
}

async function showRejection(rt: Runtime, record: Extract<Recorded, { event: 'rejected' }>): Promise<void> {
  const { data } = record;
  rt.show(
    data.file,
    () => {
      if (record.wo_id === null) projectRejection(rt.station, data, rejection(data, null));
      quarantine(rt, data);
    },
    record.seq,
  );
  await restoreQuarantined(rt.station, rt.journal, record.seq, data);
}

/** Evidence that is not whole is shown from the claim, or from the journal, which has it by now. */
async function showAttempt(rt: Runtime, life: OrderLife, attempt: number, manifest: string): Promise<void> {
  if (checkEvidence(join(rt.station.layout.evidence, evidenceName(life.woId, attempt)), manifest).length === 0) return;
  const sealed = readSealed(rt.claimFolder(life), attempt);
  const files =
    sealed.length > 0
      ? sealed
      : await rt.journal.evidence(life, attempt, attempt === life.attempt ? life.landing?.journal : undefined);
  if (files.length > 0) showEvidence(rt, { ...life, attempt }, { files });
}

/** Temporary files of processes that are gone, where durable files are written. */
export function sweepTemporary(station: Station): void {
  const { live, ledger, commands } = station.layout;
  for (const folder of [live, ledger, commands, join(live, 'worktrees')])
    for (const name of namesIn(folder)) {
      const pid = /^\..*\.(\d+)\.\d+\.tmp$/.exec(name)?.[1];
      if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) removeTree(join(folder, name));
    }
}
