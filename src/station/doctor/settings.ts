import { exists } from '../../platform/durable.ts';
import { type Check, fault, fine, warning } from './finding.ts';

/** Whether there is a station, and its waybill.yaml can be read. */
export const SETTINGS: Check = {
  name: 'settings',
  look: ({ station, stationFault }) => {
    if (stationFault !== null) return [fault(stationFault.message, stationFault.hint)];
    if (station === null) return [];
    const { root, layout, settingsFault } = station;
    if (settingsFault !== null) {
      const { file, line, column } = settingsFault.place;
      const where =
        file === undefined ? '' : `${[file, line, column].filter((part) => part !== undefined).join(':')}: `;
      return [fault(`${where}${settingsFault.message}`, settingsFault.hint)];
    }
    if (!exists(layout.stationFile))
      return [warning(`${root} has settings, but was never prepared`, 'Run `waybill init` or `waybill up`.')];
    return [fine(`waybill.yaml of ${root}`)];
  },
};
