import { basename, dirname, join } from 'node:path';
import { isLink, isRoleName, roleFile } from '../../agents/role-file.ts';
import { KNOWN_AGENTS, ROLES, roleText, type TemplateAgent } from '../../agents/role-template.ts';
import { ensureDir, syncDir, writeNew } from '../../platform/durable.ts';
import { errno, lstatIfThere } from '../../platform/fs.ts';
import { locateStation } from '../../station/locate.ts';
import { note, plain, print, printJson, usage } from '../output.ts';
import type { AgentsOptions } from './options.ts';

/** `waybill agents init`: writes agents/<role>/agent.yaml where there is none. Throws USAGE. */
export async function initAgents(role: string | null, options: AgentsOptions): Promise<void> {
  const named = [...(role === null ? [] : [role]), ...wordsOf(options['role'])];
  const roles = named.length === 0 ? Object.keys(ROLES) : [...new Set(named)];
  for (const name of roles)
    if (!isRoleName(name)) throw usage(`${JSON.stringify(name)} is no name for a role: small letters, digits, - and _`);
  const wanted = wordsOf(options['agent']);
  const agents =
    wanted.length === 0 ? Object.values(KNOWN_AGENTS) : wanted.map((word) => agentNamed(word, options['adapter']));
  const names = agents.map(({ name }) => name);
  if (new Set(names).size < names.length) throw usage(`two agents would have one name: ${names.join(', ')}`);

  const root = await locateStation(options.station);
  const written = roles.map((name) => ({ role: name, path: roleFile(name), written: write(root, name, agents) }));
  if (options.json) return printJson({ ok: true, root, roles: written });
  for (const { path, written: isNew } of written) print(`${isNew ? 'written' : 'is there already'}  ${plain(path)}`);
  note('Look through them, and commit them. Then: `waybill agents check`.');
}

/** False where one is there already. Throws AGENT_INVALID where a link would lead elsewhere. */
function write(root: string, role: string, agents: readonly TemplateAgent[]): boolean {
  const file = roleFile(role);
  const path = join(root, file);
  for (const folder of [dirname(dirname(file)), dirname(file)])
    if (lstatIfThere(join(root, folder))?.isSymbolicLink() === true) throw isLink(folder);
  ensureDir(dirname(path));
  try {
    writeNew(path, roleText(role, agents));
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
  syncDir(dirname(path));
  return true;
}

/** One that is known by its name, else the words of a command line, parted at spaces: no shell reads it. */
function agentNamed(text: string, adapter: unknown): TemplateAgent {
  const known = Object.hasOwn(KNOWN_AGENTS, text) ? KNOWN_AGENTS[text] : undefined;
  if (known !== undefined) return known;
  const command = text.split(/\s+/).filter((word) => word !== '');
  const [program] = command;
  if (program === undefined) throw usage('--agent names an agent, or a command line');
  if (/["'`$\\]/.test(text)) throw usage('no shell reads the command line: write words parted by spaces');
  if (adapter !== undefined && adapter !== 'command' && adapter !== 'acp')
    throw usage(`--adapter is command or acp, not ${JSON.stringify(adapter)}`);
  const name = basename(program)
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  if (name === '') throw usage(`${JSON.stringify(program)} is no program`);
  return { name, adapter: adapter ?? 'command', command, mode: null, install: null, key: null };
}

function wordsOf(option: unknown): string[] {
  return Array.isArray(option) ? option.map(String) : [];
}
