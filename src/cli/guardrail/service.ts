import pc from 'picocolors';
import {
  type Installed,
  installService,
  type ServiceStatus,
  serviceStatus,
  stationServices,
  uninstallService,
} from '../../station/services/install.ts';
import { usualManager } from '../../station/services/look.ts';
import { findPrograms, programsAsTheyAre } from '../../station/services/programs.ts';
import {
  SERVICE_PARTS,
  type Service,
  type ServiceManagerName,
  type ServiceScope,
} from '../../station/services/service.ts';
import type { Station } from '../../station/station.ts';
import { runningStation } from '../../views/order-state.ts';
import { EXIT, note, plain, print, printJson, usage } from '../output.ts';
import { stationToRead } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** `waybill service install|uninstall|status|print [station|guardrail]`. */
export async function service(what: string, part: string | undefined, options: Options): Promise<void> {
  const act = ACTS[what];
  if (act === undefined) throw usage(`service ${JSON.stringify(what)}: it is install, uninstall, status or print`);
  if (part !== undefined && !SERVICE_PARTS.some((known) => known === part))
    throw usage(`${JSON.stringify(part)} is no service of a station: they are ${SERVICE_PARTS.join(' and ')}`);
  const manager = managerOf(options);
  // Root's own services would end when root logs out: who installs as root means the machine.
  const scope: ServiceScope = options['user'] === true || process.getuid?.() !== 0 ? 'user' : 'system';
  const station = await stationToRead(options);
  const only = what === 'status' || what === 'uninstall';
  const { programs, fault } = only ? programsAsTheyAre() : { programs: findPrograms(), fault: null };
  if (fault !== null && what === 'status') note(`${fault.code} ${plain(fault.message)}`);
  const services = stationServices(station, manager, scope, programs).filter(
    (s) => part === undefined || s.part === part,
  );
  await act({ station, manager, scope, services, json: options.json === true });
}

function managerOf(options: Options): ServiceManagerName {
  const [launchd, systemd] = [options['launchd'] === true, options['systemd'] === true];
  if (launchd && systemd) throw usage('--launchd and --systemd exclude each other');
  return launchd ? 'launchd' : systemd ? 'systemd' : usualManager();
}

interface Task {
  readonly station: Station;
  readonly manager: ServiceManagerName;
  readonly scope: ServiceScope;
  readonly services: readonly Service[];
  readonly json: boolean;
}

const ACTS: Readonly<Record<string, (task: Task) => Promise<void>>> = { install, uninstall, status, print: printTexts };

async function install(task: Task): Promise<void> {
  const holder = runningStation(task.station);
  const done: { service: Service; did: Installed }[] = [];
  for (const service of task.services) done.push({ service, did: await installService(service) });
  const after = await Promise.all(task.services.map(serviceStatus));
  if (task.json) {
    printJson({ ...base(task), services: after.map((s, n) => ({ ...asJson(s), did: done[n]?.did })) });
    return;
  }
  for (const { service, did } of done) print(`${pc.green(did)} ${service.name}\n  ${plain(service.file)}`);
  const held = after.find(({ service, look }) => service.part === 'station' && look.pid !== holder?.pid);
  if (holder !== null && held !== undefined)
    note(`Process ${holder.pid} holds the station. The service is started again until it gets it: end that process.`);
  if (task.manager === 'systemd' && task.scope === 'user')
    note('They end when you log out, unless you say once: loginctl enable-linger');
  note('See how they are: `waybill service status`');
}

async function uninstall(task: Task): Promise<void> {
  const done: { service: Service; removed: boolean }[] = [];
  const logs = `${task.station.layout.live}/logs`;
  for (const service of task.services) done.push({ service, removed: await uninstallService(service, logs) });
  if (task.json) {
    printJson({
      ...base(task),
      services: done.map(({ service, removed }) => ({ part: service.part, name: service.name, removed })),
    });
    return;
  }
  for (const { service, removed } of done)
    print(`${removed ? pc.green('removed') : pc.dim('was not there')} ${service.name}`);
  if (done.some(({ service }) => service.log !== null)) note(`Logs, where there were any: ${plain(logs)}`);
}

async function status(task: Task): Promise<void> {
  const all = await Promise.all(task.services.map(serviceStatus));
  if (!all.every(isWell)) process.exitCode = EXIT.failed;
  if (task.json) {
    printJson({ ...base(task), ok: all.every(isWell), services: all.map(asJson) });
    return;
  }
  for (const one of all) print(statusText(one));
}

function isWell({ file, look }: ServiceStatus): boolean {
  return file === 'as generated' && look.running;
}

function statusText({ service, file, drift, look }: ServiceStatus): string {
  const state = look.running
    ? `${pc.green('running')}, process ${look.pid}`
    : look.loaded
      ? `${pc.red('loaded, not running')}: ${look.why}`
      : `${pc.red(look.why ?? 'not loaded')}`;
  const files = {
    'as generated': 'as it would be installed now',
    differs: `${pc.yellow('not as it would be installed now')}; \`waybill service install\` writes it again`,
    missing: `${pc.yellow('missing')}; \`waybill service install\` writes it`,
  } as const;
  return [
    `${pc.bold(service.part.padEnd(10))} ${service.name}  ${state}`,
    `           ${plain(service.file)}: ${files[file]}`,
    ...drift.map((line) => `             ${plain(line)}`),
    ...(service.log === null
      ? [`           log: journalctl ${service.scope === 'user' ? '--user ' : ''}-u ${service.name}`]
      : [`           log: ${plain(service.log)}`]),
  ].join('\n');
}

async function printTexts(task: Task): Promise<void> {
  if (task.json) {
    printJson({
      ...base(task),
      services: task.services.map(({ part, name, file, text }) => ({ part, name, file, text })),
    });
    return;
  }
  for (const { file, text } of task.services) {
    note(`${plain(file)}:`);
    print(text);
  }
}

function base({ manager, scope, station }: Task): object {
  return { manager, scope, station: station.id };
}

function asJson({ service, file, drift, look }: ServiceStatus): object {
  return {
    part: service.part,
    name: service.name,
    file: service.file,
    file_state: file,
    ...(drift.length > 0 ? { drift } : {}),
    loaded: look.loaded,
    running: look.running,
    pid: look.pid,
    last_exit: look.lastExit,
    why: look.why,
    log: service.log,
  };
}
