import { WaybillError } from '../../order/error.ts';
import type { StateDocument } from '../../order/generated.ts';
import type { Status } from '../../order/transition.ts';
import type { Station } from '../../station/station.ts';
import { newestFirst } from '../order/newest-orders.ts';
import type { Given } from './answer.ts';

const STATUSES = ['ready', 'running', 'parked', 'done', 'failed', 'rejected', 'cancelled'] as const;
const WAITS = ['approval', 'checkpoint', 'dependency', 'time', 'hold', 'agent', 'repository', 'budget'] as const;
const LIMIT = 50;

/** The last orders that are wanted, newest change first: what `waybill ls` prints. Throws USAGE. */
export async function ordersAnswer(station: Station, given: Given): Promise<{ ok: true; orders: StateDocument[] }> {
  const limit = Number(given['limit'] ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1) throw new WaybillError('USAGE', '--limit takes a whole number from 1');
  const waits = oneOf('waiting', WAITS, given['waiting']);
  const status: Status | undefined =
    oneOf('status', STATUSES, given['status']) ?? (waits === undefined ? undefined : 'parked');
  const code = given['code'] === undefined ? undefined : String(given['code']).toUpperCase().replaceAll('-', '_');
  const words = wordsOf(given['search']);
  const wanted = (state: StateDocument) =>
    (status === undefined || state.status === status) &&
    (waits === undefined || state.waiting_for === waits) &&
    (code === undefined || state.last_error?.code === code) &&
    isSame(given['lane'], state.lane) &&
    isSame(given['type'], state.type) &&
    words.every((word) => textOf(state).includes(word));
  const orders: StateDocument[] = [];
  for await (const state of newestFirst(station, status)) if (wanted(state) && orders.push(state) >= limit) break;
  return { ok: true, orders };
}

function oneOf<T extends string>(option: string, known: readonly T[], given: unknown): T | undefined {
  const found = known.find((name) => name === given);
  if (given !== undefined && found === undefined)
    throw new WaybillError('USAGE', `--${option} takes one of ${known.join(', ')}`);
  return found;
}

function isSame(wanted: unknown, is: string): boolean {
  return wanted === undefined || wanted === is;
}

function wordsOf(search: unknown): string[] {
  return String(search ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** What a search looks at, as in the catalogue of the dashboard. */
function textOf({ wo_id: woId, title, lane, last_error: error, requester }: StateDocument): string {
  return `${woId} ${title} ${lane} ${error?.code ?? ''} ${requester.user ?? `uid ${requester.uid}`}`.toLowerCase();
}
