import { join } from 'node:path';
import { dropRefs, fetchFrom, headsAt, LOOK_MS, type Place, refsBelow } from '../../git/exchange.ts';
import { isInHistory } from '../../git/history.ts';
import { NO_OBJECT } from '../../git/objects/object-id.ts';
import { returnClaim } from '../../intake/reclaim.ts';
import { WaybillError } from '../../order/error.ts';
import { claimOf } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { ensureDir, exists, readIfThere, removeDurable, writeDurable } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { LineAppender } from '../../platform/jsonl.ts';
import type { ToolLimits } from '../../platform/process.ts';
import { type Chain, journalChain, ledgerHead } from '../../record/chain.ts';
import { JournalReader, keptClaimFolder } from '../../record/journal.ts';
import { readLedger, segmentPath, segments, writeCheckpoint, writeSegments } from '../../record/ledger.ts';
import { Orders } from '../../record/orders.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';

/** What came back from elsewhere. */
export interface Continued {
  readonly records: number;
  readonly keeps: number;
  readonly claims: number;
  /** Orders that are alive whose request the journal does not hold. */
  readonly missing: readonly string[];
}

/** Written before anything is changed: a start that finds it does the rest, so that journal and ledger go on together. */
interface Intent {
  readonly v: 1;
  /** The fetched refs. They go last, so the objects stay until then. */
  readonly fetched: string;
}

/**
 * Continues the station from what another place has of it: where that journal goes on from our ledger's last record, its records are appended
 * byte for byte, the refs follow, and the claims of living orders come back. Never goes back in time: of a place that has nothing newer
 * nothing is taken. Under the station's lock, before the ledger is open. Throws BACKUP_FAILED, BACKUP_DIVERGED, LEDGER_BROKEN.
 */
export async function continueFrom(station: Station, place: Place, limits: ToolLimits = {}): Promise<Continued> {
  const { repo, id } = station;
  const refs = refsOf(id);
  await finishContinuing(station);
  const there = (await headsAt(repo.git, place, { ...limits, timeoutMs: LOOK_MS })).get(id);
  if (there === undefined || there.journal === null)
    throw new WaybillError('BACKUP_FAILED', `${place.shown} holds no journal of station ${id}`);
  await dropRefs(repo.git, refs.fetched);
  const fetched = `${refs.fetched}/${newUlid().toLowerCase()}`;
  await fetchFrom(repo.git, place, id, fetched, limits);
  try {
    const chain = await journalChain(new JournalReader(repo, `${fetched}/journal`));
    if (!(await goesOn(station, chain, `${fetched}/journal`, place.shown)))
      return { records: 0, keeps: 0, claims: 0, missing: [] };
    const intent: Intent = { v: 1, fetched };
    writeDurable(intentPath(station), `${JSON.stringify(intent)}\n`);
    return await carry(station, intent, chain);
  } finally {
    if (!exists(intentPath(station))) await dropRefs(repo.git, refs.fetched);
  }
}

/** Finishes what a kill cut short in continueFrom(). Under the station's lock, before the ledger is open. */
export async function finishContinuing(station: Station): Promise<void> {
  const text = readIfThere(intentPath(station))?.toString('utf8');
  if (text === undefined) return;
  const { fetched } = JSON.parse(text) as Intent;
  const journal = new JournalReader(station.repo, `${fetched}/journal`);
  // without the refs nothing can be told; the ledger's anchors then say what holds
  if (journal.tip() !== null) await carry(station, { v: 1, fetched }, await journalChain(journal));
  removeDurable(intentPath(station));
  await dropRefs(station.repo.git, refsOf(station.id).fetched);
}

function intentPath(station: Station): string {
  return join(station.layout.live, 'continue.json');
}

