import { dirname, join, resolve } from 'node:path';
import type { Found } from '../git/ordinary.ts';
import { locateRepository } from '../git/repository.ts';
import { WaybillError } from '../order/error.ts';
import { exists } from '../platform/durable.ts';
import { expandHome } from '../platform/user.ts';
import { SETTINGS_FILE } from './settings.ts';

/**
 * The station's root: --station, else $WAYBILL_STATION, else $LUKA_SOT, else the nearest parent with a waybill.yaml. In a linked
 * work tree it is the station that owns the git common dir, never a second one. Throws NO_STATION.
 */
export async function locateStation(named: string | undefined, from = process.cwd()): Promise<string> {
  const given = named ?? nonEmpty(process.env['WAYBILL_STATION']) ?? nonEmpty(process.env['LUKA_SOT']);
  const here = given === undefined ? await locateRepository(from).catch(() => null) : null;
  const folder = given === undefined ? (owner(here) ?? nearest(from)) : resolve(from, expandHome(given));
  if (folder === null) throw new WaybillError('NO_STATION', `no ${SETTINGS_FILE} in ${from} or above`);
  if (!exists(folder)) throw new WaybillError('NO_STATION', `${folder} does not exist`);
  const found = here?.root === folder ? here : await locateRepository(folder);
  const root = found?.linked ? found.root : folder;
  if (!exists(join(root, SETTINGS_FILE)))
    throw new WaybillError('NO_STATION', `${root} has no ${SETTINGS_FILE}`, { hint: `Run \`waybill init ${root}\`.` });
  return root;
}

/** In a linked work tree the main one's root, where that is a station: waybill.yaml need not be on this branch, or on any. */
function owner(found: Found | null): string | null {
  return found?.linked && exists(join(found.root, SETTINGS_FILE)) ? found.root : null;
}

function nearest(from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    if (exists(join(folder, SETTINGS_FILE))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
