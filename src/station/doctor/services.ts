import { exists } from '../../platform/durable.ts';
import { fileState, serviceStatus, stationServices } from '../services/install.ts';
import { usualManager } from '../services/look.ts';
import { programsAsTheyAre } from '../services/programs.ts';
import type { Service, ServiceScope } from '../services/service.ts';
import { stationId } from '../station.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';
import { missingPrograms } from './programs.ts';
import type { StationSubject } from './subject.ts';

/** Whether the services that are installed for the station are as they would be installed now, run, and see the programs that orders need. */
export const SERVICES: Check = {
  name: 'services',
  look: async ({ station, policy }) => {
    if (station === null || !exists(station.layout.stationFile)) return [];
    const { programs, fault: missing } = programsAsTheyAre();
    const remarks: Remark[] = [];
    for (const scope of ['user', 'system'] as const) {
      const installed = servicesOf(station, scope, programs).filter((service) => fileState(service) !== 'missing');
      for (const service of installed) remarks.push(...(await lookAt(service)));
      if (installed.length === 0) continue;
      if (missing !== null) remarks.push(fault(missing.message, missing.hint));
      for (const name of missingPrograms(station.root, policy?.commands ?? [], programs.path))
        remarks.push(
          warning(
            `policy.yaml names ${name}, which the PATH of the services does not have: ${programs.path}`,
            'Name it in policy.yaml with its whole path, or put it into one of these folders.',
          ),
        );
    }
    return remarks;
  },
};

function servicesOf(
  { layout, settings }: StationSubject,
  scope: ServiceScope,
  programs: Parameters<typeof stationServices>[3],
): Service[] {
  return stationServices({ id: stationId(layout), layout, settings }, usualManager(), scope, programs);
}

async function lookAt(service: Service): Promise<Remark[]> {
  const { file, drift, look } = await serviceStatus(service);
  const again = `waybill service install ${service.part}${service.scope === 'user' ? ' --user' : ''}`;
  const remarks: Remark[] = [];
  if (file === 'differs')
    remarks.push(
      warning(
        `${service.file} is not as it would be installed now: ${drift.slice(0, 4).join('; ')}`,
        `\`${again}\` writes it again.`,
      ),
    );
  if (look.running) remarks.push(fine(`the service ${service.name} runs (process ${look.pid ?? 'unknown'})`));
  else
    remarks.push(
      fault(
        `the service ${service.name} does not run: ${look.why ?? 'it is not loaded'}`,
        `\`${again}\`, then \`waybill service status\`.`,
      ),
    );
  return remarks;
}
