import { basename, dirname, join } from 'node:path';
import { namesIn } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';

/** So often what was said is written; a program that ends before that costs nothing. */
const EVERY_MS = 300;
/** Where output lies in the claim folder, and how it is called in the evidence. The dot keeps it apart from lanes. */
export const OUTPUT_FOLDER = '.commands';
/** The dot keeps it apart from what is evidence. */
const PREFIX = '.live-';

export type OutputName = 'stdout' | 'stderr';

/**
 * What a program says while it runs, for those who look on. Not synced, no evidence, and gone when the program has ended: then all it said lies
 * there. A fault here is nobody's: the program runs on, and what it says is kept all the same.
 */
export class LiveOutput {
  readonly #base: string;
  readonly #streams = new Map<OutputName, Shown>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  /** `base`: the path under which the output lies in the end, without its ending. */
  constructor(base: string) {
    this.#base = join(dirname(base), `${PREFIX}${basename(base)}`);
    this.#timer = setInterval(() => this.#write(), EVERY_MS);
    this.#timer.unref();
  }

  /** Takes what came, which has no secrets in it any more; `peek`: what can be shown behind it and may still be taken back. */
  add(name: OutputName, bytes: Buffer, peek: () => Buffer): void {
    if (this.#isOver) return;
    const shown = this.#streams.get(name) ?? { waiting: [], peek, size: 0, fd: null, isNew: true };
    this.#streams.set(name, shown);
    shown.waiting.push(bytes);
    shown.isNew = true;
  }

  end(): void {
    this.#stop();
    for (const [name, { fd }] of this.#streams) if (fd !== null) ifThere(() => fs.unlinkSync(`${this.#base}.${name}`));
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    for (const { fd } of this.#streams.values()) if (fd !== null) fs.closeSync(fd);
  }

  #write(): void {
    try {
      for (const [name, shown] of this.#streams) {
        if (!shown.isNew) continue;
        const solid = Buffer.concat(shown.waiting.splice(0));
        const bytes = Buffer.concat([solid, shown.peek()]);
        shown.isNew = false;
        if (bytes.length === 0 && shown.fd === null) continue;
        shown.fd ??= fs.openSync(`${this.#base}.${name}`, 'w');
        for (let at = 0; at < bytes.length; )
          at += fs.writeSync(shown.fd, bytes, at, bytes.length - at, shown.size + at);
        fs.ftruncateSync(shown.fd, shown.size + bytes.length);
        shown.size += solid.length;
      }
    } catch {
      this.#stop();
    }
  }
}

/** One stream: what is yet to be written, and how much of the file stays as it is. */
interface Shown {
  readonly waiting: Buffer[];
  readonly peek: () => Buffer;
  size: number;
  fd: number | null;
  isNew: boolean;
}

/** Outputs that are written at this moment: the number of the command, its name in the evidence, and the file. */
export function liveOutputs(folder: string): { n: number; name: string; output: OutputName; path: string }[] {
  return namesIn(folder)
    .sort()
    .flatMap((file) => {
      const [, n, name, output] = /^\.live-(\d+)-(.+)\.(stdout|stderr)$/.exec(file) ?? [];
      return n === undefined || name === undefined || output === undefined
        ? []
        : [{ n: Number(n), name, output: output as OutputName, path: join(folder, file) }];
    });
}
