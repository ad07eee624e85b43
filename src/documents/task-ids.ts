/**
 * Names of tasks in running text: `W5-T02`, `T-021`, `T-AE-01`, `WI-2026-001`; and of packages, `W5`, which count only where a task of
 * theirs is named as well (statements.ts).
 */

const TASK = '[A-Z][A-Z0-9]{0,9}(?:-(?:[A-Z]{1,4}|\\d{1,5})){0,2}-[A-Z]{0,3}\\d{1,5}[a-z]?';
// P0 to P4 are how urgent something is
const PACKAGE = '(?!P[0-4](?!\\d))[A-Z]{1,3}\\d{1,3}';
const END = '(?![\\p{L}\\p{N}_]|-[\\p{L}\\p{N}]|\\.[\\p{L}\\p{N}])';
/** Names of standards and the like have the same shape. */
const NO_TASK =
  /^(?:SHA|UTF|ISO|CVE|GHSA|CWE|RFC|PEP|BIP|EIP|AES|RSA|MD|TLS|SSL|HTTP|IPV?|ES|ECMA|IEEE|COVID|GPT|CP|HS|RS|LTS|MP|WIN|X|ADR|DEC|PY|V|CLAUDE|GEMINI)-?\d*(?:-|$)/;

/** A day with a word before it: `LOG-2026-02-21`, `FEB-21-2026`. */
const DATED =
  /-\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$|^(?:JAN|FEB|MAR|APR|MAY|JUNE?|JULY?|AUG|SEPT?|OCT|NOV|DEC)[A-Z]*-(?:\d{1,2}-)?\d{4}$/;

/** A list of names at the beginning of a text. */
export interface Named {
  readonly tasks: readonly string[];
  /** Where the text goes on. */
  readonly to: number;
}

/** More tasks than a range could mean. */
const MOST = 100;

/** The names with which the text begins: one, several parted by commas, slashes or `and`, or a range. Null where it begins otherwise. */
export function idsAtStart(text: string): Named | null {
  const tasks: string[] = [];
  let at = 0;
  for (;;) {
    const one = oneAt(text, at);
    if (one === null) break;
    tasks.push(...one.tasks);
    at = one.to;
    const joint = /^\s*(?:,|\/|&|\+|\band\b)\s*(?:and\s+)?/u.exec(text.slice(at));
    if (joint === null || oneAt(text, at + joint[0].length) === null) break;
    at += joint[0].length;
  }
  return tasks.length === 0 ? null : { tasks, to: at };
}

function oneAt(text: string, at: number): Named | null {
  const rest = text.slice(at);
  const range = new RegExp(`^(${TASK})\\s*(?:-|–|—|\\.\\.|to)\\s*(${TASK}|[A-Z]{1,3}\\d{1,5})${END}`, 'u').exec(rest);
  if (range !== null) {
    const between = tasksBetween(range[1] ?? '', range[2] ?? '');
    if (between !== null) return { tasks: between, to: at + range[0].length };
  }
  const packages = new RegExp(`^(([A-Z]{1,3})\\d{1,3})\\s*(?:-|–|\\.\\.)\\s*(\\2\\d{1,3})${END}`, 'u').exec(rest);
  if (packages !== null) {
    const between = tasksBetween(packages[1] ?? '', packages[3] ?? '');
    return between === null ? null : { tasks: between, to: at + packages[0].length };
  }
  const one = new RegExp(`^(${TASK}|${PACKAGE})${END}`, 'u').exec(rest);
  if (one === null || NO_TASK.test(one[1] ?? '') || DATED.test(one[1] ?? '')) return null;
  return { tasks: [one[1] ?? ''], to: at + one[0].length };
}

/** `W6-T00` to `T02` or `W6-T02`: all between, with as many digits. Null where the two are no range. */
function tasksBetween(from: string, to: string): string[] | null {
  const first = /^(.*?)(\d+)$/.exec(from);
  const last = /^(.*?)(\d+)$/.exec(to);
  if (first === null || last === null) return null;
  const [, head = '', low = ''] = first;
  const [, tail = '', high = ''] = last;
  if (head !== tail && head.slice(head.lastIndexOf('-') + 1) !== tail) return null;
  const count = Number(high) - Number(low) + 1;
  if (count < 1 || count > MOST) return null;
  return Array.from({ length: count }, (_, n) => `${head}${String(Number(low) + n).padStart(low.length, '0')}`);
}

/** The tasks that a cell of a table names, with the package of its row: `T00-T02` in the row of `W6`. */
export function idsOfCells(task: string, inPackage: string | null): readonly string[] {
  const named = idsAtStart(task)?.tasks ?? [];
  if (!named.every(isPackage)) return named;
  // T01 is a task of the package beside it; alone it is another one in each table
  const row = inPackage === null ? null : new RegExp(`^${PACKAGE}${END}`, 'u').exec(inPackage);
  return row === null ? [] : named.map((local) => `${row[0]}-${local}`);
}

/** The package of a task: `W5` for `W5-T02`; null for a task that has none. */
export function packageOf(task: string): string | null {
  const match = new RegExp(`^(${PACKAGE})-`, 'u').exec(task);
  return match?.[1] ?? null;
}

/** Whether this is the name of a package, not of a task. */
export function isPackage(name: string): boolean {
  return new RegExp(`^${PACKAGE}$`, 'u').test(name);
}
