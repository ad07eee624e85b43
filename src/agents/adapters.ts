import { WaybillError } from '../order/error.ts';
import type { Agent } from './agent.ts';
import type { RoleAgent } from './role-file.ts';

/** The agent that a role's file names. */
export function agentOf({ adapter }: RoleAgent): Agent {
  throw new WaybillError('AGENT_UNAVAILABLE', `the adapter ${adapter} is not built yet`);
}
