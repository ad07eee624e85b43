import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import type { StateDocument } from '../order/generated.ts';
import { isGoodId } from '../order/id.ts';
import { readIfThere } from '../platform/durable.ts';
import { type Holder, lockHolder } from '../platform/lock.ts';
import { IdIndex } from '../record/id-index.ts';
import { archivedStatePath } from '../record/retention.ts';
import { refsOf } from '../station/layout.ts';
import { locateStation } from '../station/locate.ts';
import { openStation, openStationToRead, type Station } from '../station/station.ts';

export async function stationOf(options: { readonly station?: string }): Promise<Station> {
  return openStation(await locateStation(options.station));
}

/** The same for a command that only looks: it starts no git where the repository is an ordinary one. */
export async function stationToRead(options: { readonly station?: string }): Promise<Station> {
  return openStationToRead(await locateStation(options.station));
}

/** Who runs the station, or null. */
export function runningStation(station: Station): Holder | null {
  return lockHolder(station.layout.lock);
}

export function readState(station: Station, woId: string): StateDocument | null {
  const text = readIfThere(join(station.layout.state, `${woId}.json`))?.toString('utf8');
  return text === undefined ? null : (JSON.parse(text) as StateDocument);
}

/** The state of an order that changed last at about this time: its file, or the one in the archive, or as the journal tells it. */
export async function stateNear(station: Station, woId: string, at: string): Promise<StateDocument | null> {
  const state = readState(station, woId);
  if (state !== null) return state;
  const archived = readIfThere(archivedStatePath(station, woId, at))?.toString('utf8');
  if (archived !== undefined) return JSON.parse(archived) as StateDocument;
  return stateOf(station, woId).catch(() => null);
}

/** The state of an order of any age: its file, or for one whose file is archived or cleaned up, as the journal tells it. Throws UNKNOWN_ORDER. */
export async function stateOf(station: Station, woId: string): Promise<StateDocument> {
  if (!isGoodId(woId)) throw new WaybillError('UNKNOWN_ORDER', `${JSON.stringify(woId)} is no order id`);
  const state = readState(station, woId);
  if (state !== null) return state;
  const entry = new IdIndex(station.layout.ids).born(woId);
  // only for what has no file any more
  const { JournalReader } = await import('../record/journal.ts');
  const { stateDocument } = await import('../record/state.ts');
  const journal = new JournalReader(station.repo, refsOf(station.id).journal);
  const life = entry === null ? null : await journal.life(entry.id, entry.born);
  if (life === null) throw new WaybillError('UNKNOWN_ORDER', `no order ${woId} is known here`);
  return stateDocument(station, life);
}

export const HOW_TO_START =
  'No station process is running here. Start one: `waybill up`, or for what is waiting now: `waybill up --drain`.';
