import { createHash } from 'node:crypto';
import type { SSEStreamingApi } from 'hono/streaming';
import { asWaybillError } from '../order/error.ts';
import type { Records } from '../views/records.ts';
import type { View } from './page.ts';

/** The shortest pause between two drawings of a page for one browser. */
const PAUSE_MS = 150;
/** What is no record (a heartbeat, a look of the guardrail, what a command writes) is looked at so often while somebody looks on. */
const TICK_MS = 1000;
/** A connection over which nothing went is told that we are there, so that a dead one is noticed on both sides. */
const BEAT_MS = 10_000;
/** A browser for which there is no place asks again after so long. */
const FULL_MS = 10_000;

/**
 * Keeps a page up to date: draws it again when records move, and sends each region whose HTML is another one. `hello` comes behind the first
 * drawing: until then nothing says that the page is of now. A page that can't be drawn is a `fault`, told once, and tried again. It holds one
 * hash for each region and nothing that waits, so a browser that reads slowly gets fewer drawings and not a longer queue.
 */
export async function sendRegions(stream: SSEStreamingApi, records: Records, draw: () => Promise<View>): Promise<void> {
  const sent = new Map<string, string>();
  const moves = new Moves();
  const stop = records.onMove(() => moves.note());
  stream.onAbort(() => moves.note());
  let spokenAt = Date.now();
  /** What was said last of whether the page is of now. */
  let said: string | null = null;
  const speak = async (event: string, data: unknown) => {
    await stream.writeSSE({ event, data: JSON.stringify(data), retry: 1000 });
    spokenAt = Date.now();
  };
  try {
    while (!stream.aborted && !stream.closed) {
      moves.clear();
      const drawn = await drawing(draw);
      for (const [name, text] of drawn.regions) {
        const hash = createHash('sha256').update(text).digest('base64url');
        if (sent.get(name) === hash) continue;
        sent.set(name, hash);
        await speak('region', { name, html: text });
      }
      const { fault } = drawn;
      const state = fault ?? 'hello';
      if (said !== state) await (fault === null ? speak('hello', {}) : speak('fault', { text: fault }));
      said = state;
      if (Date.now() - spokenAt > BEAT_MS) await speak('beat', {});
      await stream.sleep(PAUSE_MS);
      await moves.within(TICK_MS - PAUSE_MS);
    }
  } finally {
    stop();
  }
}

/** Says that there is no place for one more page; the browser asks again later. */
export async function refuseRegions(stream: SSEStreamingApi): Promise<void> {
  const text = 'Too many pages are open here, and this one is not kept up to date. Close some.';
  await stream.writeSSE({ event: 'fault', data: JSON.stringify({ text }), retry: FULL_MS });
}

/** A page's regions as text; none, and why, where it can't be drawn. */
async function drawing(
  draw: () => Promise<View>,
): Promise<{ readonly regions: readonly (readonly [string, string])[]; readonly fault: string | null }> {
  try {
    const { regions } = await draw();
    const texts = Object.entries(regions).map(async ([name, content]) => [name, String(await content)] as const);
    return { regions: await Promise.all(texts), fault: null };
  } catch (thrown) {
    const { code, message } = asWaybillError(thrown);
    return { regions: [], fault: `${code}: ${message}` };
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
