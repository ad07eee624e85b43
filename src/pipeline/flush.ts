import { join } from 'node:path';
import { commitTo } from '../git/objects/commit-to.ts';
import { isUnchanged, readClaim, removeClaim, requestHash } from '../intake/claim.ts';
import type { Recorded } from '../order/event.ts';
import { claimOf, type OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, exists, moveDurable, namesIn, removeTree, syncDir, writeDurable } from '../platform/durable.ts';
import { ulidTime } from '../platform/ids.ts';
import { flushEntries, journalMessage } from '../record/journal.ts';
import { recordsSince } from '../record/ledger.ts';
import { heldWork } from './isolation/held-work.ts';
import { gatherKept } from './keep.ts';
import { type Guarded, guardJournal, mendedLine, noteJournal, whatWasMended } from './restore/journal-guard.ts';
import type { Runtime } from './runtime.ts';

/** Pause after a flush that git refused (a full disk, somebody's lock). */
const FLUSH_PAUSE_MS = 5000;

/**
 * The journal commit that anchors what the ledger gained, coalesced over many orders. Only when it is synced do the claim folders
 * and refs of finished orders go: until then they are what holds their bytes. False when git cannot write now. Throws LOCK_LOST.
 */
export function flushJournal(rt: Runtime): Promise<boolean> {
  return rt.exclusively(async () => {
    if (Date.now() < rt.flushNotBefore) return rt.unjournalled.length === 0;
    // nothing is written into another .git than the one that this process knows
    rt.lock.assertHeld();
    if (await tryFlush(rt)) return true;
    rt.lock.assertHeld();
    // the second try looks whether all of the journal is there at all
    return !rt.journalIsSuspect && (await tryFlush(rt, true));
  });
}

async function tryFlush(rt: Runtime, isSuspect = rt.journalIsSuspect): Promise<boolean> {
  try {
    rt.journalIsSuspect = isSuspect;
    await flush(rt);
    rt.journalIsSuspect = false;
    rt.flushNotBefore = 0;
    return true;
  } catch (error) {
    // Nothing is lost by waiting: the ledger has the records and the claim folders the bytes.
    rt.flushNotBefore = Date.now() + FLUSH_PAUSE_MS;
    rt.log.warn({ err: error }, 'the journal could not be written; the station tries again');
    return false;
  }
}

async function flush(rt: Runtime): Promise<void> {
  const records = rt.unjournalled.slice();
  const last = records.at(-1);
  const guarded = await guardedJournal(rt, last?.seq ?? rt.ledger.head.seq);
  if (last === undefined) {
    if (rt.unswept) await sweepRefs(rt);
    return;
  }
  const touched = new Map<string, OrderLife>();
  for (const record of records) {
    const life = record.wo_id === null ? undefined : rt.orders.get(record.wo_id);
    if (life !== undefined) touched.set(life.woId, life);
  }
  if (guarded.how !== 'written_again') await commitRecords(rt, guarded.tip, records, [...touched.values()]);
  rt.step('life 8: journalled', [...touched.keys()]);
  rt.unjournalled.splice(0, records.length);
  rt.bytesSinceFlush = 0;
  rt.ids.noted(last.seq);
  const finished = [...touched.values()].filter(
    (life) => isTerminal(life.status) && rt.orders.get(life.woId)?.lastSeq === life.lastSeq,
  );
  await letGo(
    rt,
    finished,
    records.flatMap((r) => (r.event === 'rejected' || r.event === 'repeated' ? [r.data.claim] : [])),
  );
  await gatherKept(rt);
}

async function commitRecords(
  rt: Runtime,
  parent: string | null,
  records: readonly Recorded[],
  lives: readonly OrderLife[],
): Promise<void> {
  const last = records.at(-1);
  if (last === undefined) return;
  const entries = [...flushEntries(rt.station, records, lives), ...(await heldWork(rt.station, lives))];
  const { repo, layout } = rt.station;
  const message = journalMessage(`${records.length} records`, { seq: last.seq, hash: last.hash }, last.seq);
  await commitTo(repo, layout.tmp, rt.refs.journal, { parent, message, files: entries });
  noteJournal(rt.station);
}

/** Where the journal stands, put back first where somebody moved it. Only under Runtime.exclusively(). Throws GIT_FAILED. */
export async function guardedJournal(rt: Runtime, upTo: number | 'never'): Promise<Guarded> {
  const guarded = await guardJournal(rt.station, upTo, rt.journalIsSuspect ? 'tree' : 'refs');
  if (guarded.how !== null) {
    rt.log.error(guarded, whatWasMended(guarded));
    rt.emit([mendedLine(guarded)]);
  }
  return guarded;
}

/** What only had to live until the journal held it. */
async function letGo(rt: Runtime, finished: readonly OrderLife[], refusedClaims: readonly string[]): Promise<void> {
  // an order without a claim would name the folder of all claims
  const claims = [...finished.map(claimOf), ...refusedClaims].filter((claim) => claim !== '');
  const owners = new Map(finished.map((life) => [claimOf(life), life.woId]));
  for (const claim of claims) keepLateWriting(rt, claim, owners.get(claim) ?? null);
  for (const claim of claims) removeClaim(rt.station.layout.claimed, claim);
  if (claims.length > 0) syncDir(rt.station.layout.claimed);
  for (const life of finished) rt.orders.forget(life.woId);
  await sweepRefs(rt);
}

