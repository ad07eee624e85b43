import { join } from 'node:path';
import { isCanary } from '../order/canary.ts';
import type { OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import type { Station } from '../station/station.ts';

/** How long what orders leave is kept where people look. Ledger and journal keep it for ever. */

/** Where the state file of an order that ended then goes after the retention time: `state/archive/YYYY/MM/DD/ID.json`. */
export function archivedStatePath(station: Station, woId: string, finishedAt: string): string {
  const [year = '', month = '', day = ''] = finishedAt.slice(0, 10).split('-');
  return join(station.layout.archive, year, month, day, `${woId}.json`);
}

/** Whether the state file of an order that ended then belongs into the archive by now. */
export function isPastRetention(station: Station, finishedAt: string | null, nowMs: number): boolean {
  return finishedAt !== null && nowMs - Date.parse(finishedAt) > station.settings.tracker.retentionDays * 86_400_000;
}

/** Whether an order was a canary, and long enough ago that what it left in state, outbox and evidence goes. */
export function isOldCanary(station: Station, life: OrderLife, nowMs: number): boolean {
  return (
    isTerminal(life.status) &&
    isCanary(life) &&
    life.finishedAt !== null &&
    nowMs - Date.parse(life.finishedAt) > station.settings.tracker.canaryHours * 3_600_000
  );
}
