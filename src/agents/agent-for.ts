import { agentOf } from './adapters.ts';
import type { Agent } from './agent.ts';
import type { RoleAgent } from './role-file.ts';

/** The agent that a role's file names. Starts nothing. */
export function agentFor(use: RoleAgent): Agent {
  return agentOf(use.adapter, use);
}
