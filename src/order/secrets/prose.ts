import type { Redactor } from './redactor.ts';

/**
 * Keys below which nothing is words: paths, ids, hashes, names that something is found by. Cutting there would change what is done, not what
 * is told.
 */
const NO_WORDS: ReadonlySet<string> = new Set([
  ...['v', 'ts', 'at', 'seq', 'event', 'agent', 'wo_id', 'trace_id', 'span_id', 'parent_id', 'code', 'attempt'],
  ...['claim', 'claims', 'file', 'lane', 'request', 'quarantine', 'declared_id', 'depends_on', 'agents', 'type'],
  ...['received_at', 'created_at', 'not_before', 'until', 'retry_at', 'waiting_for', 'user', 'uid', 'via'],
  ...['changes', 'outputs', 'paths', 'path', 'left', 'leftover', 'unrestored', 'files_touched', 'secrets'],
  ...['branch', 'head', 'old_head', 'new_head', 'commit', 'commits', 'journal', 'batch', 'how', 'evidence'],
  ...['plan_sha256', 'sha256', 'station', 'version', 'records', 'where', 'all', 'seen_hash', 'keep', 'keeps', 'kept'],
]);

/**
 * The same data with secrets cut out of its words: titles, messages, reasons, what checks said. What decides or finds something is never
 * altered. Returns the very same value where there is nothing to cut.
 */
export function cutProse<T>(redactor: Redactor, value: T): T {
  return cut(redactor, value) as T;
}

function cut(redactor: Redactor, value: unknown): unknown {
  if (typeof value === 'string') return redactor.redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const clean = value.map((item) => cut(redactor, item));
    return clean.some((item, i) => item !== value[i]) ? clean : value;
  }
  let changed: Record<string, unknown> | null = null;
  for (const [key, inner] of Object.entries(value)) {
    if (NO_WORDS.has(key)) continue;
    const clean = cut(redactor, inner);
    if (clean === inner) continue;
    changed ??= { ...value };
    changed[key] = clean;
  }
  return changed ?? value;
}
