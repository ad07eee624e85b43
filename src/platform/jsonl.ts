import { dirname } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { ensureDir, syncDir, writeAll } from './durable.ts';
import { fs, ifThere, O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR } from './fs.ts';

/**
 * Where bytes land on their way in: one for all, because each read is copied out of it at once. A block for each read would be garbage that
 * grows the process, and the time that starting a program takes grows with it.
 */
const BLOCK = Buffer.alloc(262_144);
const NOTHING = Buffer.alloc(0);

/**
 * Appends to a file of lines. Opening repairs a torn tail: a last line without its newline was never acknowledged
 * and is cut off (its bytes come back, so that the caller may keep them).
 */
export class LineAppender {
  readonly path: string;
  /** What a crash had left behind the last whole line. */
  readonly torn: Buffer | null;
  #fd: number;
  #size: number;
  #isSpoilt = false;
  readonly #isShared: boolean;

  /** `shared`: other processes append to the file too, and what they wrote is not cut off with a line of ours. */
  constructor(path: string, { shared = false }: { readonly shared?: boolean } = {}) {
    this.path = path;
    this.#isShared = shared;
    ensureDir(dirname(path));
    const isNew = ifThere(() => fs.statSync(path)) === undefined;
    this.#fd = fs.openSync(path, O_RDWR | O_CREAT | O_APPEND, 0o644);
    if (isNew) syncDir(dirname(path));
    this.torn = this.#repair();
    this.#size = fs.fstatSync(this.#fd).size;
  }

