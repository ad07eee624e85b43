import { WaybillError } from '../order/error.ts';
import { agentOf } from './adapters.ts';
import type { Agent } from './agent.ts';
import type { RoleAgent } from './role-file.ts';

/** The agent that a role's file names. Starts nothing. Throws AGENT_UNAVAILABLE for an adapter that this version has not. */
export function agentFor(use: RoleAgent): Agent {
  if (use.adapter === 'claude')
    throw new WaybillError('AGENT_UNAVAILABLE', `${use.name}: this version has no adapter claude`);
  return agentOf(use.adapter, use);
}
