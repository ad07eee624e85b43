/** An instant as ISO 8601 in UTC with milliseconds; `guess` says what was not written and had to be assumed. */
export interface ReadInstant {
  readonly iso: string;
  readonly guess: string | null;
}

/** 2025-11-13, 2025-11-13T01:50, 2025-11-13 01:50:03.5 +0700 and what lies between. */
const WRITTEN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/;

/** Reads a date as authors write it. Null for what is none, also for a day that no calendar has. Pure: never looks at the local zone. */
export function readInstant(value: unknown): ReadInstant | null {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return null;
  const match = WRITTEN.exec(value.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const parts = [year, month, day, hour ?? 0, minute ?? 0, second ?? 0].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [y, mo, d, h, mi, s] = parts;
  const utc = new Date(Date.UTC(y, mo - 1, d, h, mi, s, Number((fraction ?? '').padEnd(3, '0').slice(0, 3))));
  utc.setUTCFullYear(y, mo - 1, d);
  const same =
    utc.getUTCMonth() === mo - 1 &&
    utc.getUTCDate() === d &&
    utc.getUTCHours() === h &&
    utc.getUTCMinutes() === mi &&
    utc.getUTCSeconds() === s;
  const offset = offsetMinutes(zone);
  if (!same || offset === null) return null;
  const at = new Date(utc.getTime() - offset * 60_000);
  if (Number.isNaN(at.getTime())) return null;
  const guess =
    hour === undefined ? 'no time of day, taken as midnight UTC' : zone === undefined ? 'no zone, taken as UTC' : null;
  return { iso: at.toISOString(), guess };
}

function offsetMinutes(zone: string | undefined): number | null {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Seconds or milliseconds since 1970, told apart by their size: from 2001 on, and up to the year 5138. */
function fromEpoch(value: number): ReadInstant | null {
  const ms = value >= 1e9 && value < 1e11 ? value * 1000 : value >= 1e12 && value < 1e14 ? value : null;
  return ms === null ? null : { iso: new Date(ms).toISOString(), guess: 'a number, taken as time since 1970' };
}
