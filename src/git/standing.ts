import { WaybillError } from '../order/error.ts';
import type { Conversation } from '../platform/process.ts';

/** A git that stays, taken for one question. */
export interface Lease {
  readonly talk: Conversation;
  /** Lets the next one ask. `ended`: the process is of no more use. */
  release(ended?: boolean): Promise<{ exitCode: number; stderr: string } | null>;
}

/**
 * A git process that stays to be asked again, because starting one costs more than what it does for an order. Started when first asked, and
 * anew after it ended; one question at a time. It does not keep us alive, and ends when we do: its input ends.
 */
export class Standing {
  readonly #start: () => Promise<Conversation>;
  #talk: Promise<Conversation> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(start: () => Promise<Conversation>) {
    this.#start = start;
  }

  /** Takes it when everybody before has let go of it. */
  async take(): Promise<Lease> {
    const before = this.#turn;
    let free: () => void = () => {};
    this.#turn = new Promise<void>((resolve) => {
      free = resolve;
    });
    await before;
    try {
      this.#talk ??= this.#start();
      const talk = await this.#talk;
      return {
        talk,
        release: async (ended = false) => {
          try {
            if (!ended) return null;
            this.#talk = null;
            return await talk.end();
          } finally {
            free();
          }
        },
      };
    } catch (error) {
      this.#talk = null;
      free();
      throw error;
    }
  }

  /** Asks one question. Where git ends before it has answered (`null`), throws GIT_FAILED with what it said. */
  async ask<T>(question: (talk: Conversation) => Promise<T | null>): Promise<T> {
    const { talk, release } = await this.take();
    const answer = await question(talk).catch(async (error: unknown) => {
      await release(true);
      throw error;
    });
    const end = await release(answer === null);
    if (answer !== null) return answer;
    const said = end?.stderr.trim() || 'it said nothing';
    throw new WaybillError('GIT_FAILED', `a git that was asked ended with ${end?.exitCode}: ${said}`);
  }

  /** Ends it; whoever asks next starts another. */
  async end(): Promise<void> {
    if (this.#talk === null) return;
    const { release } = await this.take();
    await release(true);
  }
}
