import { Socket } from 'node:net';

/** So much is read before anybody asks for it: a tool that says more waits, and its words don't fill our memory. */
const MOST_UNHEARD = 256 * 1024;

/** Takes a stream in pieces as they are asked for. */
export function listenTo(stream: NodeJS.ReadableStream): {
  upTo(end: string): Promise<string | null>;
  bytes(n: number): Promise<Buffer | null>;
  /** Lets the rest pass unheard, or a tool that has much to say would never end. */
  stop(): void;
} {
  let chunks: Buffer[] = [];
  let length = 0;
  let ended = false;
  let stopped = false;
  let more: () => void = () => {};
  stream.on('data', (chunk: Buffer) => {
    if (stopped) return;
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MOST_UNHEARD) stream.pause();
    more();
  });
  const over = () => {
    ended = true;
    more();
  };
  for (const event of ['end', 'close', 'error']) stream.once(event, over);
  const wait = async () => {
    if (stream instanceof Socket) stream.ref();
    stream.resume();
    await new Promise<void>((resolve) => {
      more = resolve;
    });
    if (stream instanceof Socket) stream.unref();
  };
  const take = (count: number, skip: number): Buffer => {
    // in general it lies in one chunk, and the others need not be copied
    let [reached, n] = [0, 0];
    while (reached < count + skip && n < chunks.length) reached += chunks[n++]?.length ?? 0;
    const [first] = chunks;
    const bytes = n === 1 && first !== undefined ? first : Buffer.concat(chunks.slice(0, n), reached);
    const rest = bytes.subarray(count + skip);
    chunks.splice(0, n, ...(rest.length > 0 ? [rest] : []));
    length = Math.max(0, length - count - skip);
    return bytes.subarray(0, count);
  };
  return {
    upTo: async (end) => {
      for (let [searched, before] = [0, 0]; ; ) {
        for (; searched < chunks.length; searched++) {
          const at = chunks[searched]?.indexOf(end) ?? -1;
          if (at >= 0) return take(before + at, end.length).toString('utf8');
          before += chunks[searched]?.length ?? 0;
        }
        if (ended) return length === 0 ? null : take(length, 0).toString('utf8');
        await wait();
      }
    },
    bytes: async (count) => {
      while (length < count && !ended) await wait();
      return length < count ? null : take(count, 0);
    },
    stop: () => {
      stopped = true;
      chunks = [];
      length = 0;
      stream.resume();
    },
  };
}
