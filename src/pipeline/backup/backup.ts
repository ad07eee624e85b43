import { dirname, join } from 'node:path';
import {
  fetchFrom,
  type Heads,
  headsAt,
  type Place,
  placeOf,
  publishBundle,
  pushTo,
  refsBelow,
  scratchRepository,
  writeBundle,
} from '../../git/exchange.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { millisecondsBetween, now } from '../../platform/clock.ts';
import { ensureDir, removeDurable, removeTree, writeDurable } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { takeLock } from '../../platform/lock.ts';
import type { Log } from '../../platform/log.ts';
import type { BackupReport } from '../../record/backup-report.ts';
import { journalChain, ledgerHead } from '../../record/chain.ts';
import { type Anchor, JournalReader } from '../../record/journal.ts';
import { Telemetry } from '../../record/telemetry.ts';
import { refsOf } from '../../station/layout.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Station } from '../../station/station.ts';
import { flushJournal } from '../flush.ts';
import { endRun } from '../restore/show-again.ts';
import { Runtime } from '../runtime.ts';
import { takeUp } from '../take-up.ts';

interface BackupOptions {
  readonly signal?: AbortSignal;
  readonly emit: Telemetry['emit'];
}

/**
 * Carries the journal, up to its newest whole anchor, and all keeps to another place, and looks there whether they arrived. Under the station's
 * lock. Throws BACKUP_FAILED, BACKUP_DIVERGED; what the other side had before is then still there.
 */
export async function backup(station: Station, to: string, options: BackupOptions): Promise<BackupReport> {
  const begun = now();
  let shown = to;
  try {
    const place = await placeOf(station.repo.git, to, station.layout.root);
    shown = place.shown;
    const report = await carryTo(station, place, options.signal === undefined ? {} : { signal: options.signal });
    writeDurable(station.layout.backup, `${JSON.stringify(report, null, 2)}\n`);
    removeDurable(station.layout.backupFailure);
    options.emit([
      {
        v: 1,
        ts: report.at,
        agent: 'backup',
        event: 'backup_done',
        ok: true,
        to: shown,
        records: report.seq,
        verified: report.verified,
        duration_ms: millisecondsBetween(begun, report.at),
      },
    ]);
    return report;
  } catch (thrown) {
    // asked to stop is no failure of the backup
    if (options.signal?.aborted === true) throw thrown;
    const { code, message } = asWaybillError(thrown);
    const at = now();
    writeDurable(station.layout.backupFailure, `${JSON.stringify({ v: 1, to: shown, at, code, message }, null, 2)}\n`);
    options.emit([{ v: 1, ts: at, agent: 'backup', event: 'backup_failed', ok: false, to: shown, code, why: message }]);
    throw thrown;
  }
}

/**
 * A backup with no station process running. What the last one could not write to the journal any more is written first, by what every
 * start does first. Throws STATION_HELD, LEDGER_BROKEN, and what backup() throws.
 */
export async function backupAlone(station: Station, to: string, log: Log, signal: AbortSignal): Promise<BackupReport> {
  const { ledger, lock } = station.layout;
  const whole = await new JournalReader(station.repo, refsOf(station.id).journal).newestWhole();
  if (ledgerHead(ledger).seq === (whole?.seq ?? 0)) {
    const held = takeLock(lock);
    const telemetry = new Telemetry(station.layout.telemetry, station.settings.telemetry.rotateBytes, {
      redactor: () => redactorOf(station.settings),
    });
    try {
      return await backup(station, to, { signal, emit: (lines) => telemetry.emit(lines) });
    } finally {
      telemetry.close();
      held.release();
    }
  }
  const rt = await Runtime.open(station, log);
  try {
    await takeUp(rt);
    await flushJournal(rt);
    const report = await backup(station, to, { signal, emit: (lines) => rt.emit(lines) });
    endRun(station);
    return report;
  } finally {
    rt.close();
  }
}

