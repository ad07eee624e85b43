import type { Place, Reach } from './needs.ts';

/** What of /run programs need: those of NixOS, and with a network the file that names who resolves names. */
const NEEDED = ['/run/current-system'];
const NEEDED_FOR_NETWORK = ['/run/systemd/resolve', '/run/NetworkManager', '/run/resolvconf'];

/**
 * The command line that runs a program in bubblewrap. The whole file system is there to read, but for `emptied` folders: of those it has its
 * own, and likewise of processes, shared memory, host name and devices. All of it ends with the program, with bwrap, and with the process that
 * started bwrap.
 */
export function bwrapArgv(
  program: string,
  argv: readonly string[],
  reach: Reach,
  emptied: readonly string[],
): string[] {
  const hiddenFolders = reach.places.filter(({ access, isFolder }) => access === 'hidden' && isFolder);
  const needed = [...NEEDED, ...(reach.network ? NEEDED_FOR_NETWORK : [])];
  return [
    program,
    '--die-with-parent',
    // no typing into the terminal of whoever started it
    '--new-session',
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...(reach.network ? [] : ['--unshare-net']),
    ...['--cap-drop', 'ALL'],
    ...['--ro-bind', '/', '/'],
    ...['--dev', '/dev', '--proc', '/proc'],
    ...emptied.flatMap((path) => ['--tmpfs', path]),
    ...needed.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--setenv', 'TMPDIR', '/tmp'],
    ...reach.places.flatMap(mount),
    // last: what lies in them has its place by now. A write says no, instead of going nowhere.
    ...hiddenFolders.flatMap(({ path }) => ['--remount-ro', path]),
    ...['--chdir', reach.cwd],
    '--',
    ...argv,
  ];
}

function mount({ path, access, isFolder }: Place): string[] {
  if (access === 'writable') return ['--bind', path, path];
  if (access === 'read only') return ['--ro-bind', path, path];
  return isFolder ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];
}