/** What a writer who did not know of the claim wrote into it afterwards is kept, and told (rule 1). */
function keepLateWriting(rt: Runtime, claim: string, woId: string | null): void {
  const taken = rt.taken.get(claim);
  rt.taken.delete(claim);
  const known = rt.read.get(claim);
  rt.read.forget(claim);
  if (known !== null && known.sha256 === taken && isUnchanged(rt.station.layout.claimed, known.request)) return;
  if (taken === undefined || !exists(join(rt.station.layout.claimed, claim))) return;
  const late = (() => {
    try {
      const request = readClaim(rt.station.layout.claimed, claim);
      return request !== null && requestHash(request) !== taken;
    } catch {
      return true;
    }
  })();
  if (!late) return;
  const kept = join(rt.station.layout.live, 'late', claim);
  ensureDir(join(kept, '..'));
  // the note first, so that a kill in between leaves no bytes of which nobody knows whose they are
  if (woId !== null) writeDurable(`${kept}.json`, `${JSON.stringify({ v: 1, wo_id: woId })}\n`);
  moveDurable(join(rt.station.layout.claimed, claim), kept);
  const name = `claim-${claim}`;
  rt.log.warn({ kept: name }, 'a drop was written to after it was claimed; what was written is kept');
  rt.emit([{ v: 1, ts: now(), agent: 'intake', event: 'wo_written_late', ok: false, wo_id: woId, kept: name }]);
}

/** Deletes the refs that held what orders replaced, of those that ended, and those of a journal that was being written again. */
async function sweepRefs(rt: Runtime): Promise<void> {
  rt.unswept = true;
  const needed = new Set<string>();
  for (const life of rt.orders.all()) needed.add(`${rt.refs.work}/${life.woId}`);
  if (!rt.hasRefs) {
    rt.unswept = false;
    return;
  }
  // an order with commands may hold contents beside us: what it says from here on counts
  rt.hasRefs = false;
  try {
    if (await sweepNeedless(rt, needed)) rt.hasRefs = true;
  } catch (error) {
    rt.hasRefs = true;
    throw error;
  }
  rt.unswept = false;
}

/** Deletes those that nobody needs; returns whether there are others. */
async function sweepNeedless(rt: Runtime, needed: ReadonlySet<string>): Promise<boolean> {
  const list = await rt.station.repo.git.text([
    'for-each-ref',
    '--format=%(refname) %(objectname)',
    rt.refs.landing,
    rt.refs.work,
  ]);
  const lines = list
    .split('\n')
    .filter((line) => line !== '' && !needed.has(line.split(' ')[0] ?? ''))
    .map((line) => `delete ${line}\n`);
  if (lines.length > 0) await rt.station.repo.git.run(['update-ref', '--stdin'], { input: lines.join('') });
  return list.split('\n').filter(Boolean).length > lines.length;
}

/**
 * Sorts what a dead station left in claimed/: claims of living orders stay; claims whose end the journal already has go; claims that the
 * ledger knows nothing of (a kill between claim and admission) come back, oldest first, to be admitted.
 */
export async function settleClaims(rt: Runtime): Promise<string[]> {
  const { claimed, ledger } = rt.station.layout;
  // copies across file systems that were never whole; their originals are still in their lanes
  for (const name of namesIn(claimed)) if (/^\.[0-9A-Z]{26}$/.test(name)) removeTree(join(claimed, name));
  const all = namesIn(claimed)
    .filter((name) => /^[0-9A-Z]{26}$/.test(name))
    .sort();
  // Claims and ids of what the next flush will take.
  const pending = new Set<string>();
  for (const record of rt.unjournalled) {
    if (record.event === 'rejected' || record.event === 'repeated') pending.add(record.data.claim);
    if (record.wo_id !== null) pending.add(record.wo_id);
  }
  const known = new Set<string>(pending);
  const over: OrderLife[] = [];
  for (const life of rt.orders.all()) {
    known.add(claimOf(life));
    if (isTerminal(life.status) && !pending.has(life.woId)) over.push(life);
  }
  // of the rest, which a kill left behind, the ledger is asked: as a rule of nothing, and never because an order waits for months
  const rest = all.filter((claim) => !known.has(claim));
  const onRecord = new Set<string>();
  // A clock that was set back could have stamped the record before the claim; a day is more than enough.
  const records = rest[0] === undefined ? [] : recordsSince(ledger, ulidTime(rest[0]) - 86_400_000);
  for (const record of records)
    if ('claim' in record.data && typeof record.data.claim === 'string') onRecord.add(record.data.claim);
  await letGo(
    rt,
    over,
    rest.filter((claim) => onRecord.has(claim)),
  );
  return rest.filter((claim) => !onRecord.has(claim));
}
