/**
 * Cron lines as settings have them: five fields, or six with seconds first. Read here, and not by the library that keeps the schedule, so that
 * a look at a station need not load it; what this accepts, that library accepts too (a test holds one against the other).
 */

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Words for its values, the first for `from`. */
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const SECOND: Field = { name: 'second', from: 0, to: 59 };
const FIELDS: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: MONTHS },
  { name: 'day of the week', from: 0, to: 7, words: DAYS },
];
/** Of each month, in a leap year. */
const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What is wrong with a cron line; null for one that names times. Pure. */
export function cronFault(line: string): string | null {
  const parts = line.trim().split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    return `it has ${parts.length} fields, and must have 5, or 6 with seconds`;
  const fields = parts.length === 6 ? [SECOND, ...FIELDS] : FIELDS;
  const values: number[][] = [];
  for (const [n, field] of fields.entries()) {
    const read = valuesIn(parts[n] ?? '', field);
    if (read === null) return `${parts[n]} is no ${field.name}`;
    values.push(read);
  }
  const [days = [], months = []] = values.slice(-3);
  // the whole list must fit one month at least, or it is a slip
  const longest = Math.max(...months.map((month) => LENGTHS[month - 1] ?? 0));
  const never = days.find((day) => day > longest);
  return never !== undefined && parts.at(-3) !== '*' && !(parts.at(-3) ?? '').startsWith('*/')
    ? `none of its months has a day ${never}`
    : null;
}

/** Every value that a field names, or null for what is none. */
function valuesIn(text: string, field: Field): number[] | null {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const [range = '', step, ...more] = item.split('/');
    const ends = endsOf(range, field);
    const by = step === undefined ? 1 : numberIn(step, 1, field.to);
    // a step needs a range to go through
    if (ends === null || by === null || more.length > 0 || (step !== undefined && !/[*-]/.test(range))) return null;
    for (let value = ends[0]; value <= ends[1]; value += by) values.push(value);
  }
  return values;
}

function endsOf(range: string, field: Field): readonly [number, number] | null {
  if (range === '*') return [field.from, field.to];
  const [first = '', last = first, ...more] = range.split('-');
  const [from, to] = [valueIn(first, field), valueIn(last, field)];
  return from === null || to === null || from > to || more.length > 0 ? null : [from, to];
}

function valueIn(text: string, { from, to, words = [] }: Field): number | null {
  const word = words.indexOf(text.toLowerCase());
  return word === -1 ? numberIn(text, from, to) : from + word;
}

function numberIn(text: string, from: number, to: number): number | null {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : null;
}
