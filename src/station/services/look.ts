import { WaybillError } from '../../order/error.ts';
import { lookAtLaunchd } from './launchd.ts';
import { NOT_LOADED, type ServiceLook } from './meaning.ts';
import type { ServiceManagerName, ServiceScope } from './service.ts';
import { lookAtSystemd } from './systemd.ts';

/** The service manager of this platform. */
export function usualManager(platform: NodeJS.Platform = process.platform): ServiceManagerName {
  return platform === 'darwin' ? 'launchd' : 'systemd';
}

/**
 * Asks launchd (`name` is a label) or systemd (a unit; without a suffix `.service` is meant) about a service. Without a scope the user's
 * services are asked for first, then those of the machine. Throws SERVICE_MANAGER_FAILED where the service manager cannot be asked: that is
 * not the same as a service that is not loaded.
 */
export async function lookAtService(
  name: string,
  manager: ServiceManagerName = usualManager(),
  scope?: ServiceScope,
): Promise<ServiceLook> {
  if (!/^[\w@.:-]+$/.test(name) || name.startsWith('-'))
    throw new WaybillError('USAGE', `${JSON.stringify(name)} is no name of a service`);
  const scopes: readonly ServiceScope[] = scope === undefined ? ['user', 'system'] : [scope];
  const look = manager === 'launchd' ? lookAtLaunchd : lookAtSystemd;
  let found: ServiceLook | null = null;
  let failure: unknown = null;
  for (const one of scopes) {
    try {
      const said = await look(name, one);
      if (said.loaded) return said;
      // what is known of a service that cannot be loaded says more than that there is none
      if (found === null || found.why === NOT_LOADED) found = said;
    } catch (thrown) {
      failure ??= thrown;
    }
  }
  // nobody knows of it, but not everybody could be asked
  if (failure !== null) throw failure;
  if (found === null) throw new WaybillError('INTERNAL', `nobody was asked about ${name}`);
  return found;
}
