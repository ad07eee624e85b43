import type { ByteFilter } from '../order/secrets/redactor.ts';

export interface CappedOutput {
  readonly bytes: Buffer;
  /** The beginning as it came, unfiltered, of the same limit: to decide by, never to be recorded. */
  readonly unfiltered: Buffer;
  /** How many bytes more there were. */
  readonly dropped: number;
}

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

  add(chunk: Buffer): void {
    const room = chunk.subarray(0, Math.max(0, this.#limit - this.#kept));
    if (room.length > 0) this.#chunks.push(room);
    this.#kept += room.length;
    this.dropped += chunk.length - room.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Gathers what a stream says, up to a limit in bytes; what a filter takes out is only in `unfiltered`. `take` is for when it has ended. */
export function capped(
  stream: NodeJS.ReadableStream,
  limit: number,
  filter?: ByteFilter,
): { ended: Promise<void>; take(): CappedOutput } {
  const raw = new Kept(limit);
  const clean = filter === undefined ? raw : new Kept(limit);
  stream.on('data', (chunk: Buffer) => {
    // what is dropped anyway need not be looked through
    if (filter !== undefined) clean.add(clean.isFull ? chunk : filter.push(chunk));
    raw.add(chunk);
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
