import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { readIfThere } from '../durable.ts';
import { runTool } from '../process.ts';
import { findProgram } from '../programs.ts';
import { type Sandbox, wrap } from './sandbox.ts';

/** A sandbox, or why there is none and what to do about it. */
export type FoundSandbox =
  | { readonly sandbox: Sandbox; readonly why: null; readonly mend: null }
  | { readonly sandbox: null; readonly why: string; readonly mend: string };

const SEATBELT = '/usr/bin/sandbox-exec';
/** A trial starts a shell that does nothing. */
const TRIAL_MS = 10_000;

const found = new Map<string, Promise<FoundSandbox>>();

/**
 * The sandbox of this machine: bwrap on Linux, sandbox-exec on macOS. Only one that works here: containers and hardened kernels forbid what it
 * is made of. Tried once in a process for each PATH. Never throws.
 */
export function findSandbox(path: string): Promise<FoundSandbox> {
  let looked = found.get(path);
  if (looked === undefined) {
    looked = lookForSandbox({ path, platform: process.platform, proc: '/proc' });
    found.set(path, looked);
  }
  return looked;
}

/** The same, looked for now. `proc`: where the kernel tells of itself. */
export async function lookForSandbox(at: {
  readonly path: string;
  readonly platform: NodeJS.Platform;
  readonly proc: string;
}): Promise<FoundSandbox> {
  if (at.platform === 'darwin') return tried({ name: 'sandbox-exec', program: SEATBELT }, at.path, ON_MACOS);
  if (at.platform !== 'linux')
    return { sandbox: null, why: `there is none for ${at.platform}`, mend: 'Run commands on Linux or macOS.' };
  const program = findProgram('bwrap', at.path);
  if (program === undefined)
    return {
      sandbox: null,
      why: `bwrap is not on PATH (${at.path})`,
      mend: 'Install it: `apt-get install bubblewrap`.',
    };
  return tried({ name: 'bwrap', program }, at.path, whatForbids(at.proc));
}

/** The sandbox that was found. Throws SANDBOX_MISSING, with what to do, where there is none. */
export function sandboxOrRefuse({ sandbox, why, mend }: FoundSandbox): Sandbox {
  if (sandbox === null)
    throw new WaybillError('SANDBOX_MISSING', `policy requires a sandbox for commands, and ${why}`, { hint: mend });
  return sandbox;
}

/** Runs a shell that does nothing, with all that is asked of the sandbox where it is asked for most. */
async function tried(sandbox: Sandbox, path: string, mend: string): Promise<FoundSandbox> {
  try {
    const needs = { writable: [], readOnly: [], hidden: [], network: false, cwd: '/' };
    const argv = wrap(sandbox, ['/bin/sh', '-c', ':'], needs);
    const { exitCode, stderr, cut } = await runTool(argv, { cwd: '/', env: { PATH: path }, timeoutMs: TRIAL_MS });
    if (exitCode === 0) return { sandbox, why: null, mend: null };
    const said = cut === undefined ? stderr.trim().split('\n')[0] || `it ended with ${exitCode}` : 'it does not end';
    return { sandbox: null, why: `${sandbox.program} does not work here: ${said.slice(0, 300)}`, mend };
  } catch (thrown) {
    return { sandbox: null, why: `${sandbox.program} does not work here: ${String(thrown)}`, mend };
  }
}

const ON_MACOS = 'It is a part of macOS: look whether this process runs in a sandbox itself; they do not nest.';

/** What the kernel says of who may make namespaces. */
function whatForbids(proc: string): string {
  const setting = (name: string) =>
    readIfThere(join(proc, 'sys', name))
      ?.toString('utf8')
      .trim();
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'AppArmor restricts user namespaces (Ubuntu since 23.10): allow them to bwrap by a profile, as docs/sandbox.md says.';
  if (setting('kernel/unprivileged_userns_clone') === '0')
    return 'User namespaces are off for users: `sysctl kernel.unprivileged_userns_clone=1`.';
  if (setting('user/max_user_namespaces') === '0')
    return 'User namespaces are off: `sysctl user.max_user_namespaces=15000`.';
  return 'In a container: allow it to make namespaces, or let policy do without a sandbox and keep to the one around it.';
}
