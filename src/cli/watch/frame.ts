import pc from 'picocolors';
import type { WatchedEvent, WatchedNow, WatchedOrder } from '../../views/watched-station.ts';
import { age, plain } from '../output.ts';
import { cutStyled, padTo } from '../terminal/columns.ts';
import { failureLines, healthLines, keepLines, laneLines, staleLines } from '../terminal/status-lines.ts';

const ID = 24;
/** A list that has more than it may show says how many more. */
const LEAST = 3;

/** How much room there is; null: as much as it takes. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** A station as it is now, in lines that fit into the room: what is wrong, then what is at work, what waits for people, and what happened last. */
export function frame(now: WatchedNow, staleHours: number, room: Room | null): string[] {
  const head = [
    ...healthLines(now.status),
    '',
    ...laneLines(now.status.lanes, room?.columns ?? null),
    ...waitLines(now.waits),
  ];
  const foot = room === null ? [] : [pc.dim(`${now.at.slice(11, 19)} UTC  record ${now.seq}  q quits`)];
  // blank lines and headings of the three lists
  const rest = room === null ? Number.POSITIVE_INFINITY : Math.max(0, room.rows - head.length - foot.length - 6);
  const running = list('running', now.running, orderLine, share(rest, 0.4));
  const asking = list('waits for you', now.asking, orderLine, share(rest, 0.25));
  const failures = [keepLines(now.status), staleLines(now.status, staleHours), failureLines(now.status)]
    .filter((lines) => lines.length > 0)
    .flatMap((lines) => ['', ...lines]);
  const used = head.length + running.length + asking.length + foot.length + 3;
  const left = room === null ? Number.POSITIVE_INFINITY : Math.max(0, room.rows - used);
  const shownFailures = left > failures.length + 8 ? failures : [];
  const last = Math.min(room === null ? 10 : 20, left - shownFailures.length - 1);
  const events = last < 1 ? [] : ['', 'last events', ...now.events.slice(0, last).map(eventLine)];
  const body = [...head, '', ...running, '', ...asking, ...shownFailures, ...events].flatMap((line) =>
    line.split('\n'),
  );
  if (room === null) return body;
  const fits = body.slice(0, Math.max(0, room.rows - foot.length));
  return [...fits, ...foot].map((line) => cutStyled(line, room.columns));
}

function share(rows: number, part: number): number {
  return Math.max(LEAST, Math.floor(rows * part));
}

function waitLines(waits: WatchedNow['waits']): string[] {
  const words = Object.entries(waits).map(([wait, n]) => `${wait} ${n}`);
  return words.length === 0 ? [] : [pc.yellow(`parked for: ${words.join(', ')}`)];
}

function list<T>(title: string, rows: readonly T[], line: (row: T) => string, most: number): string[] {
  if (rows.length === 0) return [pc.dim(`${title}: nothing`)];
  const shown = rows.length > most ? rows.slice(0, most - 1) : rows;
  const more = rows.length - shown.length;
  return [`${title}: ${rows.length}`, ...shown.map(line), ...(more > 0 ? [pc.dim(`  and ${more} more`)] : [])];
}

function orderLine({ wo_id: woId, since, doing, title, waiting_for: waits }: WatchedOrder): string {
  const old = age(Date.now() - Date.parse(since)).padStart(4);
  const what = oneLine(waits === null ? doing : `${waits}: ${doing}`);
  const colour = waits === null ? pc.blue : pc.yellow;
  return `  ${old}  ${padTo(woId, ID)}  ${colour(what)}  ${pc.dim(oneLine(title))}`;
}

const MARKS: Readonly<Record<string, readonly [mark: string, colour: (text: string) => string]>> = {
  ready: ['○', pc.cyan],
  running: ['▶', pc.blue],
  parked: ['‖', pc.yellow],
  done: ['✓', pc.green],
  failed: ['✗', pc.red],
  rejected: ['✗', pc.red],
  cancelled: ['–', pc.dim],
};

function eventLine({ ts, event, wo_id: woId, to, gist }: WatchedEvent): string {
  const [mark, colour] = MARKS[to ?? ''] ?? ['·', (text: string) => text];
  return `  ${pc.dim(ts.slice(11, 19))}  ${colour(`${mark} ${event.padEnd(11)}`)}  ${padTo(woId ?? '', ID)}  ${oneLine(gist)}`.trimEnd();
}

function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, ' ').trim();
}
