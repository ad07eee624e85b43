import { join } from 'node:path';
import { plistText } from './plist.ts';
import type { Programs } from './programs.ts';
import {
  SERVICE_PARTS,
  type Service,
  type ServiceManagerName,
  type ServicePart,
  type ServiceScope,
  serviceName,
} from './service.ts';
import { unitText } from './unit.ts';

/** What the services of a station depend on; from it alone their texts follow. */
export interface ServicePlan {
  readonly manager: ServiceManagerName;
  readonly scope: ServiceScope;
  readonly stationId: string;
  /** The station's root, absolute. */
  readonly root: string;
  readonly programs: Programs;
  /** Home folder of the user who installs: files and logs of user services lie there. */
  readonly home: string;
  /** Where systemd looks for user units: $XDG_CONFIG_HOME, else ~/.config. */
  readonly config: string;
  /** Whom a system service runs as: who owns the station. Null for root, and for user services. */
  readonly user: string | null;
  /** How long a command that runs may still take when the station is told to stop, and between TERM and KILL. */
  readonly stopSeconds: number;
  readonly killGraceSeconds: number;
  /** Where logs of system services lie under launchd: the station's live folder, which its user may write. */
  readonly live: string;
}

/** After the commands have ended: to record them, land a batch that is in hand, and flush the journal. */
const CLOSING_SECONDS = 30;
const GUARDRAIL_STOP_SECONDS = 30;

/** The services of a station, pure: the same plan gives the same bytes. Throws USAGE for a path that a unit file cannot hold. */
export function servicesOf(plan: ServicePlan): Service[] {
  return SERVICE_PARTS.map((part) => serviceOf(plan, part));
}

function serviceOf(plan: ServicePlan, part: ServicePart): Service {
  const { manager, scope, root, programs } = plan;
  const name = serviceName(plan.stationId, part, manager);
  const service = {
    part,
    name,
    scope,
    manager,
    description: part === 'station' ? `Waybill station ${plan.stationId}` : `Waybill guardrail of ${plan.stationId}`,
    argv: [programs.node, programs.waybill, part === 'station' ? 'up' : 'guardrail', '--station', root],
    workingFolder: root,
    environment: { PATH: programs.path, WAYBILL_STATION: root },
    user: plan.user,
    stopSeconds:
      part === 'station'
        ? Math.ceil(plan.stopSeconds + plan.killGraceSeconds) + CLOSING_SECONDS
        : GUARDRAIL_STOP_SECONDS,
    log: manager === 'systemd' ? null : join(logFolder(plan), `waybill-${plan.stationId}-${part}.log`),
    file: join(fileFolder(plan), manager === 'launchd' ? `${name}.plist` : name),
  };
  return { ...service, text: manager === 'launchd' ? plistText(service) : unitText(service) };
}

function fileFolder({ manager, scope, home, config }: ServicePlan): string {
  if (manager === 'launchd') return scope === 'user' ? join(home, 'Library', 'LaunchAgents') : '/Library/LaunchDaemons';
  return scope === 'user' ? join(config, 'systemd', 'user') : '/etc/systemd/system';
}

function logFolder({ scope, home, live }: ServicePlan): string {
  return scope === 'user' ? join(home, 'Library', 'Logs') : live;
}
