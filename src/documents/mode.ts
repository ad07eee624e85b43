import { WaybillError } from '../order/error.ts';

/** What follows when a document is wrong. */
export type Mode = 'off' | 'warn' | 'block';

const MODES: readonly string[] = ['off', 'warn', 'block'];
/** The variable by which the loop spine of seed 000 sets the mode. */
export const MODE_VARIABLE = 'LIFEOS_DOC_FRESHNESS_MODE';

/** Everything that has a say in the mode. */
export interface ModeSources {
  /** By the command line. */
  readonly asked: string | null;
  readonly variable: string | null;
  readonly setting: Mode;
  /** YYYY-MM-DD; from this day on `warn` counts as `block`. */
  readonly blockFrom: string | null;
  /** An instant, ISO-8601 UTC. */
  readonly now: string;
}

/**
 * The mode that counts, and who says so: the command line, else the variable, else the setting; of the latter two `warn` becomes `block` on
 * the day that settings name. Throws USAGE for a word that is no mode, also where another one counts: it is never taken for `off`.
 */
export function modeOf({ asked, variable, setting, blockFrom, now }: ModeSources): { mode: Mode; by: string } {
  const isSet = variable !== null && variable.trim() !== '';
  const mode = isSet ? known(variable.trim(), MODE_VARIABLE) : setting;
  if (asked !== null) return { mode: known(asked, '--mode'), by: '--mode' };
  const by = isSet ? MODE_VARIABLE : 'documents.mode';
  if (mode === 'warn' && blockFrom !== null && now.slice(0, 10) >= blockFrom)
    return { mode: 'block', by: `documents.block_from ${blockFrom}` };
  return { mode, by };
}

function known(word: string, by: string): Mode {
  const mode = word.toLowerCase();
  if (MODES.includes(mode)) return mode as Mode;
  throw new WaybillError('USAGE', `${by}: ${JSON.stringify(word)} is no mode`, { hint: 'Modes: off, warn, block.' });
}
