import { locateStation } from '../station/locate.ts';
import { openStation, openStationToRead, type Station } from '../station/station.ts';

export async function stationOf(options: { readonly station?: string }): Promise<Station> {
  return openStation(await locateStation(options.station));
}

/** The same for a command that only looks: it starts no git where the repository is an ordinary one. */
export async function stationToRead(options: { readonly station?: string }): Promise<Station> {
  return openStationToRead(await locateStation(options.station));
}

export { HOW_TO_START } from '../views/order-state.ts';
