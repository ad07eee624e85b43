import { asWaybillError } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { HashCheck } from '../../order/tombstone.ts';
import { readLines } from '../../platform/jsonl.ts';
import type { JournalReader } from '../../record/journal.ts';
import { GENESIS, type LedgerHead, parseRecord, segmentPath, segments } from '../../record/ledger.ts';
import type { Finding } from './finding.ts';
import { Lives } from './lives.ts';

/** A ledger after it was read: what later steps ask of it. */
export interface Chain {
  /** The last record that holds. */
  readonly head: LedgerHead;
  readonly lives: Lives;
  /** Lines of records that were emptied, by sequence number. */
  readonly emptied: ReadonlyMap<number, string>;
  readonly purges: readonly Recorded<'purged'>[];
  readonly gaps: readonly Recorded<'gap'>[];
  /** The first thing that does not hold. */
  readonly broken: Finding | null;
}

/**
 * Reads the whole ledger in a folder, in memory that grows with its orders and not with its records. `take` gets each record that holds,
 * with the life of its order after it. Stops at the first bad record: after it nothing is certain.
 */
export function verifyChain(folder: string, take: (record: Recorded, life: OrderLife | null) => void): Chain {
  const lives = new Lives();
  const check = new HashCheck();
  const emptied = new Map<number, string>();
  const purges: Recorded<'purged'>[] = [];
  const gaps: Recorded<'gap'>[] = [];
  let head = GENESIS;
  const read = (broken: Finding | null): Chain => ({ head, lives, emptied, purges, gaps, broken });
  for (const { text, file, n, isWhole } of linesOf(folder)) {
    const bad = (why: string) => read(error(`ledger record ${head.seq + 1} (${file}:${n})`, why));
    if (!isWhole) return bad('the line is cut short');
    let record: Recorded;
    let life: OrderLife | null;
    try {
      record = parseRecord(text, file);
      if (record.seq !== head.seq + 1)
        return bad(`the record has sequence number ${record.seq}: records are missing or doubled`);
      if (record.prev !== head.hash) return bad('the record does not follow the one before it');
      if (!check.accepts(record)) return bad('the record was changed: its hash is not that of its content');
      life = lives.apply(record);
    } catch (thrown) {
      return bad(asWaybillError(thrown).message);
    }
    head = { seq: record.seq, hash: record.hash };
    if (record.purged === true) emptied.set(record.seq, text);
    if (record.event === 'gap') gaps.push(record);
    if (record.event === 'purged') purges.push(record);
    take(record, life);
  }
  const [unsettled] = check.unsettled();
  return read(
    unsettled === undefined
      ? null
      : error(`ledger record ${unsettled}`, 'the record is marked as purged, but no record says so'),
  );
}

function error(subject: string, message: string): Finding {
  return { severity: 'error', kind: 'ledger', subject, message };
}

/** Every line of a ledger and where it stands. */
function* linesOf(folder: string): Generator<{ text: string; file: string; n: number; isWhole: boolean }> {
  const all = segments(folder);
  for (const first of all) {
    const file = segmentPath(folder, first);
    let n = 0;
    for (const { text, whole } of readLines(file)) {
      // A running station writes the last line at this moment, and a dead one left it torn: either way it was never acknowledged.
      if (!whole && first === all.at(-1)) return;
      yield { text, file, n: ++n, isWhole: whole };
    }
  }
}

/** An emptied record has no hash to be held against, but the journal has emptied it alike. Every purge is told. */
export async function verifyPurges(journal: JournalReader, { emptied, purges }: Chain): Promise<Finding[]> {
  const told = purges.map(
    ({ wo_id, data: { records, claims, by, reason } }): Finding => ({
      severity: 'warning',
      kind: 'purged',
      subject: wo_id ?? claims[0] ?? '',
      message: `${records.length} records were emptied by ${by}${reason === '' ? '' : `: ${reason}`}`,
    }),
  );
  if (emptied.size === 0) return told;
  const seqs = [...emptied.keys()];
  const kept = new Map<number, string>();
  for await (const line of journal.ledgerLines(({ first, last }) => seqs.some((seq) => seq >= first && seq <= last)))
    if (line.includes('"purged":true')) kept.set(parseRecord(line, 'journal').seq, line);
  const other = seqs.filter((seq) => kept.get(seq) !== emptied.get(seq));
  return [
    ...told,
    ...other.map((seq) =>
      error(`ledger record ${seq}`, 'the record is marked as purged, and is another one than the journal has'),
    ),
  ];
}