type Snapshot = Heads & { readonly journal: string };

async function carryTo(station: Station, place: Place, limits: { signal?: AbortSignal }): Promise<BackupReport> {
  const { repo, id, layout } = station;
  const refs = refsOf(id);
  const anchor = await new JournalReader(repo, refs.journal).newestWhole();
  if (anchor === null)
    throw new WaybillError('BACKUP_FAILED', `station ${id} has nothing to back up yet: its journal is empty`, {
      hint: '`waybill up --drain` writes the first records.',
    });
  const heads: Snapshot = { journal: anchor.commit, keeps: await refsBelow(repo.git, refs.keep) };
  const scratch = join(layout.tmp, `backup-${newUlid()}`);
  ensureDir(scratch);
  try {
    let bytes: number | null;
    if (place.kind === 'bundle') {
      const part = await writeBundle(repo, place, id, heads, join(scratch, 'lender'), limits);
      try {
        await readBack(station, part, heads, anchor, join(scratch, 'copy'), limits);
        bytes = await publishBundle(repo, part, place, id, heads.journal);
      } finally {
        removeDurable(part.to);
      }
    } else bytes = await pushTo(repo, place, id, heads, limits);
    assertArrived(id, (await headsAt(repo.git, place, limits)).get(id), heads, place);
    if (place.kind === 'remote' && place.local)
      await readBack(station, place, heads, anchor, join(scratch, 'copy'), limits);
    return {
      v: 1,
      to: place.shown,
      at: now(),
      journal: anchor.commit,
      seq: anchor.seq,
      keeps: heads.keeps.size,
      bytes,
      verified: place.local ? 'contents' : 'refs',
    };
  } finally {
    removeTree(scratch);
  }
}

/** Keeps of earlier backups may be there beside ours; each of ours must be. */
function assertArrived(id: string, there: Heads | undefined, sent: Snapshot, place: Place): void {
  const wrong = (what: string, found: string | null | undefined) => {
    throw new WaybillError(
      'BACKUP_FAILED',
      `${what} of ${id} did not arrive in ${place.shown}: ${found === null || found === undefined ? 'nothing' : found.slice(0, 10)} is there`,
      { hint: 'Something changed it on the other side. Look there before you rely on this backup.' },
    );
  };
  if (there?.journal !== sent.journal) wrong(`journal ${sent.journal.slice(0, 10)}`, there?.journal);
  for (const [name, commit] of sent.keeps)
    if (there?.keeps.get(name) !== commit) wrong(`keep/${name}`, there?.keeps.get(name));
}

/** Reads everything back into an empty repository: every object is there, and the ledger in it holds, record by record, up to its anchor. */
async function readBack(
  station: Station,
  place: Place,
  sent: Snapshot,
  anchor: Anchor,
  folder: string,
  limits: { signal?: AbortSignal },
): Promise<void> {
  const { id } = station;
  const refs = refsOf(id);
  ensureDir(dirname(folder));
  const copy = await scratchRepository(folder);
  await fetchFrom(copy.git, { ...place, to: place.url }, id, `refs/waybill/${id}`, limits);
  const keeps = await refsBelow(copy.git, refs.keep);
  assertArrived(id, { journal: copy.refs.read(refs.journal), keeps }, sent, place);
  const check = await copy.git.try(['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], limits);
  if (check.exitCode !== 0 || check.cut !== undefined)
    throw new WaybillError(
      'BACKUP_FAILED',
      `${place.shown} is not whole: ${check.stderr.trim().split('\n').at(-1) ?? ''}`,
    );
  const { head } = await journalChain(new JournalReader(copy, refs.journal), false);
  if (head.seq !== anchor.seq || head.hash !== anchor.hash)
    throw new WaybillError(
      'BACKUP_FAILED',
      `the ledger in ${place.shown} ends at record ${head.seq}, but its anchor is record ${anchor.seq}`,
    );
}
