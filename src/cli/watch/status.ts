import { pause } from '../../platform/clock.ts';
import { type WatchedNow, WatchedStation } from '../../views/watched-station.ts';
import { print } from '../output.ts';
import { stationToRead } from '../station.ts';
import { stopSignal } from '../stop-signal.ts';
import { frame } from './frame.ts';
import { Screen } from './screen.ts';

/** The shortest pause between two drawings; ages move once a second. */
const PAUSE_MS = 200;
const TICK_MS = 1000;

/**
 * `waybill status --watch`: on a terminal one screen that is drawn again as records move; elsewhere a block of text, with --json a line, for
 * each change. Until q, Ctrl-C or a signal. Throws NO_STATION, LEDGER_BROKEN.
 */
export async function watchStatus(options: { readonly station?: string; readonly json?: boolean }): Promise<void> {
  const station = await stationToRead(options);
  const { staleHours } = station.settings.tracker;
  const signal = stopSignal();
  const watched = new WatchedStation(station);
  signal.addEventListener('abort', () => watched.touch());
  try {
    if (process.stdout.isTTY && !options.json) await onScreen(watched, staleHours, signal);
    else await inBlocks(watched, signal, (now) => (options.json ? jsonLine(now) : blockOf(now, staleHours)));
  } finally {
    await watched.close();
  }
}

async function onScreen(watched: WatchedStation, staleHours: number, signal: AbortSignal): Promise<void> {
  let isOver = false;
  const quit = () => {
    isOver = true;
    watched.touch();
  };
  const screen = new Screen({ quit, redraw: () => watched.touch() });
  try {
    while (!isOver && !signal.aborted) {
      const now = await watched.now();
      screen.draw(frame(now, staleHours, screen));
      await watched.moved(TICK_MS);
      if (!isOver && !signal.aborted) await pause(PAUSE_MS, signal);
    }
  } finally {
    screen.close();
  }
}

async function inBlocks(
  watched: WatchedStation,
  signal: AbortSignal,
  text: (now: WatchedNow) => string,
): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    const now = await watched.now();
    const key = JSON.stringify(now, withoutTimes);
    if (key !== told) print(text(now));
    told = key;
    await watched.moved(TICK_MS);
    if (!signal.aborted) await pause(PAUSE_MS, signal);
  }
}

/** What moves although nothing happens is no change. */
function withoutTimes(key: string, value: unknown): unknown {
  return key === 'at' || key === 'ages' ? undefined : value;
}

function blockOf(now: WatchedNow, staleHours: number): string {
  return `${frame(now, staleHours, null).join('\n')}\n\n`;
}

function jsonLine(now: WatchedNow): string {
  return `${JSON.stringify({ v: 1, ok: now.status.ok, ...now })}\n`;
}
