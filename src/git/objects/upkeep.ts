import { join } from 'node:path';
import { exists, namesIn } from '../../platform/durable.ts';
import type { Log } from '../../platform/log.ts';
import { gitFailed } from '../git.ts';
import type { Repository } from '../repository.ts';

/** From so many packs on they are gathered: reading history slows down by about a quarter. */
const MANY_PACKS = 100;
/** A repository that cannot be repacked is left alone for so long. */
const PAUSE_MS = 3_600_000;
/** Geometric repacking copies what is small, and lets large packs alone; a first time in a large repository may take a while. */
const MOST_MS = 600_000;

/**
 * Gathers the packs that landings and flushes leave, one or two each, when there are many. Beside the station's work and git's own `gc`: packs
 * that are being landed have a `.keep`, and nothing is dropped, reachable or not.
 */
export class PackUpkeep {
  readonly #repo: Repository;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #inHand: Promise<void> | null = null;
  #notBefore = 0;

  constructor(repo: Repository, log: Log, signal: AbortSignal) {
    this.#repo = repo;
    this.#log = log;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** The station rests: begins, if there are many and it is not under way. */
  look(): void {
    if (this.#inHand !== null || Date.now() < this.#notBefore || !this.#isDue()) return;
    this.#inHand = this.#gather().finally(() => {
      this.#inHand = null;
    });
  }

  /** Before a drained station ends: nobody else would do it. */
  async last(): Promise<void> {
    this.look();
    await this.#inHand;
  }

  /** Ends what is under way; git leaves everything as it was. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#inHand;
  }

  #isDue(): boolean {
    if (exists(join(this.#repo.gitDir, 'gc.pid'))) return false;
    const names = namesIn(join(this.#repo.gitDir, 'objects', 'pack'));
    return names.filter((name) => name.endsWith('.pack')).length >= MANY_PACKS;
  }

  async #gather(): Promise<void> {
    // no search for deltas: over records of orders with many files it took minutes and half a gigabyte, and saved next to nothing
    const args = ['repack', '-d', '--geometric=2', '--window=0', '--quiet'];
    const result = await this.#repo.git.try(args, { timeoutMs: MOST_MS, signal: this.#signal });
    if (result.exitCode === 0 || result.cut === 'signal') return;
    this.#notBefore = Date.now() + PAUSE_MS;
    this.#log.warn(
      { err: gitFailed(args, result) },
      'the packs could not be gathered; git grows slower until they are',
    );
  }
}
