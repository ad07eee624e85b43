import { loadRoles } from '../../agents/roles.ts';
import { WaybillError } from '../../order/error.ts';
import type { Mission } from '../../order/order.ts';
import type { Chain } from '../../spine/chain.ts';
import { chainReadsOnly } from '../../spine/chains.ts';
import type { Runtime } from '../runtime.ts';

/** Whether any role is configured at all; also one whose file has a fault, which a mission is then told of. */
export function hasAgents(rt: Runtime): boolean {
  const { roles, faults } = loadRoles(rt.station.layout.root);
  return roles.size > 0 || faults.size > 0;
}

/** Whether a mission asks for a chain in which no agent takes part: it waits for none. */
export function isAgentless(rt: Runtime, { chain }: Mission): boolean {
  return chain !== null && chainReadsOnly(rt.station.layout.root, chain);
}

/** Throws AGENT_UNAVAILABLE, or AGENT_INVALID, for the first role of a chain that nobody could do: before anything is spent on those before it. */
export function assertRoles(rt: Runtime, chain: Chain): void {
  const { roles, faults } = loadRoles(rt.station.layout.root);
  for (const { role } of chain.steps) {
    if (role === null || roles.has(role)) continue;
    throw (
      faults.get(role) ??
      faults.get('*') ??
      new WaybillError('AGENT_UNAVAILABLE', `there is no role ${role}`, {
        hint: `\`waybill agents init --role ${role}\` writes agents/${role}/agent.yaml.`,
      })
    );
  }
}
