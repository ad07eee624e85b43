import { dirname } from 'node:path';
import { fs, ifThere } from '../../platform/fs.ts';
import { readLines } from '../../platform/jsonl.ts';
import { turnedFiles } from '../../platform/turned-files.ts';
import { watchFolders } from '../../platform/watch.ts';

/** So often a file is looked at where no watcher tells (rule 6). */
const LOOK_MS = 500;
/** A line that is being written is hardly longer. */
const TAIL = 1 << 20;

/** A file of lines from where it ends now, also across its turns: what was written to the old one before it was closed comes first. */
export class FollowedFile {
  readonly #path: string;
  readonly #take: (line: string) => void;
  #ino: number;
  #position: number;

  constructor(path: string, take: (line: string) => void) {
    this.#path = path;
    this.#take = take;
    const { ino, size } = statOf(path);
    [this.#ino, this.#position] = [ino, size];
    // half a line may stand there: it comes when it is whole
    let whole: number | null = null;
    for (const line of readLines(path, Math.max(0, size - TAIL))) if (line.whole && line.end <= size) whole = line.end;
    if (whole !== null) this.#position = whole;
  }

  /** Up to which byte of the file nothing is taken, because it was there before. */
  get position(): number {
    return this.#position;
  }

  /** Takes what is new, file by file: the present one may be turned at any moment, and then the next is another one. */
  look(): void {
    for (;;) {
      const { ino, size } = statOf(this.#path);
      if (ino === this.#ino) {
        if (size < this.#position) this.#position = 0;
        if (this.#readPresent()) return;
        continue;
      }
      const turned = turnedFiles(this.#path);
      const ours = turned.findIndex((path) => statOf(path).ino === this.#ino);
      if (ours !== -1) this.#position = this.#read(turned[ours] ?? '', this.#position);
      // the one that was begun after ours, which may be turned already
      const next = ours > 0 ? statOf(turned[ours - 1] ?? '').ino : ino;
      if (next === 0) return;
      [this.#ino, this.#position] = [next, 0];
    }
  }

  /** Looks when a watcher tells and at an interval, until aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    const watch = watchFolders([dirname(this.#path)], () => this.look());
    const timer = setInterval(() => this.look(), LOOK_MS);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    clearInterval(timer);
    await watch.close();
  }

  /** False where the file was turned meanwhile: then nothing is taken, since what was read may be of the next one. */
  #readPresent(): boolean {
    const lines: string[] = [];
    const end = read(this.#path, this.#position, (line) => lines.push(line));
    if (statOf(this.#path).ino !== this.#ino) return false;
    for (const line of lines) this.#take(line);
    this.#position = end;
    return true;
  }

  #read(path: string, from: number): number {
    return read(path, from, this.#take);
  }
}

/** Gives where the last whole line ends. */
function read(path: string, from: number, take: (line: string) => void): number {
  let end = from;
  for (const line of readLines(path, from)) {
    if (!line.whole) break;
    take(line.text);
    end = line.end;
  }
  return end;
}

function statOf(path: string): { size: number; ino: number } {
  return ifThere(() => fs.statSync(path)) ?? { size: 0, ino: 0 };
}
