import { join } from 'node:path';
import { commitsOfOrder, historyOf } from '../git/history.ts';
import { IndependentReader } from '../git/objects/independent.ts';
import { sha256 } from '../order/canonical-json.ts';
import { isOutside } from '../order/change.ts';
import { asWaybillError } from '../order/error.ts';
import type { Recorded } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import { HashCheck } from '../order/tombstone.ts';
import { exists, namesIn, readIfThere } from '../platform/durable.ts';
import { readLines } from '../platform/jsonl.ts';
import { checkEvidence, evidenceName } from '../record/evidence.ts';
import { type Anchor, JournalReader, ledgerTrailers } from '../record/journal.ts';
import { GENESIS, parseRecord, segmentPath, segments } from '../record/ledger.ts';
import { Orders } from '../record/orders.ts';
import { isOldCanary } from '../record/retention.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { accountedBy, type Seen, seenInTree } from './restore/marks.ts';

/** One thing that does not hold. Warnings are things a person may do (a rebase); errors are not. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly kind: 'ledger' | 'anchor' | 'evidence' | 'commit' | 'rewritten' | 'lost' | 'purged' | 'gap';
  readonly subject: string;
  readonly message: string;
}

export interface Verification {
  readonly records: number;
  readonly orders: number;
  readonly anchors: number;
  readonly evidence: number;
  readonly commits: number;
  readonly findings: Finding[];
}

/**
 * `waybill verify`: the chain record by record, its anchors outside, every manifest, and with a second implementation of git that the
 * commits hold what the evidence says. With `woId` the last two only for that order; the chain is always checked whole. `commits`: whether
 * that last step is taken; it reads history, and takes the longest.
 */
export async function verifyStation(
  station: Station,
  woId: string | null,
  tell: (done: string) => void = () => {},
  withCommits = true,
): Promise<Verification> {
  // Anchors first: what a running station appends meanwhile must not look like a ledger that is too short.
  const journal = new JournalReader(station.repo, refsOf(station.id).journal);
  const seen = seenInTree(station);
  const anchors = [...(await journal.anchors()), ...(await commitAnchors(station))];
  const chain = verifyChain(station);
  tell(`${chain.hashes.size} ledger records`);
  const findings = [...chain.findings];
  findings.push(...verifyAnchors(anchors, chain));
  findings.push(...chain.gaps.map(tellGap));
  findings.push(...(await verifyPurges(journal, chain)));
  tell(`${anchors.length} anchors`);
  let [evidence, commits] = [0, 0];
  const reader = new IndependentReader(station.repo.gitDir);
  const histories = new Map<string, Set<string>>();
  for (const [name, manifest] of chain.manifests) {
    const owner = name.replace(/@\d+$/, '');
    if (woId !== null && owner !== woId) continue;
    if (isCleanedUp(station, chain, owner, name)) continue;
    evidence++;
    for (const fault of checkEvidence(join(station.layout.evidence, name), manifest)) {
      findings.push({
        severity: 'error',
        kind: 'evidence',
        subject: name,
        message: `evidence ${fault.path} is ${fault.kind}`,
      });
    }
  }
  const lost = lostRecords(seen, chain);
  findings.push(...lost);
  if (woId === null && chain.findings.length + lost.length === 0) findings.push(...strayEvidence(station, chain));
  const lives = chain.orders.all().filter((life) => woId === null || life.woId === woId);
  for (const life of withCommits ? lives : []) {
    if (life.landed?.how === 'landed') {
      for (const commit of life.landed.commits) {
        commits++;
        const branch = life.landing?.branch ?? '';
        const tip = station.repo.refs.read(branch);
        const history =
          histories.get(branch) ?? (tip === null ? new Set<string>() : await historyOf(station.repo.git, tip));
        histories.set(branch, history);
        findings.push(...(await verifyCommit(station, reader, life, commit, history)));
      }
    }
    if (commits % 500 === 0) tell(`${evidence} evidence folders, ${commits} commits`);
  }
  return { records: chain.hashes.size, orders: lives.length, anchors: anchors.length, evidence, commits, findings };
}

/** What an old canary left is taken away by the tracker; the journal still has it. */
function isCleanedUp(station: Station, chain: Chain, woId: string, name: string): boolean {
  const life = chain.orders.get(woId);
  return life !== undefined && isOldCanary(station, life, Date.now()) && !exists(join(station.layout.evidence, name));
}

interface Chain {
  readonly orders: Orders;
  /** Manifest hash by evidence folder: every attempt that ended has one. */
  readonly manifests: Map<string, string>;
  /** Hash by sequence number. */
  readonly hashes: Map<number, string>;
  /** Lines of records that were emptied, by sequence number, and who emptied them. */
  readonly emptied: Map<number, string>;
  readonly purges: Finding[];
  readonly gaps: Recorded<'gap'>[];
  readonly findings: Finding[];
}

