import { setImmediate } from 'node:timers/promises';
import { WaybillError } from '../order/error.ts';
import type { Recorded } from '../order/event.ts';
import { HashCheck } from '../order/tombstone.ts';
import { lastLines, readLines } from '../platform/jsonl.ts';
import type { JournalReader } from './journal.ts';
import { GENESIS, type LedgerHead, parseRecord, segmentPath, segments } from './ledger.ts';

/** A record with the line that it was read from: where a ledger is rebuilt, the line is what counts. */
export interface Link {
  readonly record: Recorded;
  readonly line: string;
}

/** Records between two breaths: a station that checks a chain goes on working. */
const AT_ONCE = 200;

/** A chain that is being read: takes what follows, and says what does not. */
export class Chain {
  readonly links: Link[] = [];
  readonly #check = new HashCheck();
  readonly #keeps: boolean;
  #head: LedgerHead = GENESIS;

  /** `keeps`: what was taken stays in `links`. Who only wants to know whether a chain holds needs no memory for it. */
  constructor(keeps = true) {
    this.#keeps = keeps;
  }

  get head(): LedgerHead {
    return this.#head;
  }

  /** Whether the record follows the last one and is what its hash says; then it is the last one. */
  takes(record: Recorded, line: string): boolean {
    const { seq, hash } = this.head;
    if (record.seq !== seq + 1 || record.prev !== hash || !this.#check.accepts(record)) return false;
    if (this.#keeps) this.links.push({ record, line });
    this.#head = { seq: record.seq, hash: record.hash };
    return true;
  }

  /** The first record that is marked as purged though no later record says so. */
  get unsettled(): number | undefined {
    return this.#check.unsettled()[0];
  }
}

/** The whole ledger as a journal holds it, record by record held against its hash. Throws LEDGER_BROKEN. */
export async function journalChain(journal: JournalReader, keeps = true): Promise<Chain> {
  const chain = new Chain(keeps);
  for await (const line of journal.ledgerLines()) {
    const record = parseRecord(line, 'the journal');
    if (!chain.takes(record, line))
      throw new WaybillError('LEDGER_BROKEN', `the journal's own record ${record.seq} does not follow`);
    if (record.seq % AT_ONCE === 0) await setImmediate();
  }
  if (chain.unsettled !== undefined)
    throw new WaybillError(
      'LEDGER_BROKEN',
      `the journal's own record ${chain.unsettled} is marked as purged, but no record says so`,
    );
  return chain;
}

/** Adds what a ledger on disk has beyond a chain, as far as it follows; lines that cannot be read are passed over. How many there were. */
export function takeOver(chain: Chain, ledger: string): number {
  const before = chain.links.length;
  for (const first of segments(ledger)) {
    for (const { text, whole } of readLines(segmentPath(ledger, first))) {
      const record = whole ? readable(text) : null;
      if (record !== null) chain.takes(record, text);
    }
  }
  return chain.links.length - before;
}

function readable(line: string): Recorded | null {
  try {
    return parseRecord(line, 'the ledger');
  } catch {
    return null;
  }
}

/** Where a ledger on disk stands, without opening it for writing. */
export function ledgerHead(ledger: string): LedgerHead {
  for (const first of segments(ledger).reverse()) {
    const [line] = lastLines(segmentPath(ledger, first), 1);
    if (line === undefined) continue;
    const { seq, hash } = parseRecord(line, segmentPath(ledger, first));
    return { seq, hash };
  }
  return GENESIS;
}
