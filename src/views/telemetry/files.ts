import { statIfThere } from '../../platform/fs.ts';
import { type PlacedLine, placedLinesBackwards, readLines } from '../../platform/jsonl.ts';
import { turnedFiles } from '../../platform/turned-files.ts';

/** A place in telemetry. It names the file by its inode: a file that is turned keeps that, and gets another name. */
export interface Place {
  readonly ino: number;
  readonly offset: number;
}

/** A line of telemetry where it stands. */
export interface PlacedText extends PlacedLine {
  readonly file: string;
  readonly ino: number;
}

/** Of a line that is longer only its beginning is read. */
export const LONGEST_LINE = 256 * 1024;

/** So near the instant that was looked for is near enough: the rest is read. */
const NEAR_BYTES = 65_536;

/** A place as it stands in an address. */
export function placeText({ ino, offset }: Place): string {
  return `${ino}-${offset}`;
}

/** Null for what is no place. */
export function placeOfText(text: string): Place | null {
  const [, ino, offset] = /^(\d{1,20})-(\d{1,15})$/.exec(text) ?? [];
  return ino === undefined || offset === undefined ? null : { ino: Number(ino), offset: Number(offset) };
}

interface TelemetryFile {
  readonly path: string;
  readonly ino: number;
  readonly size: number;
}

/** The file that is written now, and those it was turned to, newest first; each is looked at when it is asked for. */
export function* telemetryFiles(path: string): Generator<TelemetryFile> {
  const seen = new Set<number>();
  // while it is turned, a file has both names for an instant, or only the new one
  for (const name of [path, ...turnedFiles(path)]) {
    const stat = statIfThere(name);
    if (stat === undefined || !stat.isFile() || seen.has(stat.ino)) continue;
    seen.add(stat.ino);
    yield { path: name, ino: stat.ino, size: stat.size };
  }
}

/** Whether the file of a place is still there. */
export function isThere(path: string, place: Place): boolean {
  for (const { ino } of telemetryFiles(path)) if (ino === place.ino) return true;
  return false;
}

/**
 * The lines of telemetry that end at or before a place, newest first, through the files that were turned. Where that place is not there any
 * more, none.
 */
export function* telemetryBackwards(path: string, before: Place | null): Generator<PlacedText> {
  let isBegun = before === null;
  for (const { path: file, ino } of telemetryFiles(path)) {
    if (!isBegun && ino !== before?.ino) continue;
    const end = isBegun ? Infinity : before?.offset;
    isBegun = true;
    for (const line of placedLinesBackwards(file, end, LONGEST_LINE)) yield { ...line, file, ino };
  }
}

/**
 * A place behind which nothing is as old as `untilMs`, near the last line that is; null where even the first line of the oldest file is younger.
 * Lines are taken to be in the order of their times, but for a moment.
 */
export function placeAt(path: string, untilMs: number): Place | null {
  for (const { path: file, ino, size } of telemetryFiles(path)) {
    const first = timeAfter(file, 0, size);
    if (first !== null && first > untilMs) continue;
    let [from, to] = [0, size];
    while (to - from > NEAR_BYTES) {
      const middle = Math.floor((from + to) / 2);
      const at = timeAfter(file, middle, to);
      if (at !== null && at > untilMs) to = middle;
      else from = middle;
    }
    return { ino, offset: lineEndAfter(file, Math.min(size, to + NEAR_BYTES)) };
  }
  return null;
}

/** The time of the first line that begins behind `from` and has one; null where none does before `to`. */
function timeAfter(file: string, from: number, to: number): number | null {
  const start = from === 0 ? 0 : lineEndAfter(file, from);
  for (const { text, whole, end } of readLines(file, start)) {
    const at = whole ? timeIn(text) : null;
    if (at !== null) return at;
    if (end >= to) return null;
  }
  return null;
}

/** The first byte behind a newline that stands at `from` or later; the end of the file where there is none. */
function lineEndAfter(file: string, from: number): number {
  for (const { end } of readLines(file, from)) return end;
  return statIfThere(file)?.size ?? from;
}

/** The time that a line says, in ms; null where it says none in its beginning. */
export function timeIn(text: string): number | null {
  const at = Date.parse(/"ts"\s*:\s*"([^"]{1,40})"/.exec(text.slice(0, 400))?.[1] ?? '');
  return Number.isNaN(at) ? null : at;
}
