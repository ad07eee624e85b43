import { join } from 'node:path';
import type { Recorded } from '../order/event.ts';
import type { ErrorDocument, ResultDocument } from '../order/generated.ts';
import { laneOf, type OrderLife } from '../order/life.ts';
import { writeProjection } from '../platform/durable.ts';
import type { Station } from '../station/station.ts';
import { evidenceName } from './evidence.ts';
import { resultPath } from './result-path.ts';
import type { WriteText } from './state.ts';

/** The answer to an order that ended; null while it is alive. */
export function resultDocument(station: Station, life: OrderLife): ResultDocument | null {
  if (life.rejected !== null && life.status === 'rejected') return rejection(life.rejected, life.woId);
  const { outcome, admitted } = life;
  if (outcome === null || admitted === null || life.status === 'parked' || life.status === 'rejected') return null;
  return {
    v: 1,
    wo_id: life.woId,
    status: life.status as 'done' | 'failed' | 'cancelled',
    summary: outcome.summary,
    lane: admitted.lane,
    file: admitted.file,
    attempt: life.attempt,
    ...(admitted.dry_run ? { dry_run: true } : {}),
    ...(outcome.diff === undefined ? {} : { diff: outcome.diff }),
    files_touched: outcome.files_touched,
    commits: outcome.commits,
    ...(outcome.branch === undefined ? {} : { branch: outcome.branch }),
    checks: outcome.checks,
    unrestored: outcome.unrestored,
    error: outcome.error,
    warnings: outcome.warnings,
    evidence:
      outcome.evidence === null ? null : `${station.settings.paths.evidence}/${evidenceName(life.woId, life.attempt)}`,
    duration_ms: outcome.duration_ms,
    completed_at: life.finishedAt ?? life.updatedAt,
  };
}

type Rejection = Extract<Recorded, { event: 'rejected' }>['data'];

/** The answer to input that could not be accepted. */
export function rejection(data: Rejection, woId: string | null): ResultDocument {
  return {
    v: 1,
    wo_id: woId ?? data.declared_id,
    status: 'rejected',
    summary: data.error.message,
    lane: data.lane,
    file: data.file,
    attempt: 0,
    files_touched: [],
    commits: [],
    checks: [],
    error: { ...data.error },
    warnings: [],
    evidence: null,
    duration_ms: null,
    completed_at: data.error.at,
  };
}

/** A dropped file's name as part of another one: cut so that the whole stays within the 255 bytes that file systems allow. */
export function shortName(file: string): string {
  let short = file;
  while (Buffer.byteLength(short) > 150) short = [...short].slice(0, -1).join('');
  return short;
}

/** The lanes in which an order is answered: its own, and those in which it was dropped again. */
export function lanesOf(life: OrderLife): string[] {
  const also: readonly string[] | undefined = life.alsoIn; // absent from lives written before this was told
  return [laneOf(life), ...(also ?? [])];
}

export function projectResult(station: Station, life: OrderLife, write: WriteText = writeProjection): void {
  const document = resultDocument(station, life);
  if (document === null) return;
  if (life.status === 'rejected' && life.rejected !== null) projectRejection(station, life.rejected, document, write);
  else for (const lane of lanesOf(life)) write(resultPath(station, lane, life.woId), text(document));
}

/** A rejection is named after the file and its claim, so that it never hides an earlier result; the error also stands beside the quarantined file. */
export function projectRejection(
  station: Station,
  data: Rejection,
  document: ResultDocument,
  write: WriteText = writeProjection,
): void {
  write(join(station.layout.outbox, data.lane, `${shortName(data.file)}.${data.claim}.result.json`), text(document));
  if (data.quarantine === null) return;
  const error: ErrorDocument = { v: 1, ...data.error };
  write(join(station.layout.root, `${data.quarantine}.error.json`), text(error));
}

function text(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
