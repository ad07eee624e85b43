import { resolve } from 'node:path';
import { type CommandSandbox, commandSandbox } from '../../execute/sandbox/commands.ts';
import { findSandbox, sandboxOrRefuse } from '../../platform/sandbox/find.ts';
import { expandHome } from '../../platform/user.ts';
import { lanePolicy } from '../../policy/policy.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';

/**
 * The sandbox for the commands and checks of a job that work in `folder`, as policy has it for the lane; null for none. Throws SANDBOX_MISSING where
 * policy requires one and this machine has none.
 */
export async function sandboxFor(rt: Runtime, job: Job, folder: string): Promise<CommandSandbox | null> {
  const { use, network, writable, hidden } = lanePolicy(job.policy, rt.life(job.woId).admitted?.lane ?? '').sandbox;
  if (use === 'off') return null;
  const found = await findSandbox(process.env['PATH'] ?? '');
  if (use === 'prefer' && found.sandbox === null) return null;
  const { root } = rt.station.layout;
  const absolute = (paths: readonly string[]) => paths.map((path) => resolve(root, expandHome(path)));
  const reach = { folder, network, writable: absolute(writable), hidden: absolute(hidden) };
  return commandSandbox(rt.station, sandboxOrRefuse(found), reach);
}
