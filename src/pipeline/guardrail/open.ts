import { join, resolve } from 'node:path';
import { locateRepository, openRepositoryToRead } from '../../git/repository.ts';
import { settingsLook } from '../../guardrail/settings.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { exists } from '../../platform/durable.ts';
import { layoutOf } from '../../station/layout.ts';
import { locateStation } from '../../station/locate.ts';
import { openStationToRead, type Station, stationId } from '../../station/station.ts';

/**
 * The station that is looked after, also where its waybill.yaml is gone or broken: then as it could be read last. Throws what locateStation and
 * openStation throw where no guardrail ever looked here.
 */
export async function openGuarded(named: string | undefined): Promise<Station> {
  try {
    return await openStationToRead(await locateStation(named));
  } catch (thrown) {
    const error = asWaybillError(thrown);
    if (error.code !== 'NO_STATION' && error.code !== 'SETTINGS_INVALID') throw error;
    const folder = named ?? process.env['WAYBILL_STATION'] ?? process.env['LUKA_SOT'] ?? process.cwd();
    const found = await locateRepository(resolve(folder)).catch(() => null);
    const live = join(found?.gitDir ?? folder, 'waybill');
    if (found === null || !exists(join(live, 'guardrail'))) throw error;
    const { settings } = settingsLook({ root: found.root, live, guardrail: join(live, 'guardrail') });
    const layout = layoutOf(found.root, found.gitDir, settings);
    if (!exists(layout.stationFile)) throw new WaybillError('NO_STATION', `${found.root} was never started`);
    return { id: stationId(layout), settings, layout, repo: await openRepositoryToRead(found.root) };
  }
}
