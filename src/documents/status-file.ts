import { readDocument } from '../order/document.ts';
import { WaybillError } from '../order/error.ts';
import type { StatusFile } from '../order/generated.ts';
import { conform } from '../platform/schema.ts';
import type { Contradiction } from './contradiction.ts';

const LIMITS = { maxBytes: 16 * 1024 * 1024, maxDepth: 50 };
/** A clock that is ahead by less is no reason to doubt a file. */
const AHEAD_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** So many of the reasons are told. */
const MOST_REASONS = 5;

/** Reads a status file, whoever wrote it. Throws STATUS_FILE_INVALID with the place for what is none. */
export function readStatusFile(path: string, bytes: Uint8Array): StatusFile {
  try {
    const { value, locate } = readDocument(bytes, 'json', LIMITS);
    const origin = { locate: (segments: readonly (string | number)[]) => ({ file: path, ...locate(segments) }) };
    // what carries a version was written by Waybill, and must be all that its own schema says
    const isOurs = typeof value === 'object' && value !== null && 'v' in value;
    if (isOurs) conform('runtime-status', value, 'STATUS_FILE_INVALID', origin);
    return conform('status-file', value, 'STATUS_FILE_INVALID', origin);
  } catch (error) {
    if (!(error instanceof WaybillError) || error.code === 'STATUS_FILE_INVALID') throw error;
    throw new WaybillError('STATUS_FILE_INVALID', error.message, {
      place: { file: path, ...error.place },
      cause: error,
    });
  }
}

/**
 * What is wrong with a status file by what it says itself: its age (the file's own time says only when somebody checked it out), its verdict, and
 * every contradiction in it, in whatever form its writer has them. What cannot be told apart counts as severe.
 */
export function statusFaults(
  path: string,
  file: StatusFile,
  at: { readonly now: string; readonly maxAgeHours: number },
): Contradiction[] {
  const found: Contradiction[] = [];
  const fault = (id: string, message: string) => found.push({ id, severity: 'block', message, refs: [path] });
  const generated = Date.parse(file.generated_at_utc);
  const age = Date.parse(at.now) - generated;
  // written so that an instant that is none counts as wrong
  if (!(age >= -AHEAD_MS))
    fault('status-from-the-future', `the status file was written ${file.generated_at_utc}, which is yet to come`);
  else if (!(age <= at.maxAgeHours * HOUR_MS))
    fault('status-old', `the status file was written ${file.generated_at_utc}, more than ${at.maxAgeHours} hours ago`);
  if (file.status === 'fail') {
    const reasons = (file.reasons ?? []).filter((reason) => reason.startsWith('fail')).slice(0, MOST_REASONS);
    fault('status-fail', `the status file says fail${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`);
  }
  return [...found, ...file.contradictions.map((told) => contradictionOf(path, told))];
}

/** As contradictionText() writes them. */
const TEXT = /^(warn|block): ([a-z][a-z0-9-]*): ([\s\S]+?)(?: \(([^()]*:\d+(?:, [^()]*:\d+)*)\))?$/;

function contradictionOf(path: string, told: StatusFile['contradictions'][number]): Contradiction {
  if (typeof told !== 'string')
    return {
      id: told.id ?? 'status-contradiction',
      severity: told.severity === 'warn' ? 'warn' : 'block',
      message: told.message,
      refs: told.refs ?? [path],
    };
  const [, severity, id, message, refs] = TEXT.exec(told) ?? [];
  if (id === undefined || message === undefined)
    return { id: 'status-contradiction', severity: 'block', message: told, refs: [path] };
  return {
    id,
    severity: severity === 'warn' ? 'warn' : 'block',
    message,
    refs: refs === undefined ? [path] : refs.split(', '),
  };
}
