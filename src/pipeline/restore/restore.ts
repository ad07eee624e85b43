import { basename, join } from 'node:path';
import { droppedFiles } from '../../intake/claim.ts';
import { WaybillError } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import {
  ensureDir,
  exists,
  moveDurable,
  namesIn,
  readIfThere,
  removeTree,
  writeProjection,
} from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { journalChain, takeOver } from '../../record/chain.ts';
import { checkEvidence, evidenceName, projectEvidence } from '../../record/evidence.ts';
import { JournalReader, refusedFolder } from '../../record/journal.ts';
import { GENESIS, type LedgerHead, readLedger, segments, writeSegments } from '../../record/ledger.ts';
import { Orders } from '../../record/orders.ts';
import { projectRejection, projectResult, rejection } from '../../record/result.ts';
import { archivedStatePath, isOldCanary, isPastRetention } from '../../record/retention.ts';
import { projectState, stateDocument, stateText } from '../../record/state.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { JobFold } from '../jobs/bundle.ts';
import { keepBundlesFolder, removeBundle, writeBundle } from '../jobs/show-bundle.ts';
import { type MissionEnd, missionEnd } from '../missions/ending.ts';
import { keepPacketsFolder, removePackets, writePackets } from '../missions/show-packets.ts';
import { writeQuarantined } from '../quarantine.ts';
import { markProjections, type Seen, seenInTree, wholenessOf } from './marks.ts';

export { unmarkProjections } from './marks.ts';

/** What a restore did, in numbers: what was written, not what was there already. */
export interface Restored {
  readonly orders: number;
  readonly states: number;
  readonly results: number;
  readonly evidence: number;
  /** Terminal packets and review packets of missions. */
  readonly packets: number;
  /** Bundles of jobs. */
  readonly bundles: number;
}

/** What the ledger says that projections repeat. */
interface Told {
  readonly orders: Orders;
  readonly head: LedgerHead;
  readonly rejected: Recorded<'rejected'>[];
  /** Manifest hash by evidence folder: every attempt that ended has one. */
  readonly manifests: Map<string, string>;
  /** Every attempt of a mission that ended, and was not purged since. */
  readonly missions: MissionEnd[];
  /** Every order that does a job. */
  readonly jobs: ReadonlyMap<string, JobFold>;
}

/**
 * Rebuilds state, outbox, quarantine and evidence from ledger and journal: `waybill restore`, and the station by itself when they are
 * gone. Reads the whole ledger; writes what is missing, and with `all` what differs too. What the ledger knows nothing of stays. Throws
 * LEDGER_BROKEN where the tree tells of records that the ledger lost, unless `lossIsTold`: the marks are what a start knows it from.
 */
export async function restoreProjections(station: Station, all: boolean, lossIsTold = false): Promise<Restored> {
  const told = readTold(station, lossIsTold ? [] : seenInTree(station));
  const { orders, rejected, head } = told;
  const at = Date.now();
  // In one go: what a running station shows meanwhile must not be written over by what was read before.
  const states = new Showing(all);
  const results = new Showing(all);
  for (const record of rejected) {
    // what was purged is in quarantine no more
    const data = record.purged === true ? { ...record.data, quarantine: null } : record.data;
    projectRejection(station, data, rejection(data, record.wo_id), results.write);
  }
  const lives = orders.all().filter((life) => !isOldCanary(station, life, at));
  for (const life of lives) {
    restoreState(station, life, states, at);
    if (isTerminal(life.status) && life.status !== 'rejected') projectResult(station, life, results.write);
  }
  if (all) removePurged(station, told);
  const journal = new JournalReader(station.repo, refsOf(station.id).journal);
  for (const record of rejected)
    if (record.purged !== true) await restoreQuarantined(station, journal, record.seq, record.data);
  let evidence = 0;
  for (const life of lives)
    for (let attempt = life.purgedAttempts + 1; attempt <= life.attempt; attempt++) {
      const manifest = told.manifests.get(evidenceName(life.woId, attempt));
      if (await restoreAttempt(station, journal, life, attempt, all ? manifest : undefined)) evidence++;
    }
  // the evidence has the review packets, and was restored by now
  const packets = new Showing(all);
  for (const end of told.missions) writePackets(station, end, packets.write);
  keepPacketsFolder(station);
  const bundles = showBundles(station, told, all);
  for (const { failure } of [states, results, packets, bundles]) if (failure !== null) throw failure;
  // marks that are whole stay: somebody may have deleted a folder while we wrote, and a fresh mark in it would cover that up
  if (wholenessOf(station) !== 'whole') markProjections(station, head);
  const written = {
    states: states.written,
    results: results.written,
    packets: packets.written,
    bundles: bundles.written,
  };
  return { orders: orders.size, evidence, ...written };
}

