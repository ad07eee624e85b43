import type { Recorded } from '../../order/event.ts';
import { JournalReader } from '../../record/journal.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { accountedBy, type Seen, seenInTree } from '../restore/marks.ts';
import { type Anchors, contradicted, readAnchors } from './anchors.ts';
import { BundleCheck } from './bundles.ts';
import { verifyChain, verifyPurges } from './chain.ts';
import { verifyCommits } from './commits.ts';
import { EvidenceCheck } from './evidence.ts';
import type { Finding } from './finding.ts';
import { PacketCheck } from './packets.ts';

/** One step, and how long it took. */
export interface Step {
  readonly name: 'anchors' | 'ledger and evidence' | 'commits';
  readonly ms: number;
}

export interface Verification {
  readonly records: number;
  readonly orders: number;
  readonly anchors: number;
  readonly evidence: number;
  /** Orders that do jobs, and those of them whose bundle was held against the ledger. */
  readonly jobs: number;
  readonly bundles: number;
  readonly commits: number;
  readonly steps: Step[];
  readonly findings: Finding[];
}

/** Records between two words of progress. */
const TOLD_EVERY = 2000;

type Tell = (done: string) => void;

/**
 * `waybill verify`: the chain record by record, its anchors outside, every manifest, and with other implementations of git than ours that
 * the commits hold what the evidence says. With `woId` the last two only for that order; the chain is always checked whole. `commits`:
 * whether that last step is taken; it reads history, and takes the longest. Changes nothing, and may run beside a station.
 */
export async function verifyStation(
  station: Station,
  woId: string | null,
  tell: Tell = () => {},
  withCommits = true,
): Promise<Verification> {
  const steps: Step[] = [];
  const step = async <T>(name: Step['name'], work: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const done = await work();
    steps.push({ name, ms: Math.round(performance.now() - begun) });
    return done;
  };
  // Anchors and marks first: what a running station appends meanwhile must not look like a ledger that is too short.
  const seen = seenInTree(station);
  const anchors = await step('anchors', () => readAnchors(station));
  tell(`${anchors.size} anchors`);
  const { findings, ...read } = await step('ledger and evidence', () =>
    verifyRecords(station, woId, anchors, seen, tell),
  );
  const { commits, findings: other } = !withCommits
    ? { commits: 0, findings: [] }
    : await step('commits', () => verifyCommits(station, woId, read.records, (done) => tell(`${done} commits`)));
  return { ...read, anchors: anchors.size, commits, steps, findings: [...findings, ...other] };
}

/** A step of its own also for the memory: when it has ended nothing is kept of the ledger. */
async function verifyRecords(
  station: Station,
  woId: string | null,
  anchors: Anchors,
  seen: readonly Seen[],
  tell: Tell,
): Promise<Pick<Verification, 'records' | 'orders' | 'evidence' | 'jobs' | 'bundles' | 'findings'>> {
  const evidence = new EvidenceCheck(station, woId);
  const packets = new PacketCheck(station, woId);
  const bundles = new BundleCheck(station, woId);
  const met = new Set<Seen>();
  const chain = verifyChain(station.layout.ledger, (record, life) => {
    anchors.meet(record.seq, record.hash);
    for (const mark of seen) if (mark.seq === record.seq && mark.hash === record.hash) met.add(mark);
    evidence.take(record, life);
    packets.take(record, life);
    bundles.take(record, life);
    if (record.seq % TOLD_EVERY === 0) tell(`${record.seq} ledger records, ${evidence.looked} evidence folders`);
  });
  const { head, lives, gaps, broken } = chain;
  const findings: Finding[] = broken === null ? contradicted(anchors, gaps, head.seq) : [broken];
  findings.push(...gaps.map(tellGap));
  const purges = await verifyPurges(new JournalReader(station.repo, refsOf(station.id).journal), chain);
  findings.push(...purges.filter(({ kind, subject }) => woId === null || kind !== 'purged' || subject === woId));
  findings.push(...evidence.findings());
  const lost = broken === null ? lostRecords(seen, met, gaps) : [];
  findings.push(...lost);
  if (woId === null && broken === null && lost.length === 0) findings.push(...evidence.strays(lives));
  findings.push(...packets.findings(woId === null && broken === null && lost.length === 0));
  findings.push(...(await bundles.findings(head.seq, broken === null && lost.length === 0)));
  const orders = woId === null ? lives.size : lives.has(woId) ? 1 : 0;
  const { jobs, looked } = bundles;
  return { records: head.seq, orders, evidence: evidence.looked, jobs, bundles: looked, findings };
}

/** Nobody can mend it, so it is no error; it is told for ever. */
function tellGap({ seq, ts, data }: Recorded<'gap'>): Finding {
  const back = data.brought_back === 0 ? '' : `, after ${data.brought_back} that the backup brought back`;
  return {
    severity: 'warning',
    kind: 'gap',
    subject: `ledger record ${seq}`,
    message: `records after ${data.after} were lost${back}: a record ${data.seen_seq} was told of in ${data.where} when the station started at ${ts}`,
  };
}

/** Marks that tell of records which the ledger does not have, and which no gap record accounts for: `.git` is an older copy. */
function lostRecords(seen: readonly Seen[], met: ReadonlySet<Seen>, gaps: readonly Recorded<'gap'>[]): Finding[] {
  const mark = seen.find((it) => it.seq > 0 && !met.has(it) && accountedBy(gaps, it) === undefined);
  return mark === undefined
    ? []
    : [
        {
          severity: 'error',
          kind: 'gap',
          subject: `ledger record ${mark.seq}`,
          message: `the ${mark.where} folder tells of this record, and the ledger does not have it: records were lost. Remove nothing; where a backup has them, \`waybill restore --from\`, then start the station`,
        },
      ];
}
