import { setTimeout as sleep } from 'node:timers/promises';
import { type Choice, modeIn, modesOf, optionOf } from './told.ts';

const MOST_WAIT_MS = 500;
const STEP_MS = 25;

/** Sends a request that sets something of the session. */
export type Set = (method: string, params: object) => Promise<unknown>;

/**
 * The mode that a session is in. An agent that is told to only read begins in a mode that writes, whatever its settings say: so the mode is always
 * set here, and what the agent reports of it since must be the wanted one.
 */
export class ModeWatch {
  readonly #wanted: string | null;
  #offers: Choice | null = null;
  /** What the agent last said; null before it said anything. */
  #reported: string | null = null;

  constructor(wanted: string | null) {
    this.#wanted = wanted;
  }

  get offered(): readonly string[] {
    return this.#offers?.offered ?? [];
  }

  /** What a notification tells of the mode. */
  hear(body: unknown): void {
    this.#reported = modeIn(body) ?? modesOf(body)?.current ?? this.#reported;
  }

  /** Sets the wanted mode. Says why the session is not in it, or null where it is. `opened`: the answer to the new session. */
  async settle(opened: unknown, set: Set): Promise<string | null> {
    const [wanted, offers] = [this.#wanted, modesOf(opened)];
    this.#offers = offers;
    if (offers === null) return wanted === null ? null : `it offers no modes, and is to be in ${wanted}`;
    const names = offers.offered.join(', ') || 'none that can be named';
    if (wanted === null) return `it has modes (${names}), and \`mode\` does not say in which it is to be`;
    if (!offers.offered.includes(wanted)) return `it has no mode ${wanted}, only ${names}`;
    this.#reported = null;
    try {
      this.hear(
        offers.option === null
          ? await set('session/set_mode', { modeId: wanted })
          : await set('session/set_config_option', { configId: offers.option, value: wanted }),
      );
    } catch (error) {
      return `it did not go to mode ${wanted}: ${error instanceof Error ? error.message : 'it gave no reason'}`;
    }
    // a mode of its own has no more in its answer than that it was done; an option answers with what it is now
    if (this.#reported === null && offers.option !== null) return `it did not say that it is in mode ${wanted}`;
    // what it said before it heard of the new mode may come late
    for (let waited = 0; waited < MOST_WAIT_MS && this.left() !== null; waited += STEP_MS) await sleep(STEP_MS);
    return this.left();
  }

  /** Where the session is in another mode than it was set to: which. */
  left(): string | null {
    if (this.#wanted === null || this.#reported === null || this.#reported === this.#wanted) return null;
    return `it is in mode ${this.#reported}, not in ${this.#wanted}`;
  }
}

/** Sets the model where one is named. Says why the session does not use it, or null. */
export async function setModel(wanted: string | null, opened: unknown, set: Set): Promise<string | null> {
  if (wanted === null) return null;
  const offers = optionOf(opened, 'model');
  if (offers?.option === undefined || offers.option === null)
    return `it offers no choice of models, and is to use ${wanted}`;
  if (!offers.offered.includes(wanted)) return `it has no model ${wanted}, only ${offers.offered.join(', ')}`;
  const answer = await set('session/set_config_option', { configId: offers.option, value: wanted });
  const now = optionOf(answer, 'model')?.current ?? null;
  return now === wanted ? null : `it did not say that it uses model ${wanted}`;
}
