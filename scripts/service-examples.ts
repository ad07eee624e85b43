import { servicesOf } from '../src/station/services/plan.ts';
import { SERVICE_PARTS, type ServiceManagerName, type ServicePart } from '../src/station/services/service.ts';

/** The service files of a station that could be, as `waybill service print` writes them: launchd/ and docs/services.md show them. */
export function exampleService(manager: ServiceManagerName, part: ServicePart): { name: string; text: string } {
  const [home, programs] = manager === 'launchd' ? ['/Users/anna', '/opt/homebrew'] : ['/home/anna', '/usr/local'];
  const { name, text } =
    servicesOf({
      manager,
      scope: 'user',
      stationId: 'my-project',
      root: `${home}/my-project`,
      programs: {
        node: `${programs}/bin/node`,
        waybill: `${home}/waybill/dist/cli/main.js`,
        path: [
          ...new Set([
            `${programs}/bin`,
            '/opt/homebrew/bin',
            '/usr/local/bin',
            '/usr/bin',
            '/bin',
            '/usr/sbin',
            '/sbin',
          ]),
        ].join(':'),
      },
      home,
      config: `${home}/.config`,
      user: null,
      stopSeconds: 25,
      killGraceSeconds: 5,
      live: `${home}/my-project/.git/waybill`,
    }).find((service) => service.part === part) ?? unknown(part);
  return { name, text };
}

/** The files of launchd/, by name. */
export function launchdTemplates(): Map<string, string> {
  return new Map(
    SERVICE_PARTS.map((part) => {
      const { name, text } = exampleService('launchd', part);
      return [`${name}.plist`, text];
    }),
  );
}

function unknown(part: string): never {
  throw new Error(`there is no service ${part}`);
}
