import type { Recorded } from '../../order/event.ts';
import type { CheckResult } from '../../order/generated.ts';
import type { StoryLine } from './line.ts';

type Told = Pick<StoryLine, 'kind' | 'text' | 'ok' | 'duration_ms'>;

/**
 * A command or check that was begun: what came of it. The ledger tells the end of a check by its result, and of a command by what follows, so how long a
 * command took is the time until then.
 */
export function commandLine(
  records: readonly Recorded[],
  { data, ts, attempt }: Extract<Recorded, { event: 'command' }>,
  at: number,
): Told {
  const later = records.slice(at + 1);
  const check = resultOf(records, at, data.n, attempt);
  if (check !== null) {
    const how = check.ok ? 'passed' : `failed${howItEnded(check)}`;
    return { kind: 'check', text: `check ${data.name} ${how}`, ok: check.ok, duration_ms: check.duration_ms ?? null };
  }
  const [next] = later;
  if (next === undefined) return { kind: 'work', text: `runs ${data.name}`, ok: null, duration_ms: null };
  const length = Math.max(0, Date.parse(next.ts) - Date.parse(ts));
  if (next.event === 'interrupted')
    return { kind: 'work', text: `${data.name} was cut short`, ok: false, duration_ms: length };
  // what it failed with stands in the record of the end, which may come after what was taken back
  const end = later.find(({ event }) => event !== 'restored');
  if (end?.event === 'failed' || end?.event === 'cancelled')
    return {
      kind: 'work',
      text: end.event === 'failed' ? `ran ${data.name}, which failed` : `ran ${data.name}, which was ended`,
      ok: false,
      duration_ms: length,
    };
  return { kind: 'work', text: `ran ${data.name}`, ok: true, duration_ms: length };
}

/** The result of the n-th of what was begun in this attempt, if that was a check: checks come after commands, and results are in their order. */
function resultOf(records: readonly Recorded[], at: number, n: number, attempt: number): CheckResult | null {
  const isOwn = (record: Recorded) => record.attempt === attempt;
  const told = records
    .slice(at)
    .find((record) => (record.event === 'executed' || record.event === 'failed') && isOwn(record));
  if (told === undefined || (told.event !== 'executed' && told.event !== 'failed')) return null;
  const { checks } = told.data;
  const begun = records.flatMap((record) =>
    record.event === 'command' && isOwn(record) && record.seq < told.seq ? [record.data] : [],
  );
  const first = begun.length - checks.length;
  const place = begun.findIndex((command) => command.n === n);
  const result = checks[place - first];
  return place >= first && result !== undefined && result.name === begun[place]?.name ? result : null;
}

/** ` with 1`, ` by SIGKILL`, ` by its time limit`; with what was expected where it says. */
function howItEnded({ exit_code: code, signal, timed_out: timedOut, expected, actual }: CheckResult): string {
  const how = timedOut
    ? ': it ran longer than it may'
    : signal != null
      ? `: ended by ${signal}`
      : code != null && code !== 0
        ? ` with exit code ${code}`
        : '';
  const said = expected === undefined ? '' : `: expected ${expected}${actual === undefined ? '' : `, got ${actual}`}`;
  return `${how}${said}`;
}
