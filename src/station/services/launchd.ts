import { pause } from '../../platform/clock.ts';
import type { ToolResult } from '../../platform/process.ts';
import { ask, refused } from './ask.ts';
import { NOT_LOADED, type ServiceLook, whyStopped } from './meaning.ts';
import type { Service, ServiceScope } from './service.ts';

/** Asks launchd. Throws SERVICE_MANAGER_FAILED where it cannot be asked. */
export async function lookAtLaunchd(label: string, scope: ServiceScope): Promise<ServiceLook> {
  let failed = false;
  for (const domain of domainsOf(scope)) {
    const result = await ask(['launchctl', 'print', `${domain}/${label}`]);
    if (result.exitCode === 0) return readPrint(result.stdout.toString('utf8'));
    if (!isUnknown(result)) failed = true;
  }
  if (!failed) return notLoaded();
  // no such domain (nobody is logged in on the screen), or a launchctl without `print`
  const argv = ['launchctl', 'list', label];
  const result = await ask(argv);
  if (result.exitCode === 0) return readList(result.stdout.toString('utf8'));
  if (isUnknown(result)) return notLoaded();
  throw refused(argv, result);
}

/** The user's services are in the domain of the screen session; those loaded through ssh are in the user's own. */
function domainsOf(scope: ServiceScope): string[] {
  const uid = process.getuid?.() ?? 0;
  return scope === 'system' ? ['system'] : [`gui/${uid}`, `user/${uid}`];
}

function isUnknown(result: ToolResult): boolean {
  return /could not find service/i.test(`${result.stderr} ${result.stdout.toString('utf8')}`);
}

function notLoaded(): ServiceLook {
  return { manager: 'launchd', loaded: false, running: false, pid: null, lastExit: null, why: NOT_LOADED };
}

/** What `launchctl print DOMAIN/LABEL` prints, as a look: the lines one step in; what is deeper belongs to parts of the service. */
export function readPrint(text: string): ServiceLook {
  const value = (name: string) => new RegExp(`^(?:\\t| {1,4})${name} = (.*)$`, 'm').exec(text)?.[1]?.trim();
  const pid = whole(value('pid'));
  const signal = /(\d+)$/.exec(value('last terminating signal') ?? '')?.[1];
  const code = /^-?\d+/.exec(value('last exit code') ?? '')?.[0];
  const lastExit = code !== undefined ? Number(code) : signal !== undefined ? 128 + Number(signal) : null;
  return look(pid, lastExit);
}

/** What `launchctl list LABEL` prints, as a look. LastExitStatus is that of wait(2): 32512 is exit code 127. */
export function readList(text: string): ServiceLook {
  const value = (name: string) => whole(new RegExp(`"${name}" = (-?\\d+);`).exec(text)?.[1]);
  const status = value('LastExitStatus');
  const pid = value('PID');
  // a service that runs for the first time has 0 there as well
  if (status === null || (status === 0 && pid !== null)) return look(pid, null);
  const signal = status & 0x7f;
  return look(pid, signal === 0 ? (status >> 8) & 0xff : 128 + signal);
}

function look(pid: number | null, lastExit: number | null): ServiceLook {
  const running = pid !== null && pid > 0;
  return {
    manager: 'launchd',
    loaded: true,
    running,
    pid: running ? pid : null,
    lastExit,
    why: running ? null : whyStopped(lastExit),
  };
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

/** Makes launchd read the property list and start the service. One that is loaded with another text is taken out first. */
export async function loadAgent(service: Service, changed: boolean): Promise<void> {
  const before = await lookAtLaunchd(service.name, service.scope);
  const [domain = 'system'] = domainsOf(service.scope);
  if (before.loaded && !changed) {
    if (!before.running) await ask(['launchctl', 'kickstart', `${domain}/${service.name}`]);
    return;
  }
  if (before.loaded) await unloadAgent(service);
  // somebody may have disabled it; then nothing would load it
  await ask(['launchctl', 'enable', `${domain}/${service.name}`]);
  const argv = ['launchctl', 'bootstrap', domain, service.file];
  let result = await ask(argv);
  // an older launchctl, or no session on the screen. `load` says 0 also where it failed: the look after it decides
  if (result.exitCode !== 0) result = await ask(['launchctl', 'load', '-w', service.file]);
  if (!(await becomes(service, true, 5))) throw refused(argv, result, 'did not load the service');
}

/** Takes the service out of launchd and waits for its end. One that is not loaded is no error. */
export async function unloadAgent(service: Service): Promise<void> {
  if (!(await lookAtLaunchd(service.name, service.scope)).loaded) return;
  let result: ToolResult | null = null;
  const argv = (domain: string) => ['launchctl', 'bootout', `${domain}/${service.name}`];
  for (const domain of domainsOf(service.scope)) {
    result = await ask(argv(domain), { patienceMs: (service.stopSeconds + 30) * 1000 });
    // 36 is "operation now in progress": it has been told, and takes its time
    if (result.exitCode === 0 || result.exitCode === 36) break;
  }
  if (result !== null && result.exitCode !== 0 && result.exitCode !== 36)
    result = await ask(['launchctl', 'unload', service.file], { patienceMs: (service.stopSeconds + 30) * 1000 });
  if (result !== null && !(await becomes(service, false, service.stopSeconds + 10)))
    throw refused(argv(domainsOf(service.scope)[0] ?? 'system'), result, 'did not take the service out');
}

async function becomes(service: Service, loaded: boolean, withinSeconds: number): Promise<boolean> {
  for (const until = Date.now() + withinSeconds * 1000; ; await pause(200)) {
    if ((await lookAtLaunchd(service.name, service.scope)).loaded === loaded) return true;
    if (Date.now() > until) return false;
  }
}
