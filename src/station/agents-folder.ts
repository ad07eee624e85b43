import { join } from 'node:path';
import { namesIn } from '../platform/durable.ts';

/** A station's roles and chains: settings, which people write and orders never do. Relative to the root. */
export const AGENTS_FOLDER = 'agents';
export const CHAINS_FOLDER = `${AGENTS_FOLDER}/chains`;
/** In each role's own folder. */
export const AGENT_FILE = 'agent.yaml';

/** In the agents folder: what a role is and is told, and all chains. Repositories may have other files there, which are theirs. */
const SETTINGS = /^(?:chains(?:\/|$)|[^/]+\/(?:agent\.yaml|prompt[^/]*\.md)(?:\/|$))/;

/** Whether a path relative to the root, in small letters, says who does the work of missions, and how. */
export function isAgentSetting(path: string): boolean {
  return path.startsWith(`${AGENTS_FOLDER}/`) && SETTINGS.test(path.slice(AGENTS_FOLDER.length + 1));
}

/** Those that are there, relative to the root; of chains their folder. */
export function agentSettings(root: string): string[] {
  const roles = namesIn(join(root, AGENTS_FOLDER));
  const paths = roles.flatMap((role) => {
    const folder = `${AGENTS_FOLDER}/${role}`;
    return folder === CHAINS_FOLDER ? [folder] : namesIn(join(root, folder)).map((name) => `${folder}/${name}`);
  });
  return paths.filter((path) => isAgentSetting(path.toLowerCase()));
}
