import type { TelemetryLine } from '../../order/generated.ts';
import { conforms } from '../../platform/schema.ts';
import { type Place, type PlacedText, placeAt, telemetryBackwards, timeIn } from './files.ts';

/** Which lines are wanted; all of it must hold. */
export interface WantedLines {
  /** A part of the event's name. */
  readonly event?: string;
  readonly lane?: string;
  readonly order?: string;
  readonly agent?: string;
  readonly ok?: boolean;
  /** In ms. */
  readonly since?: number;
  readonly until?: number;
  /** Words that all stand somewhere in the line, whatever their case. */
  readonly words?: string;
}

/** A line that was found: as telemetry, or why it is none. */
export interface FoundLine {
  /** Names the line for as long as its file is there. */
  readonly place: Place;
  readonly file: string;
  readonly bytes: number;
  /** Null for what is no line of telemetry. */
  readonly line: TelemetryLine | null;
  /** Any object that it holds, telemetry or not. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** As it stands there, or the beginning of it. */
  readonly text: string;
}

/** What a search came to. */
export interface FoundLines {
  /** Newest first. */
  readonly lines: readonly FoundLine[];
  /** Where older ones are looked for; null where all was searched. */
  readonly next: Place | null;
  /** Whether it stopped because it had read enough for once, and not because the page was full. */
  readonly isCut: boolean;
  /** The time of the oldest line that was read. */
  readonly back: string | null;
  /** The end of the newest line that was read; null where there is none. */
  readonly head: Place | null;
}

/** What one search may read, so that no question holds up the others. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_MS = 150;
const LINES_BETWEEN_LOOKS = 512;
/** Several processes write: a line may stand so much behind younger ones. */
const DISORDER_MS = 60_000;

/**
 * Lines of telemetry that are wanted, newest first, from a place backwards (null: from the newest), through files that were turned. Reads so much and
 * no more: what it did not come to is found from `next` on. `stop`: ends before this place.
 */
export function searchTelemetry(
  path: string,
  wanted: WantedLines,
  from: Place | null,
  most: number,
  stop: Place | null = null,
): FoundLines {
  const isWanted = matcher(wanted);
  const until = wanted.until ?? null;
  const begin = from ?? (until === null ? null : placeAt(path, until + DISORDER_MS));
  const none = { lines: [], next: null, isCut: false, back: null, head: null };
  // nothing is that old
  if (from === null && until !== null && begin === null) return none;
  const lines: FoundLine[] = [];
  let [bytes, read, at] = [0, 0, until ?? Date.now()];
  let head: Place | null = null;
  const endMs = performance.now() + MOST_MS;
  const back = () => (read === 0 ? null : new Date(at).toISOString());
  for (const placed of telemetryBackwards(path, begin)) {
    if (stop !== null && placed.ino === stop.ino && placed.end <= stop.offset) break;
    head ??= { ino: placed.ino, offset: placed.end };
    const here: Place = { ino: placed.ino, offset: placed.end };
    const isFull = lines.length >= most;
    const isLate = read % LINES_BETWEEN_LOOKS === LINES_BETWEEN_LOOKS - 1 && performance.now() > endMs;
    if (isFull || bytes > MOST_BYTES || isLate) return { lines, next: here, isCut: !isFull, back: back(), head };
    bytes += placed.end - placed.start;
    read++;
    // one that says no time is as old as the line behind it
    at = timeIn(placed.text) ?? at;
    if (wanted.since !== undefined && at < wanted.since - DISORDER_MS) break;
    const found = isWanted(placed, at);
    if (found !== null) lines.push(found);
  }
  return { lines, next: null, isCut: false, back: back(), head };
}

/** Whether a line is wanted. Most are not, and are not parsed to find out. */
function matcher(wanted: WantedLines): (placed: PlacedText, at: number) => FoundLine | null {
  const { event, lane, order, agent, ok, since = -Infinity, until = Infinity } = wanted;
  const words = (wanted.words ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const inText = [lane, order, agent].flatMap((text) => (text === undefined ? [] : [JSON.stringify(text)]));
  if (event !== undefined) inText.push(event);
  const isAnyField = [event, lane, order, agent, ok].some((value) => value !== undefined);
  return (placed, at) => {
    const { text } = placed;
    if (at < since || at > until || !inText.every((part) => text.includes(part))) return null;
    if (words.length > 0) {
      const lower = text.toLowerCase();
      if (!words.every((word) => lower.includes(word))) return null;
    }
    const fields = objectIn(text);
    if (isAnyField) {
      if (fields === null) return null;
      if (event !== undefined && !(typeof fields['event'] === 'string' && fields['event'].includes(event))) return null;
      if (lane !== undefined && fields['lane'] !== lane) return null;
      if (order !== undefined && fields['wo_id'] !== order) return null;
      if (agent !== undefined && fields['agent'] !== agent) return null;
      if (ok !== undefined && fields['ok'] !== ok) return null;
    }
    return foundLine(placed, fields);
  };
}

function foundLine({ text, file, ino, start, end }: PlacedText, fields: FoundLine['fields']): FoundLine {
  const line = fields !== null && conforms('telemetry-line', fields) ? (fields as unknown as TelemetryLine) : null;
  return { place: { ino, offset: start }, file, bytes: end - start, line, fields, text };
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