/** An emptied record has no hash to be held against, but the journal has emptied it alike. Every purge is told. */
async function verifyPurges(journal: JournalReader, chain: Chain): Promise<Finding[]> {
  if (chain.emptied.size === 0) return chain.purges;
  const kept = new Map<number, string>();
  for (const line of (await journal.ledgerLines()).split('\n'))
    if (line.includes('"purged":true')) kept.set(parseRecord(line, 'journal').seq, line);
  const other = [...chain.emptied].filter(([seq, line]) => kept.get(seq) !== line);
  return [
    ...chain.purges,
    ...other.map(
      ([seq]): Finding => ({
        severity: 'error',
        kind: 'ledger',
        subject: `ledger record ${seq}`,
        message: 'the record is marked as purged, and is another one than the journal has',
      }),
    ),
  ];
}

/** Stops at the first bad record: after it nothing is certain. */
function verifyChain(station: Station): Chain {
  const orders = new Orders();
  const hashes = new Map<number, string>();
  const manifests = new Map<string, string>();
  let head = GENESIS;
  const check = new HashCheck();
  const emptied = new Map<number, string>();
  const purges: Finding[] = [];
  const gaps: Recorded<'gap'>[] = [];
  const folder = station.layout.ledger;
  const bad = (subject: string, message: string): Chain => ({
    orders,
    hashes,
    manifests,
    emptied,
    purges,
    gaps,
    findings: [{ severity: 'error', kind: 'ledger', subject, message }],
  });
  const all = segments(folder);
  for (const first of all) {
    const file = segmentPath(folder, first);
    let n = 0;
    for (const line of readLines(file)) {
      const subject = `ledger record ${head.seq + 1} (${file}:${++n})`;
      if (!line.whole) {
        // A running station writes the last line at this moment, and a dead one left it torn: either way it was never acknowledged.
        if (first === all.at(-1)) break;
        return bad(subject, 'the line is cut short');
      }
      let record: Recorded;
      try {
        record = parseRecord(line.text, file);
      } catch (error) {
        return bad(subject, asWaybillError(error).message);
      }
      const { hash } = record;
      if (record.seq !== head.seq + 1)
        return bad(subject, `the record has sequence number ${record.seq}: records are missing or doubled`);
      if (record.prev !== head.hash) return bad(subject, 'the record does not follow the one before it');
      if (record.purged === true) emptied.set(record.seq, line.text);
      if (record.event === 'gap') gaps.push(record);
      if (record.event === 'purged')
        purges.push({
          severity: 'warning',
          kind: 'purged',
          subject: record.wo_id ?? record.data.claims[0] ?? '',
          message: `${record.data.records.length} records were emptied by ${record.data.by}${record.data.reason === '' ? '' : `: ${record.data.reason}`}`,
        });
      if (!check.accepts(record)) return bad(subject, 'the record was changed: its hash is not that of its content');
      try {
        orders.apply(record);
      } catch (error) {
        return bad(subject, asWaybillError(error).message);
      }
      head = { seq: record.seq, hash };
      hashes.set(record.seq, hash);
      const manifest = (record.data as { evidence?: { manifest_sha256: string } | null }).evidence?.manifest_sha256;
      if (manifest !== undefined && record.event !== 'landing')
        manifests.set(evidenceName(record.wo_id ?? '', record.attempt), manifest);
    }
  }
  const [unsettled] = check.unsettled();
  if (unsettled !== undefined)
    return bad(`ledger record ${unsettled}`, 'the record is marked as purged, but no record says so');
  for (const life of orders.all())
    for (let attempt = 1; attempt <= life.purgedAttempts; attempt++) manifests.delete(evidenceName(life.woId, attempt));
  return { orders, hashes, manifests, emptied, purges, gaps, findings: [] };
}

