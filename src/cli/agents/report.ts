import pc from 'picocolors';
import type { Probe } from '../../agents/agent.ts';
import type { Role, RoleAgent } from '../../agents/role-file.ts';
import type { WaybillError } from '../../order/error.ts';
import type { AgentReport, AgentsReport, RoleFault, RoleReport } from '../../order/generated.ts';
import { plain, print, printJson } from '../output.ts';

/** What is said of a role's agents; `null` where an agent was not started. */
export interface Seen {
  readonly use: RoleAgent;
  /** Why it cannot be used, as far as is known without a look. */
  readonly why: string | null;
  readonly probe: Probe | null;
}

/** A role as reports tell of it. `usable`: whether one of its agents can be; null where none was looked at. */
export function roleReport(role: Role, seen: readonly Seen[]): RoleReport {
  const { name, file, sha256, description, lanes, tools, timeoutSeconds, promptSha256 } = role;
  const agents = seen.map(agentReport);
  const isOpen = agents.some(({ usable }) => usable === null);
  return {
    role: name,
    file,
    sha256,
    prompt_sha256: promptSha256,
    description,
    lanes: lanes === null ? null : [...lanes],
    tools: [...tools],
    timeout_seconds: timeoutSeconds,
    usable: agents.some(({ usable }) => usable === true) || (isOpen ? null : false),
    agents,
  };
}

function agentReport({ use, why, probe }: Seen): AgentReport {
  const { name, adapter, command, args, mode, model, env, usage } = use;
  return {
    name,
    adapter,
    command: [...command, ...args],
    mode,
    model,
    env: [...env],
    usage,
    usable: probe === null ? (why === null ? null : false) : probe.ok,
    why: probe === null ? why : probe.why,
    version: probe?.version ?? null,
    modes: [...(probe?.modes ?? [])],
    resumes: probe?.resumes ?? null,
    structured: probe?.structured ?? null,
    tells_usage: probe?.tellsUsage ?? null,
  };
}

export function faultReport(role: string, { code, message, hint, place }: WaybillError): RoleFault {
  return { role: role === '*' ? null : role, error: { code, message, hint, ...place } };
}

/** Prints a report as JSON, or for people: each role, its agents in the order in which they are tried, and faults. */
export function printReport(report: Omit<AgentsReport, 'v'>, json: boolean): void {
  if (json) {
    printJson(report);
    return;
  }
  for (const role of report.roles) printRole(role);
  for (const { role, error } of report.faults) {
    const where = [error.file, error.line, error.column].filter((part) => part !== undefined).join(':');
    print(`${pc.bold(plain(role ?? 'agents'))}  ${pc.red('fault')}  ${line(`${where}: ${error.message}`)}`);
    print(`  ${pc.dim('hint:')} ${line(error.hint)}`);
  }
}

function printRole({ role, tools, timeout_seconds: seconds, lanes, agents }: RoleReport): void {
  const may = tools.length === 0 ? 'may do nothing without a question' : `may ${tools.join(', ')}`;
  print(
    `${pc.bold(role)}  ${pc.dim(line(`${may}; ${seconds} s a step${lanes === null ? '' : `; only ${lanes.join(', ')}`}`))}`,
  );
  for (const agent of agents) {
    const { name, adapter, command, mode, model } = agent;
    const named = [...(mode === null ? [] : [`mode ${mode}`]), ...(model === null ? [] : [`model ${model}`])];
    const more = named.length === 0 ? '' : ` (${named.join(', ')})`;
    print(`  ${stateText(agent)}  ${name.padEnd(8)}  ${adapter.padEnd(7)}  ${line(command.join(' '))}${line(more)}`);
    for (const text of [agent.why, canText(agent)]) if (text !== null) print(`            ${pc.dim(line(text))}`);
  }
}

function stateText({ usable }: AgentReport): string {
  if (usable === null) return pc.cyan('found   ');
  return usable ? pc.green('usable  ') : pc.red('unusable');
}

/** What a look at an agent told; null where there was none, or it told nothing. */
function canText({ version, modes, resumes, structured, tells_usage: usage, usable }: AgentReport): string | null {
  if (usable !== true) return null;
  return [
    version ?? 'tells no version',
    ...(modes.length === 0 ? [] : [`modes ${modes.join(', ')}`]),
    ...(resumes === true ? ['continues sessions'] : []),
    ...(structured === true ? ['hands in documents'] : []),
    usage === null ? 'a turn will show whether it tells usage' : usage ? 'tells usage' : 'tells no usage',
  ].join('; ');
}

function line(text: string): string {
  return plain(text).replaceAll('\n', ' ');
}
