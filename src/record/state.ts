import { join } from 'node:path';
import { priorityWord } from '../order/canonical.ts';
import type { AskData } from '../order/event.ts';
import type { StateDocument } from '../order/generated.ts';
import { claimOf, type OrderLife } from '../order/life.ts';
import type { Priority } from '../order/order.ts';
import { asksPeople } from '../order/transition.ts';
import { writeProjection } from '../platform/durable.ts';
import type { Station } from '../station/station.ts';
import { evidenceName } from './evidence.ts';
import { progressOf } from './progress.ts';

/** Puts a projection's text at its path: in general by writing it. */
export type WriteText = (path: string, text: string) => void;

/** An order's state file: its life as operators grep it, one field a line. */
export function stateDocument(station: Station, life: OrderLife): StateDocument {
  const { admitted, rejected, outcome } = life;
  const source = admitted ?? rejected;
  const evidencePath = `${station.settings.paths.evidence}/${evidenceName(life.woId, life.attempt)}`;
  const isPurged = life.attempt > 0 && life.purgedAttempts >= life.attempt;
  const manifest = outcome?.evidence?.manifest_sha256 ?? life.landing?.evidence.manifest_sha256 ?? null;
  return {
    v: 1,
    wo_id: life.woId,
    title: source?.title ?? '',
    summary: outcome?.summary ?? admitted?.summary ?? '',
    type: admitted?.type ?? 'unknown',
    lane: source?.lane ?? '',
    owner: admitted?.owner ?? null,
    priority: priorityWord((admitted?.priority ?? 2) as Priority),
    status: life.status,
    waiting_for: life.waitingFor,
    progress: progressOf(life),
    attempt: life.attempt,
    revision: life.revision,
    created_at: admitted?.created_at ?? null,
    received_at: source?.received_at ?? life.updatedAt,
    started_at: life.startedAt,
    finished_at: life.finishedAt,
    updated_at: life.updatedAt,
    depends_on: admitted?.depends_on ?? [],
    tags: admitted?.tags ?? [],
    requester: source?.requester ?? { uid: -1, user: null, lane: '', via: 'inbox', declared_by: null },
    trace_id: source?.trace_id ?? '0'.repeat(32),
    request: {
      path: rejected !== null ? (rejected.quarantine ?? '') : `${evidencePath}/${admitted?.request.name ?? 'request'}`,
      sha256: (admitted ?? rejected)?.request?.sha256 ?? '',
    },
    evidence:
      manifest === null || life.purgedAttempts >= life.attempt
        ? null
        : { path: evidencePath, manifest_sha256: manifest },
    commits: outcome?.commits ?? life.landed?.commits ?? [],
    ...(outcome?.branch === undefined ? {} : { branch: outcome.branch }),
    last_error:
      life.lastError === null
        ? null
        : {
            code: life.lastError.code,
            message: life.lastError.message,
            hint: life.lastError.hint,
            at: life.lastError.at,
          },
    meta: {
      file: source?.file ?? '',
      born: life.born,
      seq: life.lastSeq,
      ...(life.until === null ? {} : { until: life.until }),
      ...(isPurged ? { purged: true } : {}),
      ...(admitted?.dry_run ? { dry_run: true } : {}),
      ...(asksPeople(life.waitingFor) && life.ask !== null ? { approval: approvalOf(life, life.ask) } : {}),
      ...(admitted !== null && admitted.warnings.length > 0 ? { warnings: admitted.warnings } : {}),
    },
  };
}

/** What is asked, for those who list it; all of it lies beside the claim. */
function approvalOf(life: OrderLife, ask: AskData): Record<string, unknown> {
  const { id, sha256, stage, proof, approvers, rulings, expires_at, changed } = ask;
  return {
    ask: id,
    sha256,
    claim: claimOf(life),
    stage,
    asked_at: life.askedAt ?? life.updatedAt,
    expires_at,
    proof,
    approvers,
    rulings: rulings.map(({ subject, rule, why }) => ({ subject, rule, why })),
    changed,
  };
}

export function stateText(document: StateDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

export function projectState(station: Station, life: OrderLife, write: WriteText = writeProjection): void {
  write(join(station.layout.state, `${life.woId}.json`), stateText(stateDocument(station, life)));
}
