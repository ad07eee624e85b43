import { join } from 'node:path';
import { asWaybillError } from '../../order/error.ts';
import { pause } from '../../platform/clock.ts';
import { type HeldLock, takeLock } from '../../platform/lock.ts';
import type { Layout } from '../../station/layout.ts';

/** Longer than the other side of claims may take to answer. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 50;

/**
 * One process of a station at a time picks, claims and hands in, or gives back: what one of them saw is still so when it acts. Whoever is killed
 * lets go. Throws STATION_HELD with who has the turn, after two minutes.
 */
export async function takeTurn({ live }: Pick<Layout, 'live'>): Promise<HeldLock> {
  for (const until = Date.now() + PATIENCE_MS; ; await pause(LOOK_MS)) {
    try {
      return takeLock(join(live, 'backlog-turn'), 'the backlog');
    } catch (thrown) {
      if (asWaybillError(thrown).code !== 'STATION_HELD' || Date.now() > until) throw thrown;
    }
  }
}
