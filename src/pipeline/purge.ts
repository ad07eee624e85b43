import { join } from 'node:path';
import { blobBytes } from '../git/history.ts';
import { commitsWith, type Fate, leftovers, removeObjects, rewriteHistory } from '../git/objects/expunge.ts';
import { snapshotsWith } from '../git/snapshot/read.ts';
import { isSnapshotMessage } from '../git/snapshot/take.ts';
import { isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import type { Recorded, RejectedData, Tombstone } from '../order/event.ts';
import { advance, type OrderLife } from '../order/life.ts';
import { tombstoneOf, withoutWords } from '../order/tombstone.ts';
import { isTerminal } from '../order/transition.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, namesIn, readIfThere, removeDurable, removeTree, writeDurable } from '../platform/durable.ts';
import { evidenceName } from '../record/evidence.ts';
import { chunkRange, journalFolder } from '../record/journal.ts';
import { emptiedLines } from '../record/ledger.ts';
import { projectRejection, projectResult, rejection } from '../record/result.ts';
import { resultPath } from '../record/result-path.ts';
import { projectState, stateDocument, stateText } from '../record/state.ts';
import { flushJournal } from './flush.ts';
import { removeBundle } from './jobs/show-bundle.ts';
import { removePackets } from './missions/show-packets.ts';
import { noteJournal } from './restore/journal-guard.ts';
import type { Runtime } from './runtime.ts';

/** One place that a purge could not reach, and what a person can do about it. */
export interface OutOfReach {
  readonly what: string;
  readonly hint: string;
}

export interface PurgeReport {
  readonly v: 1;
  readonly id: string;
  readonly at: string;
  readonly by: string;
  /** Ledger records that were emptied, objects that were removed from the repository. */
  readonly records: number;
  readonly objects: number;
  readonly out_of_reach: OutOfReach[];
}

/** What is written before anything is done, so that a purge cut short, by a kill or by git, is finished later. */
interface Intent {
  /** The order, or the claim of input that belongs to none. */
  readonly id: string;
  /** As it was asked for, under which the report stands. */
  readonly asked: string;
  readonly by: string;
  readonly reason: string;
}

/** Pause before a purge that git could not finish is tried again. */
const RETRY_MS = 60_000;

const intentsFolder = (rt: Runtime) => join(rt.station.layout.live, 'purges');
const intentPath = (rt: Runtime, id: string) => join(intentsFolder(rt), `${id}.json`);

/** Where the report on a purge stands. */
export function purgeReportPath(live: string, id: string): string {
  return join(live, 'purged', `${id}.json`);
}

/**
 * Takes what an order told out of ledger, journal, evidence, quarantine and results: for a secret that must not stay. `id` is an order's
 * id, or the claim of input that was rejected. Throws UNKNOWN_ORDER, ILLEGAL_TRANSITION for an order that is alive, and GIT_FAILED; what
 * git could not do then is tried again by itself.
 */
export async function purge(rt: Runtime, asked: string, by: string, reason: string): Promise<void> {
  const records = recordsOf(rt, asked);
  if (records.length === 0) throw new WaybillError('UNKNOWN_ORDER', `nothing is known of ${asked}`);
  const owner = records.find((r) => r.event === 'rejected' && r.data.claim === asked)?.wo_id;
  const life = fold(rt, owner ?? asked);
  const id = life?.woId ?? asked;
  if (life !== null && !isTerminal(life.status))
    throw new WaybillError('ILLEGAL_TRANSITION', `${id} is ${life.status}: only what has ended can be purged`, {
      hint: `\`waybill cancel ${id}\` first.`,
    });
  await carryOut(rt, { id, asked, by, reason });
}

/** Finishes purges that were cut short. One that git cannot do now never stops the station: it is tried again. */
export async function finishPurges(rt: Runtime): Promise<void> {
  const names = namesIn(intentsFolder(rt)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  if (names.length === 0 || Date.now() < rt.purgeNotBefore) return;
  for (const name of names) {
    try {
      await carryOut(rt, JSON.parse(readIfThere(join(intentsFolder(rt), name))?.toString('utf8') ?? '') as Intent);
    } catch (error) {
      rt.purgeNotBefore = Date.now() + RETRY_MS;
      rt.log.warn({ err: error, purge: name }, 'a purge is not finished; the station tries again');
    }
  }
}

/** Every step is safe to repeat. */
async function carryOut(rt: Runtime, intent: Intent): Promise<void> {
  ensureDir(intentsFolder(rt));
  writeDurable(intentPath(rt, intent.id), `${JSON.stringify(intent)}\n`);
  await flushed(rt);
  const records = recordsOf(rt, intent.id);
  const claims = records.flatMap((r) => ('claim' in r.data && typeof r.data.claim === 'string' ? [r.data.claim] : []));
  vouchFor(rt, intent, records, claims);
  // the journal vouches for it too, before anything in it is emptied
  await flushed(rt);
  rt.step('purge: recorded', [intent.id]);
  await rt.exclusively(() => empty(rt, intent, records, claims));
}

async function flushed(rt: Runtime): Promise<void> {
  if (!(await flushJournal(rt)))
    throw new WaybillError('GIT_FAILED', 'the journal cannot be written now', {
      hint: 'The purge is finished when git can write again.',
    });
}

async function empty(
  rt: Runtime,
  intent: Intent,
  records: readonly Recorded[],
  claims: readonly string[],
): Promise<void> {
  const life = fold(rt, intent.id);
  const seqs = new Set(records.map((r) => r.seq));
  rt.ledger.empty(seqs, life?.woId ?? null);
  rt.step('purge: ledger', [intent.id]);

  await rewriteJournal(rt, life, new Set(claims), seqs);
  rt.step('purge: journal', [intent.id]);

  await dropRefs(rt, [`${rt.refs.work}/${intent.id}`, ...claims.map((claim) => `${rt.refs.keep}/claim-${claim}`)]);
  const images = imagesMade(records);
  const commits = records.flatMap((r) => (r.event === 'landing' && r.data.commit !== null ? [r.data.commit] : []));
  const held = new Set([intent.id, ...claims.map((claim) => `claim-${claim}`)]);
  const ours = new RegExp(`^Ledger: (${rt.station.id} )?\\d+ sha256:[0-9a-f]{64}$`, 'm');
  const unwanted = await leftovers(
    rt.station.repo,
    // a snapshot that nothing reaches any more was deleted by a person
    (message) =>
      ours.test(message) || isSnapshotMessage(message) || held.has(/^(?:keep|work): (.*)\n/.exec(message)?.[1] ?? ''),
    [...images.map((i) => i.blob), ...commits],
  );
  const left = await removeObjects(rt.station.repo, unwanted);
  rt.step('purge: objects', [intent.id]);

  removeFiles(rt, life, records, claims);
  const report: PurgeReport = {
    v: 1,
    id: intent.asked,
    at: now(),
    by: intent.by,
    records: records.length,
    objects: unwanted.length - left.length,
    out_of_reach: await outOfReach(rt, life, images, left),
  };
  const path = purgeReportPath(rt.station.layout.live, intent.asked);
  ensureDir(join(path, '..'));
  writeDurable(path, `${JSON.stringify(report, null, 2)}\n`);
  removeDurable(intentPath(rt, intent.id));
  rt.step('purge: done', [intent.id]);
}

/** The records that tell of it: the order's own, and those of rejected input that named its id. */
function recordsOf(rt: Runtime, id: string): Recorded[] {
  const same = (other: string | null) => other?.toLowerCase() === id.toLowerCase();
  return [
    ...only(
      rt.ledger.read(1),
      (r) =>
        r.event !== 'purged' &&
        (same(r.wo_id) || (r.event === 'rejected' && (same(r.data.declared_id) || r.data.claim === id))),
    ),
  ];
}

function* only(records: Iterable<Recorded>, wanted: (record: Recorded) => boolean): Generator<Recorded> {
  for (const record of records) if (wanted(record)) yield record;
}

/** The order as the ledger tells it: the journal may have lost it in the middle of this. */
function fold(rt: Runtime, id: string): OrderLife | null {
  let life: OrderLife | null = null;
  for (const record of only(rt.ledger.read(1), (r) => r.wo_id?.toLowerCase() === id.toLowerCase()))
    life = advance(life, record);
  return life;
}

/** Puts on record which records are emptied, unless an earlier try has done so. */
function vouchFor(rt: Runtime, { id, by, reason }: Intent, records: readonly Recorded[], claims: string[]): void {
  const vouched = new Set<string>();
  for (const r of rt.ledger.read(1)) if (r.event === 'purged') for (const t of r.data.records) vouched.add(keyOf(t));
  // one that an older station emptied may have words left: it is vouched for once more, as it will be
  const open = records.map(tombstoneOf).filter((t) => !vouched.has(keyOf(t)));
  if (open.length === 0) return;
  const life = fold(rt, id);
  if (life !== null) rt.orders.recall(life);
  const data = { by, reason, records: open, claims };
  rt.record([{ event: 'purged', woId: life?.woId ?? null, attempt: life?.attempt ?? 0, from: null, to: null, data }]);
}

const keyOf = ({ seq, hash, left }: Tombstone) => `${seq} ${hash} ${left}`;

/** Contents that the order made, as git blobs. What it found there was somebody else's. */
function imagesMade(records: readonly Recorded[]): { path: string; blob: string }[] {
  return records.flatMap((r) =>
    r.event === 'started' || r.event === 'executed' || r.event === 'landing'
      ? r.data.changes.flatMap(({ path, after }) => (after === null ? [] : [{ path, blob: after.blob }]))
      : [],
  );
}

async function rewriteJournal(
  rt: Runtime,
  life: OrderLife | null,
  claims: ReadonlySet<string>,
  seqs: ReadonlySet<number>,
): Promise<void> {
  const { repo, layout } = rt.station;
  const tip = rt.journal.tip();
  if (tip === null) return;
  const own = life === null ? null : `${journalFolder(life.born, life.woId)}/`;
  const fate = async (path: string, blob: string): Promise<Fate> => {
    if (own !== null && life !== null && path.startsWith(own)) {
      // what is left of the order stays findable at every moment
      const name = path.slice(own.length);
      if (name === 'life.json') return Buffer.from(`${JSON.stringify(life)}\n`);
      return name === 'state.json' ? Buffer.from(stateText(stateDocument(rt.station, life))) : 'drop';
    }
    const claim = /^refused\/[^/]+\/[^/]+\/([^/]+)\//.exec(path)?.[1];
    if (claim !== undefined) return claims.has(claim) ? 'drop' : 'keep';
    const range = chunkRange(path);
    if (range === null || ![...seqs].some((seq) => seq >= range.first && seq <= range.last)) return 'keep';
    const bytes = await blobBytes(repo.git, blob);
    if (bytes === null) return 'keep';
    const emptied = Buffer.from(emptiedLines(bytes.toString('utf8'), seqs, path));
    return emptied.equals(bytes) ? 'keep' : emptied;
  };
  const fresh = await rewriteHistory(repo, rt.refs.journal, tip, layout.tmp, fate);
  noteJournal(rt.station, fresh);
  await repo.git.try(['reflog', 'expire', '--expire=all', rt.refs.journal]);
}

/** Refs that hold what the order's drops said; their objects go with the rest. */
async function dropRefs(rt: Runtime, refs: readonly string[]): Promise<void> {
  const { repo } = rt.station;
  for (const ref of refs) if (repo.refs.read(ref) !== null) await repo.git.run(['update-ref', '-d', ref]);
}

/** What stands where people look: in every lane and place that the records name. */
function removeFiles(
  rt: Runtime,
  life: OrderLife | null,
  records: readonly Recorded[],
  claims: readonly string[],
): void {
  const { station } = rt;
  const { layout } = station;
  for (let attempt = 1; attempt <= (life?.attempt ?? 0); attempt++)
    removeTree(join(layout.evidence, evidenceName(life?.woId ?? '', attempt)));
  if (life !== null) {
    removePackets(station, life.woId, life.attempt);
    removeBundle(station, life.woId);
    for (const r of records)
      if ('lane' in r.data && typeof r.data.lane === 'string') removeTree(resultPath(station, r.data.lane, life.woId));
    rt.show(life.woId, () => projectState(station, life));
    rt.show(life.woId, () => projectResult(station, life));
  }
  for (const r of records) {
    if (r.event !== 'rejected') continue;
    const { data } = r;
    if (data.quarantine !== null) {
      removeTree(join(layout.root, data.quarantine));
      removeTree(join(layout.root, `${data.quarantine}.error.json`));
    }
    const emptied = { ...(withoutWords(data) as RejectedData), quarantine: null };
    rt.show(data.file, () => projectRejection(station, emptied, rejection(emptied, r.wo_id)));
  }
  // the tracker writes it anew, without what it knew of this order
  removeTree(layout.followup);
  for (const claim of claims) {
    removeTree(join(layout.claimed, claim));
    for (const folder of ['unreadable', 'late']) removeTree(join(layout.live, folder, claim));
  }
}

/** What no purge can reach, each with what to do about it. */
async function outOfReach(
  rt: Runtime,
  life: OrderLife | null,
  images: readonly { path: string; blob: string }[],
  left: readonly string[],
): Promise<OutOfReach[]> {
  const { repo, layout } = rt.station;
  const found: OutOfReach[] = [];
  const paths = new Map(images.map((i) => [i.blob, i.path]));
  const commits = new Set(life?.landed?.commits ?? []);
  for (const blob of [...paths.keys()].slice(0, 100))
    for (const commit of await commitsWith(repo, blob)) commits.add(commit);
  for (const commit of commits) {
    const branches = (await repo.git.try(['for-each-ref', '--format=%(refname:short)', `--contains=${commit}`])).stdout
      .toString('utf8')
      .trim()
      .split('\n')
      .filter((b) => b !== '');
    found.push({
      what: `commit ${commit} on ${branches.join(', ') || 'no branch'}: its message has the order's title, its files what the order wrote`,
      hint: 'Rewrite the branch (git filter-repo, or an interactive rebase), then purge the order again to remove the objects.',
    });
  }
  const replaced = new Set<string>();
  for (const r of rt.ledger.read(1))
    if ((r.event === 'started' || r.event === 'landing') && r.wo_id !== life?.woId)
      for (const { before } of r.data.changes)
        if (before !== null && paths.has(before.blob)) replaced.add(r.wo_id ?? '');
  for (const other of replaced)
    found.push({
      what: `the evidence of ${other}, which shows what it found there: what this order wrote`,
      hint: `\`waybill purge ${other} --secret\` takes that out too.`,
    });
  const written = [...new Set([...paths.values()])];
  if (written.length > 0)
    found.push({
      what: `the files that it wrote, as they are now: ${written.slice(0, 20).join(', ')}`,
      hint: written.some(isOutside)
        ? 'Some lie outside the repository; mend them by hand.'
        : 'Mend them by hand, or with an order.',
    });
  if (left.length > 0)
    found.push({
      what: `${left.length} objects in packs marked to be kept, or in a store that this repository borrows from`,
      hint: `git cat-file -p ${left[0] ?? ''} shows the first; repack that store.`,
    });
  for (const remote of (await repo.git.text(['remote'])).split('\n').filter((r) => r !== ''))
    found.push({
      what: `the journal at ${remote}, if it was ever pushed there`,
      hint: `git push --force ${remote} ${rt.refs.journal}; the host may keep old objects for a while.`,
    });
  const copies = [
    ...namesIn(layout.live).filter((n) => n.startsWith('ledger.broken-')),
    ...(namesIn(join(layout.live, 'kept')).length > 0 ? ['kept'] : []),
  ];
  if (life !== null && repo.refs.read(`${rt.refs.keep}/${life.woId}`) !== null)
    found.push({
      what: `what somebody else wrote into files of this order, kept under ${rt.refs.keep}/${life.woId}`,
      hint: `\`waybill keep show ${life.woId}\` shows it; \`waybill keep prune ${life.woId}\`, then purge the order again to remove the objects.`,
    });
  const held = await snapshotsWith(repo.git, rt.refs.snapshot, new Set(paths.keys()));
  for (const { name, paths: where } of held)
    found.push({
      what: `snapshot ${name}, which holds what this order wrote: ${where.slice(0, 20).join(', ')}`,
      hint: `\`waybill snapshot rm ${name} --yes\`, then purge the order again to remove the objects.`,
    });
  for (const copy of copies)
    found.push({ what: `${join(layout.live, copy)}`, hint: 'Look through it, and delete it if it is not needed.' });
  found.push({
    what: 'names: the ids, the names of files and paths, and what it depends on stay in ledger, journal and results',
    hint: 'A secret in a name can only be made worthless: change it.',
  });
  found.push({
    what: 'clones, backups, the log of the station process, and what its commands printed elsewhere',
    hint: 'A secret that was seen is best made worthless: change it.',
  });
  return found;
}
