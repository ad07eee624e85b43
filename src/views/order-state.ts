import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import type { StateDocument } from '../order/generated.ts';
import { isGoodId } from '../order/id.ts';
import { readIfThere } from '../platform/durable.ts';
import { type Holder, lockHolder } from '../platform/lock.ts';
import { conforms } from '../platform/schema.ts';
import { IdIndex } from '../record/id-index.ts';
import { archivedStatePath } from '../record/retention.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';

export const HOW_TO_START =
  'No station process is running here. Start one: `waybill up`, or for what is waiting now: `waybill up --drain`.';

/** Who runs the station, or null. */
export function runningStation(station: Station): Holder | null {
  return lockHolder(station.layout.lock);
}

/** An order's state file; null where there is none, or one that is no such document: a projection counts for nothing by itself. */
export function readState(station: Station, woId: string): StateDocument | null {
  return stateIn(join(station.layout.state, `${woId}.json`));
}

function stateIn(path: string): StateDocument | null {
  const text = readIfThere(path)?.toString('utf8');
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return conforms('state', value) ? (value as StateDocument) : null;
  } catch {
    return null;
  }
}

/** The state of an order that changed last at about this time: its file, or the one in the archive, or as the journal tells it. */
export async function stateNear(station: Station, woId: string, at: string): Promise<StateDocument | null> {
  return (
    readState(station, woId) ??
    stateIn(archivedStatePath(station, woId, at)) ??
    (await stateOf(station, woId).catch(() => null))
  );
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
