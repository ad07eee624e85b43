import { readInstant } from '../../order/instant.ts';
import { usage } from '../output.ts';

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
const LONGEST_MS = 366 * 86_400_000;

/** The instant that `--since` names, ISO-8601: `7d`, `36h`, `2w` before `atMs`, or an instant; `usual` where nothing is given. Throws USAGE. */
export function sinceOf(given: unknown, usual: string, atMs: number): string {
  const text = typeof given === 'string' ? given : usual;
  const [, count = '', unit = ''] = /^(\d{1,4})([hdw])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? 0);
  const read = ms > 0 ? new Date(atMs - ms).toISOString() : (readInstant(text)?.iso ?? null);
  if (read === null) throw usage('--since takes a length of time or an instant, as in 7d, 36h or 2026-11-15T00:00:00Z');
  const age = atMs - Date.parse(read);
  if (!(age >= 0 && age <= LONGEST_MS)) throw usage('--since must lie in the past, a year ago at most');
  return new Date(read).toISOString();
}
