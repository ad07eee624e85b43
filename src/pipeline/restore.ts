import { basename, join } from 'node:path';
import { droppedFiles } from '../intake/claim.ts';
import { WaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import {
  ensureDir,
  exists,
  moveDurable,
  namesIn,
  removeDurable,
  removeTree,
  writeDurable,
  writeProjection,
} from '../platform/durable.ts';
import { newUlid } from '../platform/ids.ts';
import { journalChain, takeOver } from '../record/chain.ts';
import { checkEvidence, evidenceName, projectEvidence } from '../record/evidence.ts';
import { JournalReader, refusedFolder } from '../record/journal.ts';
import { readLedger, segmentPath, segments } from '../record/ledger.ts';
import { Orders } from '../record/orders.ts';
import { lanesOf, projectRejection, projectResult, rejection, resultPath } from '../record/result.ts';
import { archivedStatePath, isOldCanary, isPastRetention } from '../record/retention.ts';
import { projectState, stateDocument, stateText } from '../record/state.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { writeQuarantined } from './admit.ts';

/** A file in the state folder that says the projections below it are whole; gone when somebody deleted the folder. */
const MARKER = '.waybill';

/** What a restore did, in numbers. */
export interface Restored {
  readonly orders: number;
  readonly states: number;
  readonly results: number;
  readonly evidence: number;
}

/** Whether state or outbox was deleted behind our back. */
export function projectionsAreWhole(station: Station): boolean {
  return [station.layout.state, station.layout.outbox, station.layout.evidence].every((folder) =>
    exists(join(folder, MARKER)),
  );
}

/** Asks a running station to restore: it looks for the marks before it sleeps. */
export function unmarkProjections(station: Station): void {
  for (const folder of [station.layout.state, station.layout.outbox, station.layout.evidence])
    removeDurable(join(folder, MARKER));
}

export function markProjectionsWhole(station: Station): void {
  for (const folder of [station.layout.state, station.layout.outbox, station.layout.evidence])
    writeProjection(join(folder, MARKER), `${station.id}\n`);
}

/**
 * Rebuilds state, outbox, quarantine and evidence from ledger and journal: `waybill restore`, and the station by itself when they are
 * gone. Reads the whole ledger; writes what is missing, or everything with `all`.
 */
export async function restoreProjections(station: Station, all: boolean): Promise<Restored> {
  const orders = new Orders();
  const journal = new JournalReader(station.repo, refsOf(station.id).journal);
  let results = 0;
  for (const record of readLedger(station.layout.ledger, 1)) {
    orders.apply(record);
    if (record.event !== 'rejected') continue;
    // what was purged is in quarantine no more
    const data = record.purged === true ? { ...record.data, quarantine: null } : record.data;
    projectRejection(station, data, rejection(data, record.wo_id));
    results++;
    await restoreQuarantined(station, journal, record.seq, data);
  }
  let [states, evidence] = [0, 0];
  const at = Date.now();
  for (const life of orders.all()) {
    if (isOldCanary(station, life, at)) continue;
    if (restoreState(station, life, all, at)) states++;
    if (
      isTerminal(life.status) &&
      life.status !== 'rejected' &&
      (all || lanesOf(life).some((lane) => !exists(resultPath(station, lane, life.woId))))
    ) {
      projectResult(station, life);
      results++;
    }
    for (let attempt = life.purgedAttempts + 1; attempt <= life.attempt; attempt++)
      if (await restoreAttempt(station, journal, life, attempt, all)) evidence++;
  }
  markProjectionsWhole(station);
  return { orders: orders.size, states, results, evidence };
}

/** The state file stands among the live ones, or in the archive where it belongs by now. */
function restoreState(station: Station, life: OrderLife, all: boolean, at: number): boolean {
  const live = join(station.layout.state, `${life.woId}.json`);
  const archived = isPastRetention(station, life.finishedAt, at)
    ? archivedStatePath(station, life.woId, life.finishedAt ?? '')
    : null;
  if (!all && [live, archived].some((path) => path !== null && exists(path))) return false;
  if (archived === null || exists(live)) projectState(station, life);
  else writeProjection(archived, stateText(stateDocument(station, life)));
  return true;
}

async function restoreAttempt(
  station: Station,
  journal: JournalReader,
  life: OrderLife,
  attempt: number,
  all: boolean,
): Promise<boolean> {
  const folder = join(station.layout.evidence, evidenceName(life.woId, attempt));
  if (exists(folder) && !all) return false;
  const files = await journal.evidence(life, attempt);
  if (files.length === 0) return false;
  const manifest = attempt === life.attempt ? life.outcome?.evidence?.manifest_sha256 : undefined;
  if (exists(folder) && manifest !== undefined && checkEvidence(folder, manifest).length === 0) return false;
  projectEvidence(folder, { files });
  return true;
}

async function restoreQuarantined(
  station: Station,
  journal: JournalReader,
  seq: number,
  data: { quarantine: string | null; claim: string },
): Promise<void> {
  if (data.quarantine === null) return;
  const path = join(station.layout.root, data.quarantine);
  if (exists(path)) return;
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
  writeDurable(segmentPath(whole, 1), chain.links.map(({ line }) => `${line}\n`).join(''));
  const kept = exists(ledger) ? `${ledger}.broken-${newUlid()}` : null;
  if (kept !== null) moveDurable(ledger, kept);
  moveDurable(whole, ledger);
  removeTree(ids);
  return { records: chain.links.length - taken, taken, kept };
}