  #repair(): Buffer | null {
    const size = fs.fstatSync(this.#fd).size;
    let end = size;
    while (end > 0) {
      const start = Math.max(0, end - BLOCK.length);
      const n = fs.readSync(this.#fd, BLOCK, 0, end - start, start);
      const newline = BLOCK.subarray(0, n).lastIndexOf(10);
      if (newline !== -1) {
        end = start + newline + 1;
        break;
      }
      end = start;
    }
    if (end === size) return null;
    const torn = Buffer.alloc(size - end);
    fs.readSync(this.#fd, torn, 0, torn.length, end);
    fs.ftruncateSync(this.#fd, end);
    fs.fsyncSync(this.#fd);
    return torn;
  }

  get size(): number {
    return this.#size;
  }

  /** Appends whole lines in one write. One that failed leaves nothing before the next that does not. */
  append(lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
    if (this.#isSpoilt) this.#cutOff();
    if (this.#isShared) this.#size = fs.fstatSync(this.#fd).size;
    try {
      writeAll(this.#fd, bytes);
    } catch (error) {
      this.#isSpoilt = true;
      this.#cutOff();
      throw error;
    }
    this.#size += bytes.length;
  }

  /** Half a line would spoil the next one. Where even that cannot be done now, it is the first thing that the next append does. */
  #cutOff(): void {
    fs.ftruncateSync(this.#fd, this.#size);
    this.#isSpoilt = false;
  }

  sync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  /** Whether `path` still is the file that this appender writes. */
  isInPlace(): boolean {
    const there = ifThere(() => fs.statSync(this.path));
    const ours = fs.fstatSync(this.#fd);
    return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/**
 * Appends whole lines in one write, for files to which several processes append; folders are made. Where somebody was cut off in the middle
 * of a line, ours begin on a new one. Synced if asked. Throws IO_ERROR where the path is no file.
 */
export function appendShared(path: string, lines: readonly string[], sync = false): void {
  ensureDir(dirname(path));
  // a pipe that nobody reads would hold us up for ever
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK, 0o644);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new WaybillError('IO_ERROR', `${path} is no regular file`, { hint: 'Move it away.' });
    writeAll(fd, Buffer.from(`${endsTorn(fd) ? '\n' : ''}${lines.map((line) => `${line}\n`).join('')}`, 'utf8'));
    if (sync) fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** How often, and how far apart, half a line is looked at: somebody may be writing the other half just now. */
const TORN_LOOKS = 5;
const TORN_PAUSE_MS = 2;

/** Whether somebody was cut off in the middle of the last line. */
function endsTorn(fd: number): boolean {
  for (let looks = 1; ; looks++) {
    const { size } = fs.fstatSync(fd);
    const last = Buffer.alloc(1);
    if (size === 0 || fs.readSync(fd, last, 0, 1, size - 1) !== 1 || last[0] === 10) return false;
    if (looks === TORN_LOOKS) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TORN_PAUSE_MS);
  }
}

/** Reads a file's lines one after the other in constant memory; a last line without newline comes with `whole: false`. */
export function* readLines(
  path: string,
  from = 0,
): Generator<{ text: string; whole: boolean; start: number; end: number }> {
  const fd = ifThere(() => fs.openSync(path, O_RDONLY));
  if (fd === undefined) return;
  try {
    let rest: Buffer = NOTHING;
    let start = from;
    for (let position = from; ; ) {
      const n = fs.readSync(fd, BLOCK, 0, BLOCK.length, position);
      if (n === 0) break;
      const block = BLOCK.subarray(0, n);
      // all of them before the first is given away: whoever takes it may read another file into the block
      const lines: { text: string; whole: true; start: number; end: number }[] = [];
      let begin = 0;
      for (let i = block.indexOf(10); i !== -1; i = block.indexOf(10, begin)) {
        const text =
          rest.length === 0 ? block.toString('utf8', begin, i) : Buffer.concat([rest, block.subarray(0, i)]).toString();
        rest = NOTHING;
        begin = i + 1;
        const end = position + begin;
        lines.push({ text, whole: true, start, end });
        start = end;
      }
      rest = Buffer.concat([rest, block.subarray(begin)]);
      position += n;
      yield* lines;
    }
    if (rest.length > 0) yield { text: rest.toString('utf8'), whole: false, start, end: start + rest.length };
  } finally {
    fs.closeSync(fd);
  }
}

/** A file's whole lines up to byte `upTo`, the last first, reading no more of it than is asked for. */
export function* readLinesBackwards(path: string, upTo = Number.POSITIVE_INFINITY): Generator<string> {
  for (const { text } of placedLinesBackwards(path, upTo)) yield text;
}

/** A line, and the bytes it stands between: `end` is behind its newline. */
export interface PlacedLine {
  /** The line, or as much of its beginning as was asked for. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * A file's whole lines that end at or before `before` (absent: all), the last first, reading no more of it than is asked for. Of a line only the
 * first `most` bytes are kept, so that one without an end costs no memory.
 */
export function* placedLinesBackwards(path: string, before = Infinity, most = Infinity): Generator<PlacedLine> {
  const fd = ifThere(() => fs.openSync(path, O_RDONLY));
  if (fd === undefined) return;
  try {
    const block = Buffer.allocUnsafe(65_536);
    /** The beginning of what follows, up to its newline. */
    let rest: Buffer = NOTHING;
    /** Behind the newline of the line that is being gathered. */
    let lineEnd = 0;
    for (let end = Math.min(before, fs.fstatSync(fd).size), isTail = true; end > 0; ) {
      const start = Math.max(0, end - block.length);
      const n = fs.readSync(fd, block, 0, end - start, start);
      const bytes = Buffer.concat([block.subarray(0, n), rest]);
      let last = bytes.length;
      for (let at = bytes.lastIndexOf(10, last - 1); at !== -1; at = at === 0 ? -1 : bytes.lastIndexOf(10, at - 1)) {
        // what stands behind the last newline is being written
        if (!isTail && last > at + 1) yield placed(bytes, at + 1, last, most, start + at + 1, lineEnd);
        isTail = false;
        [last, lineEnd] = [at, start + at + 1];
      }
      rest = isTail ? NOTHING : Buffer.from(bytes.subarray(0, Math.min(last, most)));
      end = start;
      if (start === 0 && rest.length > 0) yield placed(rest, 0, rest.length, most, 0, lineEnd);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function placed(bytes: Buffer, from: number, to: number, most: number, start: number, end: number): PlacedLine {
  return { text: bytes.toString('utf8', from, Math.min(to, from + most)), start, end };
}

/** The last `count` whole lines, oldest first, without reading what stands before them. */
export function lastLines(path: string, count: number): string[] {
  const size = ifThere(() => fs.statSync(path).size) ?? 0;
  for (let span = 65536; ; span *= 4) {
    const from = Math.max(0, size - span);
    const lines = [...readLines(path, from)].filter((l) => l.whole).map((l) => l.text);
    if (from === 0) return lines.slice(-count);
    if (lines.length > count) return lines.slice(-count);
  }
}
