import type { ByteFilter } from '../order/secrets/redactor.ts';

export interface CappedOutput {
  readonly bytes: Buffer;
  /** The beginning as it came, unfiltered, of the same limit: to decide by, never to be recorded. */
  readonly unfiltered: Buffer;
  /** How many bytes more there were. */
  readonly dropped: number;
}

/** Hears what is kept of a stream. `peek`: what is to follow it as far as can be told, as of when it is called. Must not throw. */
export type OnKept = (bytes: Buffer, peek: () => Buffer) => void;

/** Keeps the beginning of a stream, up to a limit. */
class Kept {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#kept >= this.#limit;
  }

  /** Returns what of it is kept. */
  add(chunk: Buffer): Buffer {
    const room = chunk.subarray(0, Math.max(0, this.#limit - this.#kept));
    if (room.length > 0) this.#chunks.push(room);
    this.#kept += room.length;
    this.dropped += chunk.length - room.length;
    return room;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/**
 * Gathers what a stream says, up to a limit in bytes; what a filter takes out is only in `unfiltered`. `take` is for when it has ended; `onKept`
 * gets what is kept while it comes, and `peek` tells what the filter still holds back.
 */
export function capped(
  stream: NodeJS.ReadableStream,
  limit: number,
  filter?: ByteFilter,
  onKept?: OnKept,
): { ended: Promise<void>; take(): CappedOutput } {
  const raw = new Kept(limit);
  const clean = filter === undefined ? raw : new Kept(limit);
  stream.on('data', (chunk: Buffer) => {
    // what is dropped anyway need not be looked through
    const kept = filter === undefined ? null : clean.add(clean.isFull ? chunk : filter.push(chunk));
    const whole = raw.add(chunk);
    onKept?.(kept ?? whole, () => (filter === undefined || clean.isFull ? Buffer.alloc(0) : filter.peek()));
  });
  stream.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.once('end', resolve);
  });
  const take = (): CappedOutput => {
    if (filter !== undefined) clean.add(filter.end());
    return { bytes: clean.bytes(), unfiltered: raw.bytes(), dropped: clean.dropped };
  };
  return { ended, take };
}
