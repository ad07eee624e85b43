import type { Environment } from '../platform/process.ts';
import { alsoCut } from '../station/redactor.ts';
import type { Settings } from '../station/settings.ts';
import type { RoleAgent } from './role-file.ts';

/**
 * Exactly what an agent's program gets as its environment: the variables of `commands.env` in settings, those that its file names, and those that
 * it sets; where it sets one that it also names, what it sets counts. From then on the values of what it names are cut from all that is recorded.
 */
export function agentEnvironment(
  settings: Settings,
  use: Pick<RoleAgent, 'env' | 'set'>,
  from: NodeJS.ProcessEnv = process.env,
): Environment {
  const { env, set } = use;
  alsoCut(settings, env, set);
  const names = [...settings.commands.env, ...env];
  const handed = names.flatMap((name) => {
    const value = from[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(handed), ...set };
}
