import { tmpdir } from 'node:os';
import { fs, ifThere, statIfThere } from '../fs.ts';
import { bwrapArgv } from './bwrap.ts';
import { inOrder, type Place, type Reach, type SandboxNeeds } from './needs.ts';
import { seatbeltArgv } from './seatbelt.ts';

export type { SandboxNeeds } from './needs.ts';

/** A program that runs others with less in reach. */
export interface Sandbox {
  readonly name: 'bwrap' | 'sandbox-exec';
  /** Its absolute path. */
  readonly program: string;
}

/** A program that is not there ends with 127 then, as it does without a sandbox. */
const START = ['/bin/sh', '-c', 'exec "$@"', 'waybill-sandbox'];

/**
 * Folders for temporary files, and the one of services: their sockets are reached through a read-only mount too, and many of them start programs
 * for whoever asks.
 */
const EMPTIED = ['/run', '/tmp', '/var/tmp'];

/** The argv that runs `argv` in the sandbox. Throws IO_ERROR where the folder it begins in, or one that it may write, is not there. */
export function wrap(sandbox: Sandbox, argv: readonly string[], needs: SandboxNeeds): string[] {
  const reach = reachOf(needs);
  const started = [...START, ...argv];
  if (sandbox.name === 'bwrap') return bwrapArgv(sandbox.program, started, reach, realPaths(EMPTIED));
  return seatbeltArgv(sandbox.program, started, reach, realPaths(['/tmp', tmpdir()]));
}

/** The needs as they are on this disk. A mount on a link, or on nothing, is none. */
function reachOf({ writable, readOnly, hidden, network, cwd }: SandboxNeeds): Reach {
  const here = (paths: readonly string[], access: Place['access']): Place[] =>
    paths.flatMap((named) => {
      const path = access === 'writable' ? fs.realpathSync(named) : realPath(named);
      return path === undefined ? [] : [{ path, access, isFolder: statIfThere(path)?.isDirectory() === true }];
    });
  const places = [...here(writable, 'writable'), ...here(readOnly, 'read only'), ...here(hidden, 'hidden')];
  return { places: inOrder(places), network, cwd: fs.realpathSync(cwd) };
}

function realPaths(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => realPath(path) ?? []))];
}

function realPath(path: string): string | undefined {
  return ifThere(() => fs.realpathSync(path));
}
