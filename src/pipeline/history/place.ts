import { locateRepository, type Repository, repositoryAt } from '../../git/repository.ts';
import { asWaybillError, type WaybillError } from '../../order/error.ts';
import { type Layout, layoutOf, refsOf } from '../../station/layout.ts';
import { locateStation } from '../../station/locate.ts';
import { loadSettings, parseSettings, type Settings } from '../../station/settings.ts';
import { openStationToRead } from '../../station/station.ts';

/** Where history is looked for: a station, or as much of one as is left. A repository alone is enough. */
export interface Place {
  readonly repo: Repository;
  readonly layout: Layout;
  readonly settings: Settings;
  /** The ref of the journal, or null where the station is not known. */
  readonly journal: string | null;
  /** What is not as it should be, and so was not read. */
  readonly notRead: readonly string[];
}

/**
 * The station, also where its settings do not read any more or are gone: that may be just what is asked about. Default places count then, and
 * the answer says so. Throws NO_STATION outside of any repository.
 */
export async function placeOf(named: string | undefined): Promise<Place> {
  try {
    const station = await openStationToRead(await locateStation(named));
    const { repo, layout, settings } = station;
    return { repo, layout, settings, journal: refsOf(station.id).journal, notRead: [] };
  } catch (thrown) {
    const error = asWaybillError(thrown);
    if (!['NO_STATION', 'SETTINGS_INVALID', 'REPO_UNSUPPORTED'].includes(error.code)) throw error;
    return withoutSettings(named ?? process.env['WAYBILL_STATION'] ?? process.env['LUKA_SOT'] ?? process.cwd(), error);
  }
}

async function withoutSettings(folder: string, error: WaybillError): Promise<Place> {
  const found = await locateRepository(folder === '' ? process.cwd() : folder).catch(() => null);
  if (found === null) throw error;
  let settings = parseSettings(Buffer.from(''));
  try {
    settings = loadSettings(found.root);
  } catch {
    // told below
  }
  const layout = layoutOf(found.root, found.gitDir, settings);
  const why = `settings: ${error.message}; the default places were looked at`;
  return { repo: repositoryAt(found.root, found.gitDir), layout, settings, journal: null, notRead: [why] };
}
