import { createHash } from 'node:crypto';
import type { Conversation } from '../../platform/process.ts';
import type { Git } from '../git.ts';
import { objectId } from './object-id.ts';

/**
 * What git has under an id. A blob is told by its digest: it may be larger than memory. `damaged`: git cannot read it, or what it read has
 * another id.
 */
export type Found =
  | { readonly kind: 'commit' | 'tree'; readonly bytes: Buffer }
  | { readonly kind: 'blob'; readonly sha256: string }
  | { readonly kind: 'missing' | 'damaged' };

interface Asked {
  readonly id: string;
  readonly tell: (found: Found) => void;
  readonly fail: (error: unknown) => void;
  /** Times that git ended over it. */
  deaths: number;
}

/** A blob is taken in pieces of this size. */
const PIECE = 64 * 1024;
/** An object that git ended over is asked for again once: something else may have ended it. */
const MOST_DEATHS = 2;

/**
 * Reads objects through one `git cat-file --batch`, many asked for before the first is answered, and holds each against its id: git itself
 * does not, where it lies in a pack. Memory grows with what is asked for at a time, not with the size of blobs.
 */
export class ObjectReader {
  readonly #git: Git;
  #talk: Conversation | null = null;
  #asked: Asked[] = [];
  #isListening = false;

  constructor(git: Git) {
    this.#git = git;
  }

  /** What is under a whole id, 40 hex digits. Answers come in the order of the questions. */
  read(id: string): Promise<Found> {
    return new Promise((tell, fail) => {
      this.#asked.push({ id, tell, fail, deaths: 0 });
      this.#talk?.say(`${id}\n`);
      if (!this.#isListening) void this.#listen();
    });
  }

  /** Ends git; whoever asks next starts another. Nobody may be waiting for an answer. */
  async end(): Promise<void> {
    const talk = this.#talk;
    this.#talk = null;
    await talk?.end();
  }

  async #listen(): Promise<void> {
    this.#isListening = true;
    try {
      for (let asked = this.#asked[0]; asked !== undefined; asked = this.#asked[0]) {
        const talk = this.#talk ?? (await this.#start());
        const found = await answer(talk, asked.id);
        if (found !== null || ++asked.deaths === MOST_DEATHS) {
          this.#asked.shift();
          asked.tell(found ?? { kind: 'damaged' });
        }
        if (found === null) await this.end();
      }
    } catch (error) {
      for (const { fail } of this.#asked.splice(0)) fail(error);
    }
    this.#isListening = false;
  }

  /** Starts git, and asks it what is still to be answered. */
  async #start(): Promise<Conversation> {
    const talk = await this.#git.converse(['cat-file', '--batch']);
    this.#talk = talk;
    for (const { id } of this.#asked) talk.say(`${id}\n`);
    return talk;
  }
}

/** One answer: `<id> <type> <size>`, the object, a newline. Null where git ends before. */
async function answer(talk: Conversation, id: string): Promise<Found | null> {
  const header = await talk.hear();
  if (header === null) return null;
  const [, type = '', length] = header.split(' ');
  if (length === undefined) return { kind: 'missing' };
  const size = Number(length);
  const found = type === 'blob' ? await blob(talk, id, size) : await whole(talk, id, type, size);
  return found === null || (await talk.hearBytes(1)) === null ? null : found;
}

async function whole(talk: Conversation, id: string, type: string, size: number): Promise<Found | null> {
  const bytes = await talk.hearBytes(size);
  if (bytes === null) return null;
  const isIt = (type === 'commit' || type === 'tree') && objectId(type, bytes) === id;
  return isIt ? { kind: type, bytes } : { kind: 'damaged' };
}

async function blob(talk: Conversation, id: string, size: number): Promise<Found | null> {
  const identity = createHash('sha1').update(`blob ${size}\0`);
  const digest = createHash('sha256');
  for (let rest = size; rest > 0; ) {
    const piece = await talk.hearBytes(Math.min(rest, PIECE));
    if (piece === null) return null;
    identity.update(piece);
    digest.update(piece);
    rest -= piece.length;
  }
  return identity.digest('hex') === id ? { kind: 'blob', sha256: digest.digest('hex') } : { kind: 'damaged' };
}
