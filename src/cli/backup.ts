import { resolve } from 'node:path';
import { placeOf } from '../git/exchange.ts';
import { WaybillError } from '../order/error.ts';
import { backupAlone } from '../pipeline/backup/backup.ts';
import { restoreFrom as bringFrom } from '../pipeline/backup/restore-from.ts';
import { answered } from '../pipeline/commands/answered.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { now } from '../platform/clock.ts';
import { openLog } from '../platform/log.ts';
import { expandHome } from '../platform/user.ts';
import { type BackupReport, lastBackup } from '../record/backup-report.ts';
import { locateStation } from '../station/locate.ts';
import { redactorOf } from '../station/redactor.ts';
import type { Station } from '../station/station.ts';
import { runningStation } from '../views/order-state.ts';
import { note, plain, print, printJson } from './output.ts';
import { stationOf } from './station.ts';
import { stopSignal } from './stop-signal.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Carries journal and keeps to a remote or a bundle file, and says what arrived. The running station does it, or else this process. */
export async function backup(to: string | null, options: Options): Promise<void> {
  const station = await stationOf(options);
  const named = to ?? station.settings.backup.to;
  if (named === null)
    throw new WaybillError('USAGE', 'where to? No place is named, neither here nor as backup.to in waybill.yaml', {
      hint: '`waybill backup origin`, or `waybill backup /mnt/usb/ops.bundle`.',
    });
  const place = await placeOf(station.repo.git, named, to === null ? station.layout.root : process.cwd());
  const report = await make(station, place.to, stopSignal());
  if (report === null) {
    if (options.json) printJson({ ok: true, taken: false, to: place.shown });
    else print(`The station stopped before the backup was made; the next start makes it.`);
    return;
  }
  if (options.json) return printJson({ ok: true, taken: true, ...report });
  print(
    `backed up to ${plain(report.to)}: ${count(report.seq, 'record')}, ${count(report.keeps, 'keep')}${report.bytes === null ? '' : `, ${size(report.bytes)}`}`,
  );
  print(
    report.verified === 'contents'
      ? 'verified: read back whole, and its ledger holds record by record'
      : 'verified: the other side names the same commits',
  );
}

/** Null when a station took the wish and was stopped before it came to it. */
async function make(station: Station, to: string, signal: AbortSignal): Promise<BackupReport | null> {
  if (runningStation(station) === null)
    return backupAlone(
      station,
      to,
      openLog('warn', (line) => redactorOf(station.settings).redactText(line)),
      signal,
    );
  const path = sendCommand(station, { v: 1, command: 'backup', at: now(), to });
  while (!(await answered(path, 1000))) if (runningStation(station) === null || signal.aborted) return null;
  return lastBackup(station);
}

/** `waybill restore --from`: a whole station on an empty machine; on one that has it, what it lacks. */
export async function restoreFrom(from: string, options: Options): Promise<void> {
  const stationId = options['stationId'];
  const done = await bringFrom(await folderOf(options.station), from, {
    base: process.cwd(),
    stationId: typeof stationId === 'string' ? stationId : null,
    all: options['all'] === true,
    signal: stopSignal(),
  });
  if (options.json) return printJson({ ok: true, ...done });
  print(`Station ${done.station} in ${done.root}`);
  for (const path of done.created) print(`  made ${path}`);
  const came = [...(done.settings ? ['waybill.yaml'] : []), ...(done.policy ? ['policy.yaml'] : [])];
  if (came.length > 0)
    print(`${came.join(' and ')} came out of the backup: look at what may run here before \`waybill up\`.`);
  print(
    done.records === 0
      ? `${plain(done.from)} has no records that are not here`
      : `brought back from ${plain(done.from)}: ${count(done.records, 'record')}, ${count(done.keeps, 'keep')}, ${count(done.claims, 'request')} of orders that are alive`,
  );
  if (done.beyond !== null)
    note(
      `commits here tell of a record ${done.beyond}, which is later than the backup: what the station did in between is not on record any more, and \`waybill verify\` says so.`,
    );
  for (const woId of done.missing)
    note(`${woId} is alive, but the backup does not hold its request: cancel it, and drop it again.`);
  if (done.lost)
    return note(
      'records are still missing that state, outbox or evidence tell of: the next start of the station (`waybill up`) puts that on record, and restores.',
    );
  print(
    `restored ${done.states} state files, ${done.results} results, ${done.evidence} evidence folders of ${done.orders} orders${done.packets === 0 ? '' : `, ${done.packets} packets of missions`}${done.bundles === 0 ? '' : `, ${done.bundles} bundles of jobs`}`,
  );
}

/** The station's root, or the folder that is to become one. */
async function folderOf(named: string | undefined): Promise<string> {
  try {
    return await locateStation(named);
  } catch (error) {
    if (!(error instanceof WaybillError) || error.code !== 'NO_STATION') throw error;
    return resolve(expandHome(named ?? '.'));
  }
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function size(bytes: number): string {
  return bytes < 10_000
    ? `${bytes} bytes`
    : bytes < 10_000_000
      ? `${Math.round(bytes / 1000)} kB`
      : `${Math.round(bytes / 1_000_000)} MB`;
}
