import { dirname, join } from 'node:path';
import { hashOf } from '../order/canonical-json.ts';
import { WaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import { laneOf } from '../order/life.ts';
import { isTerminal } from '../order/transition.ts';
import {
  ensureDir,
  exists,
  moveDurable,
  namesIn,
  removeDurable,
  removeTree,
  writeDurable,
  writeNew,
  writeProjection,
} from '../platform/durable.ts';
import { newUlid } from '../platform/ids.ts';
import { checkEvidence, evidenceName, projectEvidence } from '../record/evidence.ts';
import { JournalReader, refusedFolder } from '../record/journal.ts';
import { GENESIS, parseRecord, readLedger, segmentPath } from '../record/ledger.ts';
import { Orders } from '../record/orders.ts';
import { projectRejection, projectResult, rejection, resultPath } from '../record/result.ts';
import { projectState } from '../record/state.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';

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
    projectRejection(station, record.data, rejection(record.data, record.wo_id));
    results++;
    await restoreQuarantined(station, journal, record.seq, record.data);
  }
  let [states, evidence] = [0, 0];
  for (const life of orders.all()) {
    if (all || !exists(join(station.layout.state, `${life.woId}.json`))) {
      projectState(station, life);
      states++;
    }
    if (
      isTerminal(life.status) &&
      life.status !== 'rejected' &&
      (all || !exists(resultPath(station, laneOf(life), life.woId)))
    ) {
      projectResult(station, life);
      results++;
    }
    for (let attempt = 1; attempt <= life.attempt; attempt++)
      if (await restoreAttempt(station, journal, life, attempt, all)) evidence++;
  }
  markProjectionsWhole(station);
  return { orders: orders.size, states, results, evidence };
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
  const file = (await journal.filesBelow(refusedFolder(seq, data.claim)))[0];
  if (file === undefined || namesIn(join(station.layout.claimed, data.claim)).length > 0) return;
  ensureDir(dirname(path));
  writeNew(path, file.bytes);
}

/**
 * Rebuilds the ledger from the journal: for a ledger that was lost, cut or changed. The old one is kept beside it. Records that no
 * journal commit held yet are gone with it. Returns how many records came back, and where the old ledger is.
 */
export async function restoreLedger(station: Station): Promise<{ records: number; kept: string | null }> {
  const { ledger, ids } = station.layout;
  const lines = await new JournalReader(station.repo, refsOf(station.id).journal).ledgerLines();
  let head = GENESIS;
  const whole: string[] = [];
  for (const line of lines.split('\n').filter((l) => l !== '')) {
    const record = parseRecord(line, 'journal');
    const { hash, ...body } = record;
    if (record.seq !== head.seq + 1 || record.prev !== head.hash || hashOf(body) !== hash)
      throw new WaybillError('LEDGER_BROKEN', `the journal's own record ${record.seq} does not follow`);
    head = { seq: record.seq, hash };
    whole.push(`${line}\n`);
  }
  const kept = exists(ledger) ? `${ledger}.broken-${newUlid()}` : null;
  if (kept !== null) moveDurable(ledger, kept);
  ensureDir(ledger);
  writeDurable(segmentPath(ledger, 1), whole.join(''));
  removeTree(ids);
  return { records: whole.length, kept };
}
