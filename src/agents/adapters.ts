import { WaybillError } from '../order/error.ts';
import { acpAgent } from './acp/acp-agent.ts';
import type { Agent } from './agent.ts';
import { commandAgent } from './command.ts';
import type { AgentConfig } from './config.ts';
import type { RoleAgent } from './role-file.ts';

/** How an agent is spoken to. */
const ADAPTERS: Readonly<Record<string, (config: AgentConfig) => Agent>> = { acp: acpAgent, command: commandAgent };

/** The agent that a role's file names. Starts nothing, and loads no protocol before it runs. */
export function agentOf(use: RoleAgent): Agent {
  const adapter = ADAPTERS[use.adapter];
  if (adapter === undefined) throw new WaybillError('AGENT_UNAVAILABLE', `there is no adapter ${use.adapter}`);
  return adapter(use);
}
