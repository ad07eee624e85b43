import { createHash } from 'node:crypto';
import type { SSEStreamingApi } from 'hono/streaming';
import type { Records } from '../views/records.ts';
import type { View } from './page.ts';

/** The shortest pause between two drawings of a page for one browser. */
const PAUSE_MS = 150;
/** What is no record (a heartbeat, a look of the guardrail, what a command writes) is looked at so often while somebody looks on. */
const TICK_MS = 1000;
/** A connection over which nothing went is told that we are there, so that a dead one is noticed on both sides. */
const BEAT_MS = 10_000;

/**
 * Keeps a page up to date: draws it again when records move, and sends each region whose HTML is another one. It holds one hash for each region
 * and nothing that waits, so a browser that reads slowly gets fewer drawings and not a longer queue.
 */
export async function sendRegions(stream: SSEStreamingApi, records: Records, draw: () => Promise<View>): Promise<void> {
  const sent = new Map<string, string>();
  const moves = new Moves();
  const stop = records.onMove(() => moves.note());
  stream.onAbort(() => moves.note());
  let spokenAt = Date.now();
  try {
    await stream.writeSSE({ event: 'hello', data: '{}', retry: 1000 });
    while (!stream.aborted && !stream.closed) {
      moves.clear();
      const { regions } = await draw();
      for (const [name, content] of Object.entries(regions)) {
        const text = String(await content);
        const hash = createHash('sha256').update(text).digest('base64url');
        if (sent.get(name) === hash) continue;
        sent.set(name, hash);
        await stream.writeSSE({ event: 'region', data: JSON.stringify({ name, html: text }) });
        spokenAt = Date.now();
      }
      if (Date.now() - spokenAt > BEAT_MS) {
        await stream.writeSSE({ event: 'beat', data: '{}' });
        spokenAt = Date.now();
      }
      await stream.sleep(PAUSE_MS);
      await moves.within(TICK_MS - PAUSE_MS);
    }
  } finally {
    stop();
  }
}

/** Whether something moved since this was asked last. */
class Moves {
  #moved = false;
  #wake = () => {};

  note(): void {
    this.#moved = true;
    this.#wake();
  }

  clear(): void {
    this.#moved = false;
  }

  /** Resolves at the next move, at once where there was one, and after so many ms at the latest. */
  within(ms: number): Promise<void> {
    if (this.#moved) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
