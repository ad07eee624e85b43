import { exists } from '../../platform/durable.ts';
import { type Check, fault, faultOf, fine, warning } from './finding.ts';

/** Whether there is a station, and its waybill.yaml and policy.yaml can be read. */
export const SETTINGS: Check = {
  name: 'settings',
  look: ({ station, stationFault, policyFault }) => {
    if (stationFault !== null) return [fault(stationFault.message, stationFault.hint)];
    if (station === null) return [];
    const { root, layout, settingsFault } = station;
    const faults = [settingsFault, policyFault].filter((error) => error !== null);
    if (faults.length > 0) return faults.map(faultOf);
    if (!exists(layout.stationFile))
      return [warning(`${root} has settings, but was never prepared`, 'Run `waybill init` or `waybill up`.')];
    return [fine(`waybill.yaml and policy.yaml of ${root}`)];
  },
};
