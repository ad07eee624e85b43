import { join } from 'node:path';
import { commandEvidence } from '../execute/run-commands.ts';
import { type ClaimedRequest, readClaim } from '../intake/claim.ts';
import { errorBody, type WaybillError } from '../order/error.ts';
import type { OutcomeData } from '../order/event.ts';
import type { CheckResult } from '../order/generated.ts';
import type { OrderLife } from '../order/life.ts';
import { isPure } from '../order/order.ts';
import { planDocument } from '../order/plan.ts';
import { millisecondsBetween, now } from '../platform/clock.ts';
import { ensureDir, exists, removeTree, syncDir, writeNew } from '../platform/durable.ts';
import { backoffMs } from '../queue/waits.ts';
import {
  type EvidenceFile,
  evidenceName,
  projectEvidence,
  REQUEST_FOLDER,
  type SealedEvidence,
  sealEvidence,
} from '../record/evidence.ts';
import { sealedFolder } from '../record/journal.ts';
import { redactorOf } from '../station/redactor.ts';
import { approvalEvidence } from './approvals/ask.ts';
import type { Job } from './job.ts';
import { missionEvidence } from './missions/documents.ts';
import type { Runtime } from './runtime.ts';

/** How an order ends: evidence sealed, the terminal record, then everything that repeats it. */

/** Seals what is known of an order. */
export function sealJob(rt: Runtime, life: OrderLife, job: Job | null, checks: readonly CheckResult[]): SealedEvidence {
  const request = job?.request ?? readClaim(rt.station.layout.claimed, life.admitted?.claim ?? '');
  return sealEvidence({
    life,
    request: requestFiles(life, request),
    plan: job === null ? null : planDocument(job.order, job.prepared.plan.changes),
    changes: job?.changes ?? [],
    commands: job !== null && isPure(job.order) ? [] : commandEvidence(rt.claimFolder(life)),
    approvals: life.ask === null ? [] : approvalEvidence(rt.claimFolder(life)),
    mission: life.mission === null ? [] : missionEvidence(rt.claimFolder(life)),
    checks,
    redactor: redactorOf(rt.station.settings),
  });
}

/** The request: the order's exact bytes, and below request/ what came with it. */
function requestFiles(life: OrderLife, request: ClaimedRequest | null): EvidenceFile[] {
  return [
    { path: life.admitted?.request.name ?? 'request', bytes: request?.bytes ?? Buffer.alloc(0) },
    ...(request?.attachments ?? []).map(({ path, bytes }) => ({ path: `${REQUEST_FOLDER}/${path}`, bytes })),
  ];
}

/** Evidence that no landing carries waits in the claim folder, synced, until the journal takes it. */
export function storeSealed(rt: Runtime, life: OrderLife, sealed: Pick<SealedEvidence, 'files'>): void {
  const folder = sealedFolder(rt.claimFolder(life), life.attempt);
  if (exists(folder)) removeTree(folder);
  for (const file of sealed.files) {
    const path = join(folder, file.path);
    ensureDir(join(path, '..'));
    writeNew(path, file.bytes);
  }
  for (const sub of new Set(sealed.files.map((f) => join(folder, f.path, '..')))) syncDir(sub);
}

/** Shows sealed evidence where operators look. */
export function showEvidence(rt: Runtime, life: OrderLife, sealed: Pick<SealedEvidence, 'files'>): void {
  const folder = join(rt.station.layout.evidence, evidenceName(life.woId, life.attempt));
  rt.show(life.woId, () => projectEvidence(folder, sealed), life.lastSeq);
}

export interface Failure {
  readonly error: WaybillError;
  readonly job: Job | null;
  readonly checks?: readonly CheckResult[];
  readonly unrestored?: readonly string[];
  readonly commits?: readonly string[];
}

/** Ends an order that failed, or parks it until its next try. */
export function failOrder(rt: Runtime, life: OrderLife, failure: Failure): void {
  const { error, job } = failure;
  const checks = failure.checks ?? job?.checks ?? [];
  const sealed = sealJob(rt, life, job, checks);
  storeSealed(rt, life, sealed);
  const at = now();
  const { retry } = rt.station.settings;
  const mayRetry = error.retryable && life.retriesUsed < (life.admitted?.retries ?? 0);
  // a new attempt does every step of a mission again, with the whole budget: its retries are policy's, within the one attempt
  const again = mayRetry && life.status === 'running' && life.mission === null;
  const retryAt = again
    ? new Date(Date.now() + backoffMs(life.retriesUsed, retry.backoffSeconds, retry.maxBackoffSeconds)).toISOString()
    : null;
  const data = {
    ...outcome(life, job, at),
    summary: error.message,
    files_touched: [],
    commits: [...(failure.commits ?? [])],
    checks: [...checks],
    unrestored: [...(failure.unrestored ?? [])],
    error: errorBody(error, at),
    evidence: { manifest_sha256: sealed.manifestSha256 },
    retry_at: retryAt,
  };
  rt.record([
    {
      event: 'failed',
      woId: life.woId,
      attempt: life.attempt,
      from: life.status,
      to: again ? 'parked' : 'failed',
      data,
    },
  ]);
  showEvidence(rt, life, sealed);
  rt.running.delete(life.woId);
  rt.step('life 8: ended', [life.woId]);
}

/** Ends an order that a person cancelled. */
export function cancelOrder(
  rt: Runtime,
  life: OrderLife,
  by: string,
  error: WaybillError,
  more: { job: Job | null; unrestored: readonly string[] },
): void {
  const sealed = sealJob(rt, life, more.job, more.job?.checks ?? []);
  storeSealed(rt, life, sealed);
  const at = now();
  const data = {
    ...outcome(life, more.job, at),
    summary: error.message,
    unrestored: [...more.unrestored],
    error: errorBody(error, at),
    evidence: { manifest_sha256: sealed.manifestSha256 },
    by,
  };
  rt.record([{ event: 'cancelled', woId: life.woId, attempt: life.attempt, from: life.status, to: 'cancelled', data }]);
  showEvidence(rt, life, sealed);
  rt.running.delete(life.woId);
}

/** Ends an order that had nothing to land: no change at all, or a dry run. */
export function finishWithoutLanding(
  rt: Runtime,
  life: OrderLife,
  job: Job,
  summary: string,
  diff: string | null,
): void {
  const sealed = sealJob(rt, life, job, job.checks);
  storeSealed(rt, life, sealed);
  const data: OutcomeData = {
    ...outcome(life, job, now()),
    summary,
    checks: [...job.checks],
    evidence: { manifest_sha256: sealed.manifestSha256 },
    ...(diff === null ? {} : { diff }),
  };
  rt.record([{ event: 'succeeded', woId: life.woId, attempt: life.attempt, from: 'running', to: 'done', data }]);
  showEvidence(rt, life, sealed);
  rt.running.delete(life.woId);
  rt.step('life 8: ended', [life.woId]);
}

/** The parts of an outcome that are the same for every end. */
export function outcome(life: OrderLife, job: Job | null, at: string): OutcomeData {
  return {
    summary: '',
    files_touched: [],
    commits: [],
    checks: [],
    warnings: [...(job?.warnings ?? life.admitted?.warnings ?? [])],
    unrestored: [],
    error: null,
    evidence: null,
    duration_ms: life.startedAt === null ? null : millisecondsBetween(life.startedAt, at),
  };
}
