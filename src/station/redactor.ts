import { Redactor } from '../order/secrets/redactor.ts';
import { secretValues } from '../order/secrets/values.ts';
import type { Settings } from './settings.ts';

const known = new WeakMap<Settings['commands'], Redactor>();

/**
 * What cuts secrets out of all that a station records: known forms, and the values that this process's environment holds under names that
 * look secret or stand in `commands.hide`. The environment is read once for the settings at hand, not for each record.
 */
export function redactorOf({ commands }: Settings): Redactor {
  const made = known.get(commands) ?? new Redactor(secretValues(process.env, commands.hide));
  known.set(commands, made);
  return made;
}
