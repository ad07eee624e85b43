import { basename, dirname, isAbsolute, join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { ensureDir, exists, keepFile, readIfThere, removeDurable, writeDurable } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { expandHome, userName } from '../../platform/user.ts';
import type { Station } from '../station.ts';
import { loadAgent, unloadAgent } from './launchd.ts';
import { lookAtService } from './look.ts';
import type { ServiceLook } from './meaning.ts';
import { type ServicePlan, servicesOf } from './plan.ts';
import type { Programs } from './programs.ts';
import type { Service, ServiceManagerName, ServiceScope } from './service.ts';
import { forgetUnit, loadUnit, unloadUnit } from './systemd.ts';

/**
 * The services of a station as they would be installed here and now with these programs. Throws USAGE for a path that a service file cannot
 * hold.
 */
export function stationServices(
  station: Pick<Station, 'id' | 'layout' | 'settings'>,
  manager: ServiceManagerName,
  scope: ServiceScope,
  programs: Programs,
): Service[] {
  const { layout, settings } = station;
  const home = expandHome('~');
  const xdg = process.env['XDG_CONFIG_HOME'] ?? '';
  const owner = fs.statSync(layout.root).uid;
  const plan: ServicePlan = {
    manager,
    scope,
    stationId: station.id,
    root: layout.root,
    programs,
    home,
    config: isAbsolute(xdg) ? xdg : join(home, '.config'),
    user: scope === 'system' && owner !== 0 ? (userName(owner) ?? String(owner)) : null,
    stopSeconds: settings.commands.stopSeconds,
    killGraceSeconds: settings.commands.killGraceSeconds,
    live: layout.live,
  };
  return servicesOf(plan);
}

/** What installing did to a service's file. */
export type Installed = 'installed' | 'changed' | 'unchanged';

/** Writes the service's file where it is missing or differs, and has it loaded and started. Idempotent. Throws SERVICE_MANAGER_FAILED. */
export async function installService(service: Service): Promise<Installed> {
  const state = fileState(service);
  if (state !== 'as generated') {
    for (const folder of [dirname(service.file), ...(service.log === null ? [] : [dirname(service.log)])])
      ensureDir(folder);
    writing(service, () => writeDurable(service.file, service.text));
  }
  const changed = state === 'differs';
  if (service.manager === 'launchd') await loadAgent(service, changed);
  else await loadUnit(service, changed);
  return state === 'missing' ? 'installed' : changed ? 'changed' : 'unchanged';
}

/**
 * Stops the service, has it forgotten and removes its file; true where there was anything to remove. Its log goes into `logs`, a folder of
 * the station: nothing is left outside, and nothing is lost. Throws SERVICE_MANAGER_FAILED, and then the file stays.
 */
export async function uninstallService(service: Service, logs: string): Promise<boolean> {
  const there = exists(service.file);
  const { loaded } = await lookAtService(service.name, service.manager, service.scope);
  if (service.manager === 'launchd') await unloadAgent(service);
  else await unloadUnit(service);
  writing(service, () => removeDurable(service.file));
  if (service.manager === 'systemd' && (there || loaded)) await forgetUnit(service);
  if (service.log !== null && exists(service.log)) keepFile(service.log, logs, basename(service.log));
  return there || loaded;
}

function writing(service: Service, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new WaybillError('IO_ERROR', error.message, {
      cause: error,
      hint:
        service.scope === 'system'
          ? 'Services of the whole machine take root: use sudo, or --user.'
          : `Check who owns ${dirname(service.file)}.`,
    });
  }
}

/** A service's file beside what would be installed now. */
export type FileState = 'as generated' | 'differs' | 'missing';

export function fileState(service: Service): FileState {
  const there = readIfThere(service.file);
  if (there === undefined) return 'missing';
  return there.equals(Buffer.from(service.text, 'utf8')) ? 'as generated' : 'differs';
}

/** The lines in which the installed file differs from what would be installed now, as `- is` and `+ would be`. */
export function fileDrift(service: Service): string[] {
  const is = (readIfThere(service.file)?.toString('utf8') ?? '').split('\n');
  const wouldBe = service.text.split('\n');
  return [
    ...is.filter((line) => !wouldBe.includes(line)).map((line) => `- ${line.trim()}`),
    ...wouldBe.filter((line) => !is.includes(line)).map((line) => `+ ${line.trim()}`),
  ];
}

/** One service as it stands: its file, and what the service manager says of it. Throws SERVICE_MANAGER_FAILED. */
export interface ServiceStatus {
  readonly service: Service;
  readonly file: FileState;
  readonly drift: readonly string[];
  readonly look: ServiceLook;
}

export async function serviceStatus(service: Service): Promise<ServiceStatus> {
  const file = fileState(service);
  return {
    service,
    file,
    drift: file === 'differs' ? fileDrift(service) : [],
    look: await lookAtService(service.name, service.manager, service.scope),
  };
}
