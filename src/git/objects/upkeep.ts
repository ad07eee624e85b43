import { join } from 'node:path';
import { exists, namesIn } from '../../platform/durable.ts';
import type { Log } from '../../platform/log.ts';
import type { Repository } from '../repository.ts';
import { objectsIn, replacePacks } from './replace-packs.ts';

/** From so many packs on they are gathered: at fifty (gc.autoPackLimit) somebody's commit would begin a `git gc` of everything, for our sake. */
const MANY_PACKS = 45;
/**
 * A pack of so many objects (some five thousand orders) is left alone for ever: what is gathered is copied, and what it costs must not grow with
 * what there is. (`git repack --geometric` walks all trees that the commits of small packs reach: with 250,000 finished orders 2.7 GB and minutes.)
 */
const FULL = 100_000;
/** How many objects are gathered at once, at most: git takes some 120 MB for them, and two seconds. */
const AT_ONCE = 200_000;
/** A repository that cannot be repacked is left alone for so long. */
const PAUSE_MS = 3_600_000;
/** More than it takes to pack so many objects on a slow machine. */
const MOST_MS = 600_000;

/**
 * Gathers the packs that landings and flushes leave, one or two each, when there are many. Beside the station's work and git's own `gc`: packs
 * that are being landed have a `.keep`, and no object is dropped, reachable or not.
 */
export class PackUpkeep {
  readonly #repo: Repository;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #inHand: Promise<void> | null = null;
  #notBefore = 0;
  /** Objects in a pack, by its name: that tells its content. */
  readonly #counts = new Map<string, number>();

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
    return !exists(join(this.#repo.gitDir, 'gc.pid')) && this.#small().length >= MANY_PACKS;
  }

  /** Packs that are not full and that nobody marked, the smallest first. */
  #small(): { name: string; objects: number }[] {
    const folder = join(this.#repo.gitDir, 'objects', 'pack');
    const files = new Set(namesIn(folder));
    const names = [...files].flatMap((file) => (file.endsWith('.idx') ? [file.slice(0, -4)] : []));
    const here = new Set(names);
    for (const known of this.#counts.keys()) if (!here.has(known)) this.#counts.delete(known);
    return names
      .filter((name) => !['keep', 'promisor', 'bitmap', 'mtimes'].some((mark) => files.has(`${name}.${mark}`)))
      .map((name) => {
        const objects = this.#counts.get(name) ?? objectsIn(join(folder, `${name}.idx`));
        this.#counts.set(name, objects);
        return { name, objects };
      })
      .filter(({ objects }) => objects < FULL)
      .sort((a, b) => a.objects - b.objects);
  }

  async #gather(): Promise<void> {
    while (!this.#signal.aborted && this.#isDue()) {
      const before = this.#small().length;
      if (!(await this.#gatherSome())) return;
      // git saw no sense in it
      if (this.#small().length >= before) break;
    }
  }

  async #gatherSome(): Promise<boolean> {
    const chosen = toGather(this.#small());
    if (chosen.length === 0) return false;
    try {
      await replacePacks(this.#repo, chosen, undefined, { timeoutMs: MOST_MS, signal: this.#signal });
      return true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      this.#notBefore = Date.now() + PAUSE_MS;
      this.#log.warn({ err: error }, 'the packs could not be gathered; git grows slower until they are');
      return false;
    }
  }
}

/**
 * Which of these packs, the smallest first, are copied into one: each is less than twice what is smaller. So what was gathered is copied again
 * only when as much has come to it, and so many objects at once that git's memory stays bounded.
 */
export function toGather(packs: readonly { name: string; objects: number }[]): string[] {
  let [many, objects] = [0, 0];
  for (const [n, pack] of packs.entries()) {
    if (n > 1 && objects + pack.objects > AT_ONCE) break;
    if (pack.objects < 2 * objects) many = n + 1;
    objects += pack.objects;
  }
  return packs.slice(0, many).map(({ name }) => name);
}
