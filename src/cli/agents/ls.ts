import type { RoleAgent } from '../../agents/role-file.ts';
import { loadRoles } from '../../agents/roles.ts';
import { findProgram, isExecutable } from '../../platform/programs.ts';
import { locateStation } from '../../station/locate.ts';
import { note } from '../output.ts';
import type { AgentsOptions } from './options.ts';
import { faultReport, printReport, roleReport } from './report.ts';

/** `waybill agents ls`: roles, agents and faults, by what stands in files and on PATH. Starts no program. */
export async function listAgents(options: AgentsOptions): Promise<void> {
  const root = await locateStation(options.station);
  const { roles, faults } = loadRoles(root);
  const path = process.env['PATH'] ?? '';
  printReport(
    {
      ok: faults.size === 0,
      root,
      roles: [...roles.values()].map((role) =>
        roleReport(
          role,
          role.use.map((use) => ({ use, why: whyMissing(use, path), probe: null })),
        ),
      ),
      faults: [...faults].map(([role, fault]) => faultReport(role, fault)),
    },
    options.json === true,
  );
  if (roles.size + faults.size === 0) note('No roles are set up, so nobody works on missions: `waybill agents init`.');
}

/** Why an agent's program cannot be started; null where it is there. */
function whyMissing({ command }: RoleAgent, path: string): string | null {
  const [program = ''] = command;
  if (program.includes('/')) return isExecutable(program) ? null : `${program} is no file that can be started`;
  return findProgram(program, path) === undefined ? `${program} is not on PATH` : null;
}