function readTold(station: Station, seen: readonly Seen[]): Told {
  const orders = new Orders();
  const rejected: Recorded<'rejected'>[] = [];
  const manifests = new Map<string, string>();
  let missions: MissionEnd[] = [];
  const jobs = new Map<string, JobFold>();
  const lost = new Set(seen.filter(({ seq }) => seq > 0));
  let head = GENESIS;
  for (const record of readLedger(station.layout.ledger, 1)) {
    const life = orders.apply(record);
    if (life !== null) foldJob(jobs, life, record);
    const end = missionEnd(life, record);
    if (end !== null) missions.push(end);
    if (record.event === 'purged') missions = missions.filter(({ life: { woId } }) => woId !== record.wo_id);
    head = { seq: record.seq, hash: record.hash };
    for (const mark of lost) if (mark.seq === record.seq && mark.hash === record.hash) lost.delete(mark);
    if (record.event === 'rejected') rejected.push(record);
    const manifest = (record.data as { evidence?: { manifest_sha256: string } | null }).evidence?.manifest_sha256;
    if (manifest !== undefined && record.event !== 'landing')
      manifests.set(evidenceName(record.wo_id ?? '', record.attempt), manifest);
  }
  const [mark] = lost;
  if (mark !== undefined)
    throw new WaybillError(
      'LEDGER_BROKEN',
      `the ledger ends at record ${head.seq}, and the ${mark.where} folder tells of another record ${mark.seq}: records were lost`,
      {
        hint: 'Where a backup has them, `waybill restore --from PLACE` first. Then start the station (`waybill up`): it puts on record what is missing, and restores.',
      },
    );
  return { orders, head, rejected, manifests, missions, jobs };
}

function foldJob(jobs: Map<string, JobFold>, life: OrderLife, record: Recorded): void {
  const { woId, admitted } = life;
  const fold = jobs.get(woId) ?? (admitted?.job === undefined ? null : new JobFold());
  fold?.take(record, life);
  if (fold !== null) jobs.set(woId, fold);
}

