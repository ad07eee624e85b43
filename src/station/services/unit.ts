import { WaybillError } from '../../order/error.ts';
import type { Service, ServiceScope } from './service.ts';

/** Restarts wait so long. Another process may hold the station (exit 69): it is asked for again until it lets go. */
const RESTART_SECONDS = 10;

/**
 * Signals the main process alone and waits for it, so that commands it runs are ended by it, in order. Only then systemd ends what is
 * left in the group of processes (KillMode=control-group), also what left the process group.
 */
const STOP = '/bin/sh -c "kill -TERM $$MAINPID; while kill -0 $$MAINPID 2>/dev/null; do sleep 0.2; done"';

/** The systemd.service(5) of a service. Throws USAGE for a path that a unit file cannot hold. */
export function unitText(service: Omit<Service, 'text'>): string {
  const environment = Object.entries(service.environment).map(([key, value]) => quoted(`${key}=${value}`));
  const lines = [
    '# Written by `waybill service install`, and again by the next one: changes made here are lost.',
    `# Your own settings go beside it: systemctl ${service.scope === 'user' ? '--user ' : ''}edit ${service.name}`,
    '[Unit]',
    `Description=${bare(service.description)}`,
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${commandLine(service.argv)}`,
    ...(service.part === 'station'
      ? ['# one signal, to the station alone: it ends its commands itself', `ExecStop=${STOP}`]
      : []),
    `WorkingDirectory=${bare(service.workingFolder)}`,
    ...environment.map((assignment) => `Environment=${assignment}`),
    ...(service.user === null ? [] : [`User=${bare(service.user)}`]),
    'Restart=on-failure',
    `RestartSec=${RESTART_SECONDS}`,
    '# wrong usage, wrong settings or ledger, no station: another start would not help. Not 69: who holds the station lets it go',
    'RestartPreventExitStatus=64 65 66',
    'KillMode=control-group',
    `TimeoutStopSec=${service.stopSeconds}`,
    '',
    '[Install]',
    `WantedBy=${wantedBy(service.scope)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** What starts the service at a login or at boot. */
export function wantedBy(scope: ServiceScope): string {
  return scope === 'user' ? 'default.target' : 'multi-user.target';
}

/** As ExecStart= wants it. systemd refuses quotes and backslashes in the name of a program, so env starts such a one. */
function commandLine(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  if (/["'\\]/.test(program)) return ['/usr/bin/env', ...argv.map(argument)].join(' ');
  return [quoted(program), ...rest.map(argument)].join(' ');
}

/** An argument: systemd would put variables in place of what follows a dollar sign. */
function argument(text: string): string {
  return quoted(text).replaceAll('$', '$$$$');
}

/** In double quotes, with nothing in it that systemd takes for something else: specifiers, quotes, escapes. */
function quoted(text: string): string {
  if (/^[\w@.,/:=+-]+$/.test(text)) return text;
  return `"${specifiers(refuseControl(text)).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\t', '\\t')}"`;
}

/** A value that is taken to the end of the line, quotes and all. */
function bare(text: string): string {
  if (text.trim() !== text || text.endsWith('\\'))
    throw new WaybillError(
      'USAGE',
      `${JSON.stringify(text)} ends in white space or a backslash, which a unit file cannot hold`,
      {
        hint: 'Give the folder another name.',
      },
    );
  return specifiers(refuseControl(text));
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

function refuseControl(text: string): string {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text))
    throw new WaybillError('USAGE', `${JSON.stringify(text)} has a control character, which a unit file cannot hold`, {
      hint: 'Give the folder another name.',
    });
  return text;
}