/** The anchors in the station's own order commits, wherever they are on HEAD's branch. */
export async function commitAnchors(station: Station): Promise<Anchor[]> {
  const { refs, git } = station.repo;
  const head = refs.head();
  const tip = head.kind === 'branch' ? refs.read(head.ref) : head.id;
  if (tip === null) return [];
  const log = await git.text([
    'log',
    '--fixed-strings',
    `--grep=Ledger: ${station.id} `,
    '--format=%H %at %(trailers:key=Ledger,valueonly,separator=%x20)',
    tip,
  ]);
  return log.split('\n').flatMap((line) => {
    const [commit = '', at] = line.split(' ');
    return ledgerTrailers(line, station.id).map((told) => ({ commit, ...told, upTo: 0, at: Number(at) * 1000 }));
  });
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

/** Evidence folders that no order has. */
/** Marks that tell of records which the ledger does not have, and which no gap record accounts for: `.git` is an older copy. */
function lostRecords(seen: readonly Seen[], chain: Chain): Finding[] {
  const [mark] = seen.filter(
    (it) => it.seq > 0 && chain.hashes.get(it.seq) !== it.hash && accountedBy(chain.gaps, it) === undefined,
  );
  return mark === undefined || chain.findings.length > 0
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

function strayEvidence(station: Station, chain: Chain): Finding[] {
  const alive = new Set(chain.orders.all().map((life) => evidenceName(life.woId, life.attempt)));
  return namesIn(station.layout.evidence)
    .filter((name) => !name.startsWith('.') && !chain.manifests.has(name) && !alive.has(name))
    .map((name) => ({
      severity: 'error',
      kind: 'evidence',
      subject: name,
      message: 'the evidence folder is stray: the ledger knows no such order',
    }));
}

function verifyAnchors(anchors: readonly Anchor[], chain: Chain): Finding[] {
  if (chain.findings.length > 0) return [];
  const last = chain.hashes.size;
  for (const { commit, seq, hash, at: told } of anchors) {
    // it belongs to records that were lost, which the gap record tells
    if (chain.hashes.get(seq) !== hash && accountedBy(chain.gaps, { seq, hash, at: told }) !== undefined) continue;
    const at = (message: string): Finding[] => [
      {
        severity: 'error',
        kind: 'anchor',
        subject: `ledger record ${seq}`,
        message: `${message}, as commit ${commit.slice(0, 10)} tells`,
      },
    ];
    if (seq > last) return at(`the ledger ends at record ${last}, but had a record ${seq}: its tail was cut`);
    if (seq > 0 && chain.hashes.get(seq) !== hash)
      return at(`record ${seq} is another one than it was: the ledger was rewritten`);
  }
  return [];
}

/** What a commit must say and hold. A commit that a person rewrote or dropped is told apart from one that is false. */
async function verifyCommit(
  station: Station,
  reader: IndependentReader,
  life: OrderLife,
  commit: string,
  history: ReadonlySet<string>,
): Promise<Finding[]> {
  const { repo } = station;
  const at = (severity: Finding['severity'], kind: Finding['kind'], message: string): Finding => ({
    severity,
    kind,
    subject: life.woId,
    message,
  });
  const read = await reader.commit(commit);
  const tip = repo.refs.read(life.landing?.branch ?? '');
  const findings: Finding[] = [];
  if (read === null || tip === null || !history.has(commit)) {
    const other = tip === null ? [] : await commitsOfOrder(repo.git, tip, life.woId);
    if (other[0] === undefined)
      findings.push(
        at(
          'warning',
          'lost',
          `commit ${commit.slice(0, 10)} is not on ${life.landing?.branch ?? 'its branch'} any more; the journal still has the evidence`,
        ),
      );
    else
      findings.push(
        at('warning', 'rewritten', `commit ${commit.slice(0, 10)} was rewritten as ${other[0].slice(0, 10)}`),
      );
    if (read === null) return findings;
  }
  const trailer = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(read.message)?.[1];
  if (trailer('Work-Order') !== life.woId)
    findings.push(
      at('error', 'commit', `commit ${commit.slice(0, 10)} names the order ${trailer('Work-Order') ?? 'nobody'}`),
    );
  if (trailer('Evidence') !== life.outcome?.evidence?.manifest_sha256)
    findings.push(at('error', 'commit', `commit ${commit.slice(0, 10)} names other evidence than the ledger`));
  findings.push(...(await verifyBlobs(station, reader, life, commit)));
  return findings;
}

/** The commit's files, read by the second implementation, against the receipt's subjects. Converted files have other bytes in git. */
async function verifyBlobs(
  station: Station,
  reader: IndependentReader,
  life: OrderLife,
  commit: string,
): Promise<Finding[]> {
  const receipt = readIfThere(join(station.layout.evidence, evidenceName(life.woId, life.attempt), 'receipt.json'));
  if (receipt === undefined) return []; // told by the manifest check
  const subjects = subjectsOf(receipt);
  const findings: Finding[] = [];
  for (const change of life.landing?.changes ?? []) {
    if (isOutside(change.path) || (change.after !== null && change.after.blob !== change.after.disk)) continue;
    const bytes = await reader.file(commit, change.path).catch(() => null);
    const wanted = change.after === null ? undefined : subjects.get(change.path);
    const found = bytes === null ? undefined : sha256(bytes).slice(7);
    if (found !== wanted) {
      findings.push({
        severity: 'error',
        kind: 'commit',
        subject: life.woId,
        message: `commit ${commit.slice(0, 10)} holds other bytes at ${change.path} than its evidence says`,
      });
    }
  }
  return findings;
}

function subjectsOf(receipt: Buffer): Map<string, string> {
  try {
    const value = JSON.parse(receipt.toString('utf8')) as {
      subject?: { name?: string; digest?: { sha256?: string } }[];
    };
    return new Map((value.subject ?? []).map((s) => [s.name ?? '', s.digest?.sha256 ?? '']));
  } catch {
    return new Map();
  }
}
