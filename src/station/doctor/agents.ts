import { isAbsolute } from 'node:path';
import { findProgram, isExecutable } from '../../platform/programs.ts';
import { type Check, faultOf, fine, warning } from './finding.ts';

/** Whether the roles of missions can be read, and each has an agent whose program is there. Starts none: `waybill agents check` does. */
export const AGENTS: Check = {
  name: 'agents',
  look: ({ agents, path }) => {
    if (agents === null) return [];
    const { roles, faults } = agents;
    const isThere = (program: string) =>
      isAbsolute(program) ? isExecutable(program) : findProgram(program, path) !== undefined;
    const without = roles.filter(({ programs }) => !programs.some(isThere));
    const remarks = [
      ...faults.map(faultOf),
      ...without.map(({ name, programs }) =>
        warning(
          `nobody can work as ${name}: ${programs.join(', ')} ${programs.length === 1 ? 'is' : 'are'} not there`,
          `Install one, or put its folder on PATH; then \`waybill agents check ${name}\`. PATH is ${path}.`,
        ),
      ),
    ];
    if (remarks.length > 0) return remarks;
    if (roles.length === 0) return [fine('no roles are set up; missions need some')];
    return [fine(`roles with an agent whose program is there: ${roles.map(({ name }) => name).join(', ')}`)];
  },
};
