import { decodeTime } from 'ulid';
import { plannedChanges } from './bookkeeping.ts';
import { sha256 } from './canonical-json.ts';
import type { OrderLife } from './life.ts';

/** What marks an order as a canary: sent through to see that the pipeline works, and cleaned up later. */
export const CANARY_TAG = 'waybill-canary';
export const CANARY_ID = 'WO-CANARY-';
/** The one file that a canary writes. */
export const CANARY_FILE = 'tmp/waybill-canary.txt';

/**
 * Whether an order was a canary: it came by the command line and was to touch nothing but its file, so that the tag hides no real work. Where its
 * records tell of no file, because it ended before it had a plan, its request is held against that of a canary.
 */
export function isCanary(life: OrderLife): boolean {
  const { admitted } = life;
  if (admitted === null || !isCalledCanary(life) || admitted.requester.via !== 'command' || admitted.works)
    return false;
  const changes = plannedChanges(life);
  return changes.length > 0 ? changes.every(({ path }) => path === CANARY_FILE) : isAsked(life.woId, admitted.request);
}

/** Id and tag of a canary, which anybody may give to an order. */
export function isCalledCanary({ woId, admitted }: OrderLife): boolean {
  return admitted?.tags.includes(CANARY_TAG) === true && woId.startsWith(CANARY_ID);
}

/** Whether these are the bytes that `waybill canary` hands in under this id, which holds the time that stands in its file. */
function isAsked(woId: string, request: { readonly sha256: string }): boolean {
  const unique = woId.slice(CANARY_ID.length);
  return isUlid(unique) && request.sha256 === sha256(canaryText(unique));
}

function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}

/** A canary as it is handed in; `unique` is a ULID. */
export function canaryText(unique: string): string {
  return JSON.stringify(canaryOrder(unique, new Date(decodeTime(unique)).toISOString()), null, 2);
}

/** The document of a canary: `unique` makes its id, `at` stands in its file. */
export function canaryOrder(unique: string, at: string) {
  const content = `Pipeline test at ${at}\nIf you see this file and a state file, the pipeline is working.\n`;
  return {
    wo_id: `${CANARY_ID}${unique}`,
    title: 'Pipeline health check - canary',
    priority: 'P0',
    owner: 'canary',
    tags: [CANARY_TAG],
    files: [{ path: CANARY_FILE, content }],
  };
}
