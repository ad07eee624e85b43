import { setImmediate } from 'node:timers/promises';
import type { EventName, Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal, type Status } from '../../order/transition.ts';
import { IdIndex } from '../../record/id-index.ts';
import { readCheckpoint, readLedger, segments } from '../../record/ledger.ts';
import { readLives } from '../../record/lives-read.ts';
import { Orders } from '../../record/orders.ts';
import type { Layout } from '../../station/layout.ts';

/** An order that failed in a time, and did not do better since. */
export interface Failure {
  readonly woId: string;
  readonly code: string;
  readonly at: string;
}

/** Orders as the ledger tells them. */
export interface OrdersSeen {
  readonly alive: readonly OrderLife[];
  /** How many ended in the time that was asked for, by how they ended last. */
  readonly ended: Readonly<Record<'done' | 'failed' | 'rejected' | 'cancelled', number>>;
  /** Oldest first. */
  readonly failures: readonly Failure[];
}

/** Records between two breaths: a station that reads its ledger goes on working. */
const AT_ONCE = 200;

/** The events that end an order, or bring one back that had ended. */
const ENDS: readonly EventName[] = [
  ...(['succeeded', 'failed', 'denied', 'expired', 'cancelled', 'rejected', 'interrupted'] as const),
  ...(['retried', 'revised'] as const),
];
/** A line that begins unlike those we write is read, whatever it is. */
const OTHERS = new RegExp(`^(?!\\{"v":1,"seq":\\d{1,16},"ts":"[^"]{1,40}","event":"(?!(?:${ENDS.join('|')})")\\w+")`);

/**
 * Looks at the ledger alone, which needs no station process and no projection: what is alive now, and what ended since `sinceMs`. Costs the
 * newest segment and the records of that time, whatever the ledger's length (rule 11). Throws LEDGER_BROKEN.
 */
export async function ordersSeen({ ledger, ids }: Layout, sinceMs: number): Promise<OrdersSeen> {
  return { alive: await aliveNow(ledger, ids), ...(await endedSince(ledger, sinceMs)) };
}

/** The orders that are alive as the ledger has them, also where no station runs. Costs the newest segment of the ledger. Throws LEDGER_BROKEN. */
export async function aliveNow(ledger: string, ids: string): Promise<OrderLife[]> {
  const checkpoint = readCheckpoint(ledger);
  const orders = Orders.from(checkpoint?.live ?? []);
  const older = new Set<string>();
  for (const record of readLedger(ledger, (checkpoint?.head.seq ?? 0) + 1)) {
    if (record.seq % AT_ONCE === 0) await setImmediate();
    const { wo_id: woId } = record;
    if (woId === null || older.has(woId)) continue;
    // one that ended before the checkpoint and is spoken of again
    if (orders.get(woId) === undefined && record.event !== 'admitted' && record.event !== 'rejected') older.add(woId);
    else orders.apply(record);
  }
  const index = new IdIndex(ids);
  const wanted = [...older].map((woId) => ({ woId, born: index.born(woId)?.born ?? 1 }));
  return [...orders.all(), ...readLives(ledger, wanted).values()].filter(({ status }) => !isTerminal(status));
}

async function endedSince(ledger: string, sinceMs: number): Promise<Omit<OrdersSeen, 'alive'>> {
  const last = new Map<string, { readonly status: keyof OrdersSeen['ended']; readonly code: string; at: string }>();
  const ended = { done: 0, failed: 0, rejected: 0, cancelled: 0 };
  let seen = 0;
  for (const record of readLedger(ledger, firstSince(ledger, sinceMs), OTHERS)) {
    if (++seen % AT_ONCE === 0) await setImmediate();
    if (Date.parse(record.ts) < sinceMs) continue;
    // input that was refused without a name counts by itself
    const name = record.wo_id ?? `record ${record.seq}`;
    const before = last.get(name);
    if (before !== undefined) ended[before.status]--;
    last.delete(name);
    const status = record.to as Status | null;
    if (status !== 'done' && status !== 'failed' && status !== 'rejected' && status !== 'cancelled') continue;
    ended[status]++;
    // what is done stays done
    if (status !== 'done') last.set(name, { status, code: codeOf(record), at: record.ts });
  }
  const failures = [...last].flatMap(([woId, { status, code, at }]) =>
    status === 'failed' ? [{ woId, code, at }] : [],
  );
  return { ended, failures };
}

function codeOf(record: Recorded): string {
  return (record.data as { error?: { code?: string } | null }).error?.code ?? record.event.toUpperCase();
}

/** The first record of the segment that may hold the first one of that time. */
export function firstSince(ledger: string, sinceMs: number): number {
  for (const first of segments(ledger).reverse()) {
    const record = readLedger(ledger, first).next().value;
    if (record !== undefined && Date.parse(record.ts) < sinceMs) return first;
  }
  return 1;
}
