import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Says why the need is missing on this machine, or undefined when it is there. */
type Probe = () => string | undefined;

/** The arguments of unshare that start tests/support/user-systemd.sh; the runtime folder comes after them. */
export const USER_SYSTEMD = [
  ...['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', join(import.meta.dirname, '../user-systemd.sh')],
] as const;

/** What a test may need from the machine. Add a row to teach the runner a new need. */
const NEEDS = {
  git: () => onPath(['git'], 'git'),
  'ssh-keygen': () => onPath(['ssh-keygen'], 'openssh-client'),
  zsh: () => onPath(['zsh'], 'zsh'),
  rsync: () => onPath(['rsync'], 'rsync'),
  sha256sum: () => onPath(['sha256sum'], 'coreutils'),
  // Present is not enough: containers often forbid ptrace.
  strace: () => onPath(['strace'], 'strace') ?? works('strace', ['-f', '-o', '/dev/null', 'true']),
  // Present is not enough: containers often forbid namespaces.
  bwrap: () =>
    onPath(['bwrap'], 'bubblewrap') ??
    works('bwrap', [...['--ro-bind', '/', '/', '--unshare-pid', '--unshare-net', '--proc', '/proc'], 'true']),
  // makes a terminal for a program that asks on one
  script: () => onPath(['script'], 'bsdutils') ?? works('script', ['-qec', 'true', '/dev/null']),
  // a terminal that says what stands on its screen
  tmux: () => onPath(['tmux'], 'tmux'),
  chromium: () => onPath(['chromium', 'chromium-browser', 'google-chrome'], 'chromium'),
  // a desktop's notifications: a bus of one's own, a program that notifies, and what a small receiver is written with
  notifications: () =>
    onPath(['dbus-run-session'], 'dbus') ??
    onPath(['notify-send'], 'libnotify-bin') ??
    works('/usr/bin/python3', ['-c', 'import dbus, gi.repository'], 'apt-get install python3-dbus python3-gi') ??
    works('dbus-run-session', ['--', 'true']),
  // reads what /metrics says
  'prometheus-client': () =>
    works('/usr/bin/python3', ['-c', 'import prometheus_client.parser'], 'apt-get install python3-prometheus-client'),
  xmllint: () => onPath(['xmllint'], 'libxml2-utils'),
  'systemd-analyze': () => onPath(['systemd-analyze'], 'systemd'),
  // A systemd of one user, in namespaces of its own, with cgroups it may make: root, and a machine that allows it.
  'user-systemd': () =>
    onPath(['systemd-analyze'], 'systemd') ??
    onPath(['nsenter'], 'util-linux') ??
    works('unshare', [...USER_SYSTEMD, mkdtempSync(join(tmpdir(), 'waybill-need-')), 'probe']),
  linux: () => onPlatform('linux'),
  darwin: () => onPlatform('darwin'),
} satisfies Record<string, Probe>;

export type NeedName = keyof typeof NEEDS;

/** The first need that is missing, as "zsh: no zsh on PATH (...)". Throws on a name not in the table. */
export function firstMissingNeed(needs: readonly NeedName[]): string | undefined {
  for (const need of needs) {
    if (!Object.hasOwn(NEEDS, need)) {
      throw new Error(`unknown need "${need}"; known: ${Object.keys(NEEDS).join(', ')}`);
    }
    const why = NEEDS[need]();
    if (why !== undefined) return `${need}: ${why}`;
  }
  return undefined;
}

/** The first of these commands found on PATH, as an absolute path. */
export function findOnPath(commands: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

function onPath(commands: readonly string[], debianPackage: string): string | undefined {
  if (findOnPath(commands) !== undefined) return undefined;
  return `no ${commands.join(' or ')} on PATH (Debian: apt-get install ${debianPackage})`;
}

function onPlatform(platform: NodeJS.Platform): string | undefined {
  return process.platform === platform ? undefined : `this machine is ${process.platform}`;
}

function works(command: string, args: readonly string[], remedy = ''): string | undefined {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  const why = (stderr ?? '').trim().split('\n')[0] ?? '';
  return status === 0
    ? undefined
    : `${command} does not work here: ${why}${remedy === '' ? '' : ` (Debian: ${remedy})`}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
