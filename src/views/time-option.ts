import { WaybillError } from '../order/error.ts';
import { readInstant } from '../order/instant.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A time that somebody named, in milliseconds since 1970; `guess` says what was not written and had to be assumed. */
export interface NamedTime {
  readonly ms: number;
  readonly guess: string | null;
}

/** A time as options and queries name it: an instant, or how long ago (30m, 12h, 30d, 4w). Null where none is given. Throws USAGE. */
export function timeOption(option: string, given: unknown): NamedTime | null {
  if (given === undefined) return null;
  const text = String(given);
  const [, count = '', unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const back = UNITS[unit];
  if (back !== undefined) return { ms: Date.now() - Number(count) * back, guess: null };
  // a bare number would be read as seconds since 1970
  const read = /^\d+$/.test(text) ? null : readInstant(text);
  if (read === null)
    throw new WaybillError('USAGE', `${option} takes a time, as in 2026-10-01, 2026-10-01T12:00Z, 12h, 30d or 4w`);
  return { ms: Date.parse(read.iso), guess: read.guess };
}
