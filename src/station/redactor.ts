import { Redactor } from '../order/secrets/redactor.ts';
import { secretValues } from '../order/secrets/values.ts';
import type { Settings } from './settings.ts';

const known = new WeakMap<Settings['commands'], Redactor>();
interface Given {
  readonly names: Set<string>;
  /** By name and value: two agents may give one name two values. */
  readonly set: Map<string, NodeJS.ProcessEnv>;
}

/** What agents are given beside what settings say: names of variables, and values that stand in their files. */
const given = new WeakMap<Settings['commands'], Given>();

/**
 * What cuts secrets out of all that a station records: known forms, and the values that this process's environment holds under names that
 * look secret or stand in `commands.hide`. The environment is read once for the settings at hand, not for each record.
 */
export function redactorOf({ commands }: Settings): Redactor {
  const made = known.get(commands) ?? make(commands);
  known.set(commands, made);
  return made;
}

function make(commands: Settings['commands']): Redactor {
  const { names, set } = given.get(commands) ?? { names: [], set: new Map<string, NodeJS.ProcessEnv>() };
  const values = secretValues(process.env, commands.hide, [...names]);
  return new Redactor([...values, ...[...set.values()].flatMap((one) => secretValues(one, commands.hide))]);
}

/**
 * From now on also the values of these variables are cut, whatever they are called, and of those in `set` the ones whose names look secret. For what an
 * agent is given, before it is given.
 */
export function alsoCut(
  { commands }: Settings,
  names: readonly string[],
  set: Readonly<Record<string, string>> = {},
): void {
  const all = given.get(commands) ?? { names: new Set<string>(), set: new Map<string, NodeJS.ProcessEnv>() };
  // what every command is handed anyway says how, and is no key
  const more = names.filter((name) => !all.names.has(name) && !commands.env.includes(name));
  const values = Object.entries(set).filter((pair) => !all.set.has(pair.join('=')));
  if (more.length === 0 && values.length === 0) return;
  for (const name of more) all.names.add(name);
  for (const [name, value] of values) all.set.set(`${name}=${value}`, { [name]: value });
  given.set(commands, all);
  known.delete(commands);
}
