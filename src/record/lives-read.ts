import type { Recorded } from '../order/event.ts';
import { advance, type OrderLife } from '../order/life.ts';
import { readLedger, readSegment } from './ledger.ts';

/** An order, and the sequence number of its first record. */
export interface Wanted {
  readonly woId: string;
  readonly born: number;
}

/** So much of an id surely stands in the beginning of a record's line, which is all that is looked at before it is parsed. */
const ID_BEGINNING = 20;

/**
 * The lives of some orders as the ledger on disk tells them, for those who only look; one of which it has no record is not among them. Reads
 * from the oldest of them to the end, once. Throws LEDGER_BROKEN.
 */
export function readLives(ledger: string, wanted: readonly Wanted[]): Map<string, OrderLife> {
  const lives = new Map<string, OrderLife>();
  for (const record of recordsOf(ledger, wanted)) {
    const woId = record.wo_id ?? '';
    lives.set(woId, advance(lives.get(woId) ?? null, record));
  }
  return lives;
}

/** The records of some orders, in the order of the ledger. */
export function* recordsOf(ledger: string, wanted: readonly Wanted[]): Generator<Recorded> {
  if (wanted.length === 0) return;
  const ids = new Set(wanted.map(({ woId }) => woId));
  const first = Math.min(...wanted.map(({ born }) => born));
  for (const record of readLedger(ledger, first, linesOf([...ids])))
    if (record.wo_id !== null && ids.has(record.wo_id)) yield record;
}

/** The records of one order that stand in these segments, each named by its first sequence number. */
export function* recordsIn(ledger: string, woId: string, inSegments: readonly number[]): Generator<Recorded> {
  const only = linesOf([woId]);
  for (const first of inSegments)
    for (const record of readSegment(ledger, first, only)) if (record.wo_id === woId) yield record;
}

/** Lines that may tell of these orders. One that begins unlike those we write is read, whatever it is. */
function linesOf(ids: readonly string[]): RegExp {
  const beginnings = ids.map((id) => id.slice(0, ID_BEGINNING).replaceAll('.', '\\.'));
  return new RegExp(
    `^(?!\\{"v":1,"seq":\\d{1,16},"ts":"[^"]{1,40}","event":"\\w{1,20}","wo_id":(?!"(?:${beginnings.join('|')})))`,
  );
}
