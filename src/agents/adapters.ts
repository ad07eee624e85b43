import { acpAgent } from './acp/acp-agent.ts';
import type { Agent } from './agent.ts';
import { claudeAgent } from './claude/claude-agent.ts';
import { commandAgent } from './command.ts';
import type { AgentConfig } from './config.ts';

/** How an agent is spoken to. */
const ADAPTERS = { acp: acpAgent, claude: claudeAgent, command: commandAgent } satisfies Record<
  string,
  (config: AgentConfig) => Agent
>;

export type AdapterName = keyof typeof ADAPTERS;

/** The agent behind an adapter. Starts nothing, and loads no protocol before it runs. */
export function agentOf(adapter: AdapterName, config: AgentConfig): Agent {
  return ADAPTERS[adapter](config);
}