/** The bundles of jobs; one that cannot be written holds up no other. */
function showBundles(station: Station, { jobs }: Told, all: boolean): Pick<Showing, 'written' | 'failure'> {
  const shown: { written: number; failure: Error | null } = { written: 0, failure: null };
  for (const fold of jobs.values()) {
    try {
      const bundle = fold.bundle(station);
      if (bundle !== null && writeBundle(station, bundle, all)) shown.written++;
    } catch (error) {
      shown.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }
  keepBundlesFolder(station);
  return shown;
}

/** Writes texts that are missing, or with `all` those that differ; one that cannot be written holds up no other. */
class Showing {
  readonly all: boolean;
  written = 0;
  failure: Error | null = null;

  constructor(all: boolean) {
    this.all = all;
  }

  readonly write = (path: string, text: string, put: (path: string, text: string) => void = writeProjection): void => {
    try {
      if (this.all ? readIfThere(path)?.toString('utf8') === text : exists(path)) return;
      put(path, text);
      this.written++;
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  };
}

/** The state file stands among the live ones, or in the archive where it belongs by now. */
function restoreState(station: Station, life: OrderLife, states: Showing, at: number): void {
  const live = join(station.layout.state, `${life.woId}.json`);
  const archived = isPastRetention(station, life.finishedAt, at)
    ? archivedStatePath(station, life.woId, life.finishedAt ?? '')
    : null;
  if (archived === null || exists(live)) projectState(station, life, states.write);
  else states.write(archived, stateText(stateDocument(station, life)));
}

/** An older copy of the tree brings back what was purged since: it goes again. */
function removePurged(station: Station, { orders, rejected }: Told): void {
  for (const life of orders.all()) {
    if (life.purgedAttempts > 0) removePackets(station, life.woId, life.purgedAttempts);
    // one of a later attempt is written again
    if (life.purgedAttempts > 0) removeBundle(station, life.woId);
    for (let attempt = 1; attempt <= life.purgedAttempts; attempt++)
      removeTree(join(station.layout.evidence, evidenceName(life.woId, attempt)));
  }
  for (const { purged, data } of rejected)
    if (purged === true && data.quarantine !== null) {
      removeTree(join(station.layout.root, data.quarantine));
      removeTree(join(station.layout.root, `${data.quarantine}.error.json`));
    }
}

/** With a manifest, a folder that does not fit it is written again as well. */
async function restoreAttempt(
  station: Station,
  journal: JournalReader,
  life: OrderLife,
  attempt: number,
  manifest: string | undefined,
): Promise<boolean> {
  const folder = join(station.layout.evidence, evidenceName(life.woId, attempt));
  if (exists(folder) && (manifest === undefined || checkEvidence(folder, manifest).length === 0)) return false;
  const files = await journal.evidence(life, attempt);
  if (files.length === 0) return false;
  projectEvidence(folder, { files });
  return true;
}

/** Rebuilds what stands in quarantine from the journal, where the claim is gone. */
export async function restoreQuarantined(
  station: Station,
  journal: JournalReader,
  seq: number,
  data: Pick<Recorded<'rejected'>['data'], 'quarantine' | 'claim' | 'secrets'>,
): Promise<void> {
  if (data.quarantine === null) return;
  const path = join(station.layout.root, data.quarantine);
  // the journal has it without its secrets: what its author wrote is not written over with that
  if (data.secrets !== undefined && exists(path)) return;
  if (namesIn(join(station.layout.claimed, data.claim)).length > 0) return;
  const files = await journal.filesBelow(refusedFolder(seq, data.claim));
  if (files.length > 0) writeQuarantined(path, droppedFiles(files));
}

/**
 * Rebuilds the ledger from the journal: for a ledger that was lost, cut or changed. What the present ledger has beyond the journal is taken
 * over as far as it follows; the old one is kept beside. Throws LEDGER_BROKEN for a journal that holds no records, or false ones.
 */
export async function restoreLedger(
  station: Station,
): Promise<{ records: number; taken: number; kept: string | null }> {
  const { ledger, ids } = station.layout;
  const chain = await journalChain(new JournalReader(station.repo, refsOf(station.id).journal));
  if (chain.links.length === 0)
    throw new WaybillError('LEDGER_BROKEN', 'the journal holds no records to rebuild the ledger from', {
      hint: 'The ledger stays as it is. `waybill restore --from` brings journal and ledger back from a backup.',
    });
  // a restore that was cut short had moved the old one away already
  const latest = namesIn(station.layout.live)
    .filter((name) => name.startsWith(`${basename(ledger)}.broken-`))
    .sort()
    .at(-1);
  const present = segments(ledger).length > 0 || latest === undefined ? ledger : join(station.layout.live, latest);
  const taken = takeOver(chain, present);
  if (chain.unsettled !== undefined)
    throw new WaybillError('LEDGER_BROKEN', `record ${chain.unsettled} is marked as purged, but no record says so`);
  // whole beside the old one before that is moved away
  const whole = join(station.layout.tmp, newUlid());
  ensureDir(whole);
  writeSegments(
    whole,
    1,
    chain.links.map(({ line }) => line),
  );
  const kept = exists(ledger) ? `${ledger}.broken-${newUlid()}` : null;
  if (kept !== null) moveDurable(ledger, kept);
  moveDurable(whole, ledger);
  removeTree(ids);
  return { records: chain.links.length - taken, taken, kept };
}
