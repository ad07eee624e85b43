import type { AgentContext } from '../../agents/agent.ts';
import { agentFor } from '../../agents/agent-for.ts';
import { Probes } from '../../agents/choose.ts';
import { agentEnvironment } from '../../agents/environment.ts';
import type { Role, RoleAgent } from '../../agents/role-file.ts';
import { loadRoles, type Roles } from '../../agents/roles.ts';
import { WaybillError } from '../../order/error.ts';
import type { RoleReport } from '../../order/generated.ts';
import { newUlid } from '../../platform/ids.ts';
import { locateStation } from '../../station/locate.ts';
import { loadSettings, type Settings } from '../../station/settings.ts';
import { EXIT, note, plain } from '../output.ts';
import type { AgentsOptions } from './options.ts';
import { faultReport, printReport, roleReport } from './report.ts';

/**
 * `waybill agents check [ROLE]`: starts each agent, asks what it can, and ends it; no model is asked anything. Exits 0 only where every role, or
 * the one named, has an agent that can be used; 69 where not. Throws AGENT_UNAVAILABLE for a role that is not there.
 */
export async function checkAgents(named: string | null, options: AgentsOptions): Promise<void> {
  const root = await locateStation(options.station);
  const settings = loadSettings(root);
  const found = rolesToCheck(loadRoles(root), named);
  const probes = new Probes(agentFor, Date.now);
  const reports: RoleReport[] = [];
  for (const role of found.roles.values()) reports.push(await look(root, settings, role, probes));
  const faults = [...found.faults].map(([role, fault]) => faultReport(role, fault));
  const without = reports.filter(({ usable }) => usable !== true).map(({ role }) => role);
  const ok = reports.length > 0 && without.length === 0 && faults.length === 0;
  if (!ok) process.exitCode = EXIT.unavailable;
  printReport({ ok, root, roles: reports, faults }, options.json === true);
  if (reports.length + faults.length === 0) note('No roles are set up: `waybill agents init`.');
  else if (without.length > 0) note(`Nobody can work as ${plain(without.join(', '))}.`);
}

async function look(root: string, settings: Settings, role: Role, probes: Probes): Promise<RoleReport> {
  const around = { cwd: root, contextOf: (use: RoleAgent) => contextOf(settings, use) };
  const seen = role.use.map(async (use) => ({ use, why: null, probe: await probes.probe(use, around) }));
  return roleReport(role, await Promise.all(seen));
}

function rolesToCheck(all: Roles, named: string | null): Roles {
  if (named === null) return all;
  const role = all.roles.get(named);
  const fault = all.faults.get(named) ?? all.faults.get('*');
  if (role === undefined && fault === undefined)
    throw new WaybillError('AGENT_UNAVAILABLE', `there is no role ${JSON.stringify(named)}`, {
      hint: `\`waybill agents ls\` lists them; \`waybill agents init --role ROLE\` writes one.`,
    });
  return {
    roles: new Map(role === undefined ? [] : [[named, role]]),
    faults: new Map(role !== undefined || fault === undefined ? [] : [[named, fault]]),
  };
}

/** Around a look from the command line: nothing of it is recorded, and the agent ends before we do. */
function contextOf(settings: Settings, use: RoleAgent): AgentContext {
  return {
    env: agentEnvironment(settings, use),
    mark: { name: 'WAYBILL_RUN', value: newUlid() },
    wrap: (argv) => argv,
    graceMs: settings.commands.killGraceSeconds * 1000,
    onStarted: () => {},
    onRaw: () => {},
    onEvent: () => {},
  };
}