/** Whether that journal has anything to go on with. Throws BACKUP_DIVERGED where it tells another history than ours. */
async function goesOn(station: Station, chain: Chain, ref: string, shown: string): Promise<boolean> {
  const { repo, layout, id } = station;
  const diverged = (message: string, hint?: string): never => {
    throw new WaybillError('BACKUP_DIVERGED', message, hint === undefined ? {} : { hint });
  };
  const [ours, theirs] = [ledgerHead(layout.ledger), chain.head];
  const shared = Math.min(ours.seq, theirs.seq);
  const our = shared === 0 ? undefined : readLedger(layout.ledger, shared).next().value;
  if (shared > 0 && our?.hash !== chain.links[shared - 1]?.record.hash)
    diverged(`record ${shared} of station ${id} is another one in ${shown} than here`);
  if (ours.seq > theirs.seq) return false;
  const [tip, now] = [repo.refs.read(ref) ?? '', repo.refs.read(refsOf(id).journal)];
  if (now === null || (now !== tip && (await isInHistory(repo.git, now, tip)))) return true;
  if (now === tip || ours.seq === theirs.seq) return ours.seq < theirs.seq;
  return diverged(
    `the journal here, ${now.slice(0, 10)}, does not lead to that in ${shown}, ${tip.slice(0, 10)}`,
    'If the ledger here lost its end, `waybill restore --ledger` rebuilds it from the journal.',
  );
}

/** Every step may be repeated; the ledger goes last but for the intent, because it is the authority. */
async function carry(station: Station, { fetched }: Intent, chain: Chain): Promise<Continued> {
  const { repo, layout, id } = station;
  const refs = refsOf(id);
  const last = segments(layout.ledger).at(-1);
  // a torn last line was never acknowledged, and only the last segment may have one
  if (last !== undefined) new LineAppender(segmentPath(layout.ledger, last)).close();

  const orders = new Orders();
  for (const { record } of chain.links) orders.apply(record);
  const { claims, missing } = await returnClaims(station, orders, new JournalReader(repo, `${fetched}/journal`));

  const updates: string[] = [];
  const tip = repo.refs.read(`${fetched}/journal`);
  const journal = repo.refs.read(refs.journal);
  if (tip !== null && tip !== journal) updates.push(`update ${refs.journal} ${tip} ${journal ?? NO_OBJECT}\n`);
  let keeps = 0;
  const present = await refsBelow(repo.git, refs.keep);
  for (const [name, to] of await refsBelow(repo.git, `${fetched}/keep`)) {
    const from = present.get(name);
    // what was kept here since then stays
    if (from === to || (from !== undefined && !(await isInHistory(repo.git, from, to)))) continue;
    updates.push(`update ${refs.keep}/${name} ${to} ${from ?? NO_OBJECT}\n`);
    keeps++;
  }
  if (updates.length > 0) await repo.git.run(['update-ref', '--stdin'], { input: updates.join('') });

  const head = ledgerHead(layout.ledger);
  const more = chain.links.slice(head.seq);
  if (more.length > 0) {
    ensureDir(layout.ledger);
    if (head.seq > 0) {
      const alive = new Orders();
      for (const { record } of chain.links.slice(0, head.seq)) alive.apply(record);
      for (const life of alive.all()) if (isTerminal(life.status)) alive.forget(life.woId);
      writeCheckpoint(layout.ledger, head, alive);
    }
    writeSegments(
      layout.ledger,
      head.seq + 1,
      more.map(({ line }) => line),
    );
  }
  removeDurable(intentPath(station));
  return { records: more.length, keeps, claims, missing };
}

async function returnClaims(
  station: Station,
  orders: Orders,
  journal: JournalReader,
): Promise<{ claims: number; missing: string[] }> {
  let claims = 0;
  const missing: string[] = [];
  for (const life of orders.all()) {
    const claim = claimOf(life);
    if (isTerminal(life.status) || claim === '' || exists(join(station.layout.claimed, claim))) continue;
    const files = await journal.filesBelow(keptClaimFolder(life));
    if (files.length === 0) missing.push(life.woId);
    else {
      returnClaim(station.layout.claimed, station.layout.tmp, claim, files);
      claims++;
    }
  }
  return { claims, missing };
}
