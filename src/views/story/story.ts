import type { EventName, Recorded } from '../../order/event.ts';
import { commandLine } from './commands.ts';
import type { StoryLine } from './line.ts';
import { told } from './told.ts';

export type { StoryLine } from './line.ts';

/** The records that other lines tell of: a landing by its end, a wait by what it waits for. */
const QUIET: ReadonlySet<EventName> = new Set(['opened', 'distrusted', 'gap']);

/**
 * What happened to an order, in its order, one sentence each: its ledger records (`orderRecords`) and nothing else. Pure. What is not over stands last,
 * without a length. The words of records that were purged are gone, and the line says so.
 */
export function storyOf(records: readonly Recorded[]): StoryLine[] {
  return records.flatMap((record, at) => (QUIET.has(record.event) ? [] : linesOf(records, record, at)));
}

function linesOf(records: readonly Recorded[], record: Recorded, at: number): StoryLine[] {
  const next = records[at + 1];
  const line = (of: Omit<StoryLine, 'seq' | 'at' | 'attempt'>): StoryLine => ({
    seq: record.seq,
    at: record.ts,
    attempt: Math.max(1, record.attempt),
    ...of,
  });
  switch (record.event) {
    case 'admitted':
    case 'revised': {
      const came = line({ ...told(record), duration_ms: null });
      const { waiting_for: waitingFor, why } = record.data;
      if (waitingFor === null) return [came];
      const text = `waits for ${waitingFor}${why === null ? '' : `: ${why}`}`;
      return [came, line({ kind: 'waits', text, ok: null, duration_ms: waitedMs(records, at) })];
    }
    case 'started':
      // started only because the table knows no other way: what follows says what happened
      if (next !== undefined && (next.event === 'waits' || next.event === 'failed')) return [];
      return [line({ ...told(record), duration_ms: readyMs(records, at) })];
    case 'command':
      return [line(commandLine(records, record, at))];
    case 'landing':
      return next === undefined ? [line({ ...told(record), duration_ms: null })] : [];
    case 'step': {
      // what came of it is told with its end
      const end = records.slice(at + 1).find((later) => ENDS_STEP.has(later.event));
      const isLost = end !== undefined && !(end.event === 'stepped' && end.data.n === record.data.n);
      if (end !== undefined && !isLost) return [];
      const { n, step, agent } = record.data;
      const who = agent === null ? '' : ` by ${agent}`;
      const text = isLost ? `step ${n}, ${step}${who}, was cut short` : `step ${n}, ${step}${who}, is at work`;
      return [
        line({ kind: 'step', text, ok: isLost ? false : null, duration_ms: isLost ? between(record, end) : null }),
      ];
    }
    case 'stepped':
      return [line({ ...told(record), duration_ms: Math.round(record.data.seconds * 1000) })];
    case 'waits':
    case 'held':
      return [line({ ...told(record), duration_ms: waitedMs(records, at) })];
    case 'approved':
    case 'denied':
    case 'expired':
    case 'released':
      return [line({ ...told(record), duration_ms: waitedSince(records, at) })];
    case 'succeeded':
    case 'cancelled':
      return [line({ ...told(record), duration_ms: record.data.duration_ms })];
    case 'failed':
      if (record.to !== 'parked') return [line({ ...told(record), duration_ms: record.data.duration_ms })];
      return [
        line({ ...told(record), duration_ms: record.data.duration_ms }),
        line({
          kind: 'waits',
          text: `waits to be tried again${record.data.retry_at === null ? '' : `, at ${record.data.retry_at}`}`,
          ok: null,
          duration_ms: waitedMs(records, at),
        }),
      ];
    case 'restored':
      // an order that had changed nothing yet
      if (record.data.paths.length === 0 && record.data.unrestored.length === 0) return [];
      return [line({ ...told(record), duration_ms: null })];
    default:
      return [line({ ...told(record), duration_ms: null })];
  }
}

const ENDS_STEP: ReadonlySet<EventName> = new Set<EventName>([
  'step',
  'stepped',
  'interrupted',
  'failed',
  'cancelled',
  'retried',
  'revised',
]);

function between(from: Recorded, to: Recorded): number {
  // a clock that was set back tells nothing
  return Math.max(0, Date.parse(to.ts) - Date.parse(from.ts));
}

/** How long a wait that begins at this record lasted; null while it lasts. */
function waitedMs(records: readonly Recorded[], at: number): number | null {
  const [from, end] = [records[at], records.slice(at + 1).find(({ to }) => to !== null)];
  return from === undefined || end === undefined ? null : between(from, end);
}

/** How long the wait lasted that this record ends. */
function waitedSince(records: readonly Recorded[], at: number): number | null {
  const [from, end] = [records.slice(0, at).findLast(({ to }) => to !== null), records[at]];
  return from?.to !== 'parked' || end === undefined ? null : between(from, end);
}

/** How long it had been ready. */
function readyMs(records: readonly Recorded[], at: number): number | null {
  const [from, end] = [records.slice(0, at).findLast(({ to }) => to === 'ready'), records[at]];
  return from === undefined || end === undefined ? null : between(from, end);
}
