import { join } from 'node:path';
import { exists } from '../../platform/durable.ts';
import type { Runtime } from '../runtime.ts';

/** While a mission is at work the file is looked for this often: all missions stop within a second. */
const LOOK_MS = 200;

/** Why no mission may go on, or null: the file of `missions.stop_file` is there, whatever is in it. */
export function whyStopped(rt: Runtime): string | null {
  const { stopFile } = rt.station.settings.missions;
  return exists(join(rt.station.layout.root, stopFile)) ? `${stopFile} is there: no mission goes on` : null;
}

/** Aborts when the file appears; `end` when the work is behind it. */
export function watchStopFile(rt: Runtime): { readonly signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  const timer = setInterval(() => {
    const why = whyStopped(rt);
    if (why !== null) stop.abort(why);
  }, LOOK_MS);
  return { signal: stop.signal, end: () => clearInterval(timer) };
}
