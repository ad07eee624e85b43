import type { HistoryEvent } from '../../order/generated.ts';

/** Something that happened, with what conclusions need of it beside what people are shown. */
export interface Trace extends HistoryEvent {
  /** The commits that HEAD or a stash moved between. */
  readonly from?: string | null;
  readonly to?: string | null;
  /** The order that did it. */
  readonly order?: string;
  /** Until when it went on. */
  readonly until?: string;
  /** What a scan said is wrong. */
  readonly fault?: string;
  /** The commit it moved to is older than the one it left. */
  readonly back?: boolean;
}

/** What a source gives: what it knows, and what it could not read. */
export interface Told {
  readonly traces: readonly Trace[];
  readonly notRead: readonly string[];
}

/** How far a source goes back, and how long it may take. */
export interface Reach {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly budget: Budget;
}

/** A time that sources share. */
export class Budget {
  readonly #endMs: number;

  constructor(ms: number) {
    this.#endMs = performance.now() + ms;
  }

  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** For a program: what is left, at least a moment. */
  get limits(): { timeoutMs: number } {
    return { timeoutMs: Math.max(50, Math.floor(this.#endMs - performance.now())) };
  }
}

/** Whether `named` speaks of `path`: the path itself, a folder above it, or something in it. */
export function isAbout(path: string, named: string): boolean {
  const clean = named.replace(/^\.\//, '').replace(/\/+$/, '');
  return clean === path || path.startsWith(`${clean}/`) || clean.startsWith(`${path}/`);
}

/**
 * How a line of a log names the path: the whole path, or a folder above it that is no mere top folder, as in `rm -rf agents/x`. `base` also
 * counts the file's name where it stands as a word of its own. Null where it does not.
 */
export function namesIt(line: string, path: string, base = false): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  for (let length = parts.length; length >= Math.min(2, parts.length); length--) {
    const named = parts.slice(0, length).join('/');
    if (stands(line, named, length === parts.length)) return true;
  }
  const last = parts.at(-1) ?? '';
  return base && last.length >= 4 && stands(line, last, true);
}

/** Whether a path stands in a line as such: `agents/x` does not name `agents/xy`, and for a folder above, only the folder as a whole counts. */
function stands(line: string, named: string, isWhole: boolean): boolean {
  for (let at = line.indexOf(named); at !== -1; at = line.indexOf(named, at + 1)) {
    const before = line[at - 1] ?? ' ';
    const after = line.slice(at + named.length);
    if (/[\w.-]/.test(before)) continue;
    if (/^[\w-]/.test(after) || /^\.\w/.test(after)) continue;
    if (isWhole || !/^\/[\w.]/.test(after)) return true;
  }
  return false;
}

const STAMP = /\b(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)?\s*(Z|[+-]\d\d:?\d\d)?/;

/** The time a line of a log begins with or has in it, or null. One without a zone is taken as the machine's own time. */
export function timeIn(line: string): string | null {
  const [, day, time, fraction = '0', zone] = STAMP.exec(line) ?? [];
  if (day === undefined) return null;
  const at = new Date(
    `${day}T${time}.${fraction.padEnd(3, '0')}${(zone ?? '').replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`,
  );
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** A line as it may stand in an answer. */
export function shortened(line: string, most = 240): string {
  const text = line.replace(/\s+/g, ' ').trim();
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
