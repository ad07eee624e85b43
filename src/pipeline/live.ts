import { WaybillError } from '../order/error.ts';
import type { Log } from '../platform/log.ts';
import { type Anchor, JournalReader } from '../record/journal.ts';
import { FileLedger, readCheckpoint, writeCheckpoint } from '../record/ledger.ts';
import { Orders } from '../record/orders.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { bringBack } from './backup/bring-back.ts';
import { noteJournal } from './restore/journal-guard.ts';
import { type Contradictions, lookOutside } from './restore/marks.ts';

/** What a start finds: the ledger, opened for writing, the orders as its checkpoint has them, and what outside does not fit it. */
export interface Live {
  readonly ledger: FileLedger;
  readonly orders: Orders;
  /** The first record that the orders do not know yet. */
  readonly from: number;
  readonly anchor: Anchor | null;
  readonly outside: Contradictions;
  /** Records that the backup brought back. */
  readonly broughtBack: number;
}

/**
 * Opens the ledger, and asks the backup for records that something outside tells of and the ledger lost. Only under the lock. Throws
 * LEDGER_BROKEN.
 */
export async function openLive(station: Station, log: Log): Promise<Live> {
  const found = await openLedger(station);
  const [newest] = found.outside.open;
  if (newest === undefined) return found;
  log.error(
    { head: found.ledger.head.seq, seen: newest },
    'records of the ledger are missing: the git folder was replaced by an older copy',
  );
  found.ledger.close();
  const brought = await bringBack(station, log);
  if (brought !== null) {
    noteJournal(station);
    log.warn(brought, `the backup brought ${brought.records} records back`);
  }
  return { ...(await openLedger(station)), broughtBack: brought?.records ?? 0 };
}

async function openLedger(station: Station): Promise<Live> {
  const { layout } = station;
  const checkpoint = readCheckpoint(layout.ledger);
  const orders = checkpoint === null ? new Orders() : Orders.from(checkpoint.live);
  const ledger = new FileLedger(layout.ledger, (head) => writeCheckpoint(layout.ledger, head, orders), checkpoint);
  const anchor = await new JournalReader(station.repo, refsOf(station.id).journal).newestAnchor();
  const outside = await lookedOutside(station, ledger, anchor);
  return { ledger, orders, from: (checkpoint?.head.seq ?? 0) + 1, anchor, outside, broughtBack: 0 };
}

/**
 * What does not fit the ledger. One that the journal can mend, because it has more records or other ones, must not be written on: `verify`
 * would never be green again. Throws LEDGER_BROKEN.
 */
async function lookedOutside(station: Station, ledger: FileLedger, anchor: Anchor | null): Promise<Contradictions> {
  const outside = await lookOutside(station, ledger, anchor);
  const { head } = ledger;
  const isOpen = outside.open.some(({ seq, hash }) => seq === anchor?.seq && hash === anchor.hash);
  // records that no journal commit held are gone with the ledger that had them: that is a gap
  if (anchor === null || !isOpen || (anchor.seq > head.seq && anchor.upTo <= head.seq)) return outside;
  const what =
    anchor.seq > head.seq
      ? `ends at record ${head.seq}, but had a record ${anchor.seq}`
      : `has another record ${anchor.seq} than it had`;
  throw new WaybillError('LEDGER_BROKEN', `the ledger ${what}, as journal commit ${anchor.commit.slice(0, 10)} tells`, {
    hint: '`waybill verify` names the fault; `waybill restore --ledger` rebuilds the ledger from the journal and keeps the broken one.',
  });
}
