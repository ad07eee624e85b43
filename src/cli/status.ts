import pc from 'picocolors';
import { isOverLimit, keptSize } from '../git/kept-size.ts';
import { withoutPassword } from '../git/password.ts';
import { readLook } from '../guardrail/last-look.ts';
import { laneFolders, scanSettings } from '../intake/lanes.ts';
import type { FollowupDocument, GuardrailLook, StateDocument } from '../order/generated.ts';
import { openGaps } from '../pipeline/restore/open-gaps.ts';
import { namesIn } from '../platform/durable.ts';
import { isStopped } from '../platform/processes.ts';
import { type BackupFailure, type BackupReport, lastBackup, lastFailure } from '../record/backup-report.ts';
import { ledgerHead } from '../record/chain.ts';
import { AGES, readFollowup } from '../record/followup.ts';
import { readHeartbeat } from '../station/heartbeat.ts';
import { refsOf } from '../station/layout.ts';
import type { Station } from '../station/station.ts';
import { age, colouredStatus, plain, print, printJson, sizeText } from './output.ts';
import { policyFault } from './policy/fault.ts';
import { stopFileOf } from './spine/stop-file.ts';
import { HOW_TO_START, runningStation, stateNear, stationToRead } from './station.ts';

const NONE_OF_ANY_AGE = AGES.concat(0).map(() => 0);
/** Failures shown. */
const LAST_FAILURES = 5;

export async function status(options: { readonly station?: string; readonly json?: boolean }): Promise<void> {
  const station = await stationToRead(options);
  const { layout } = station;
  const holder = runningStation(station);
  const beat = readHeartbeat(layout);
  const followup = readFollowup(station);
  const failures = await lastFailures(station, followup);
  const { staleHours } = station.settings.tracker;
  const stale = followup?.stale ?? [];
  const lanes = laneFolders(layout.inbox, scanSettings(station).lanes);
  const backups = backupState(station);
  const alive = new Map((followup?.alive_by_lane ?? []).map((row) => [row.lane, row]));
  const rows = [...new Set([...lanes.map(({ lane }) => lane), ...alive.keys()])].sort().map((lane) => {
    const folders = lanes.filter((l) => l.lane === lane).map(({ folder }) => folder);
    const inbox = folders.flatMap(namesThatCanBeRead).filter((n) => !n.startsWith('.')).length;
    const { ready = 0, running = 0, parked = 0, ages = NONE_OF_ANY_AGE } = alive.get(lane) ?? {};
    return { lane, inbox, ready, running, parked, ages };
  });
  const keeps = await keepsOf(station);
  const gaps = openGaps(station);
  const look = readLook(layout);
  const halted = policyFault(layout.root);
  const stopFile = stopFileOf(station)?.path ?? null;
  if (options.json) {
    return printJson({
      ok: holder !== null,
      station: station.id,
      root: layout.root,
      running: holder,
      stopped: holder !== null && isStopped(holder.pid),
      heartbeat: beat,
      lanes: rows,
      stale: stale.map((s) => ({
        wo_id: s.wo_id,
        status: s.status,
        waiting_for: s.waiting_for,
        updated_at: s.since,
      })),
      last_failures: failures,
      keeps,
      backup: backups,
      gaps,
      halted,
      stop_file: stopFile,
      guardrail: look === null ? null : { at: look.at, by: look.by, components: look.components, faults: look.faults },
    });
  }
  print(`${pc.bold(station.id)}  ${layout.root}`);
  if (holder === null) print(pc.yellow(HOW_TO_START));
  else {
    const stopped = isStopped(holder.pid) ? pc.red('  stopped (SIGSTOP): it holds the station and does nothing') : '';
    print(`process ${holder.pid}, up ${age(Date.now() - Date.parse(holder.since))}${stopped}`);
    for (const processor of beat?.processors ?? [])
      print(`  ${plain(processor).padEnd(10)} heartbeat ${age(Date.now() - Date.parse(beat?.at ?? ''))} ago`);
    if (beat?.slow) print(pc.yellow(`  ${plain(beat.slow)}`));
  }
  if (halted !== null) print(pc.red(plain(halted)));
  if (stopFile !== null)
    print(pc.red(`${plain(stopFile)} is there: no mission goes on; \`waybill spine go\` removes it`));
  for (const { seq, kept } of gaps)
    print(pc.red(`records of the ledger were lost, says its record ${seq}; look at ${kept}, then remove it`));
  showGuardrail(look);
  if (backups !== null) {
    const { last, behind, failure } = backups;
    if (last === null) print(pc.yellow(`no backup yet in ${plain(backups.to ?? '')}`));
    else
      print(
        `backup ${age(Date.now() - Date.parse(last.at))} ago in ${plain(last.to)}, up to record ${last.seq}${behind > 0 ? `; ${behind} records behind` : ''}`,
      );
    if (failure !== null)
      print(
        pc.yellow(`  failed ${age(Date.now() - Date.parse(failure.at))} ago: ${plain(failure.message.slice(0, 200))}`),
      );
  }
  print(
    `\n${'lane'.padEnd(14)} ${'inbox'.padStart(6)} ${'ready'.padStart(6)} ${'run'.padStart(5)} ${'parked'.padStart(7)}   age: ${AGES.map((m) => `<${m}m`.padStart(6)).join('')}${'older'.padStart(7)}`,
  );
  for (const r of rows) {
    print(
      `${r.lane.padEnd(14)} ${String(r.inbox).padStart(6)} ${String(r.ready).padStart(6)} ${String(r.running).padStart(5)} ${String(r.parked).padStart(7)}        ${r.ages.map((n, i) => (n === 0 ? '.' : String(n)).padStart(i === AGES.length ? 7 : 6)).join('')}`,
    );
  }
  if (keeps.count > 0) {
    const line = `\nkeeps: ${keeps.count}, ${sizeText(keeps.bytes)} of ${sizeText(keeps.max_bytes)}`;
    print(keeps.over ? pc.yellow(`${line}: over the limit; \`waybill keep ls\`, \`waybill keep prune\``) : line);
  }
  if (stale.length > 0) print(pc.yellow(`\nstale: without a change for more than ${staleHours} h`));
  for (const s of stale.slice(0, LAST_FAILURES))
    print(
      `  ${age(Date.now() - Date.parse(s.since)).padStart(4)}  ${s.wo_id}  ${s.waiting_for ?? s.status}  ${plain((s.why ?? s.title).slice(0, 100))}`,
    );
  if (stale.length > LAST_FAILURES) print(`  and ${stale.length - LAST_FAILURES} more`);
  if (failures.length > 0) print('\nlast failures');
  for (const f of failures)
    print(
      `  ${age(Date.now() - Date.parse(f.updated_at)).padStart(4)}  ${colouredStatus(f.status)}  ${f.wo_id}  ${f.last_error?.code ?? ''}  ${plain((f.last_error?.message ?? '').slice(0, 100))}`,
    );
}

/** What the guardrail found when it looked last; an old look says nothing of now. */
function showGuardrail(look: GuardrailLook | null): void {
  if (look === null) return;
  const ageMs = Date.now() - Date.parse(look.at);
  const isOld = look.interval !== null && ageMs > 3 * look.interval.seconds * 1000;
  const when = `guardrail looked ${age(ageMs)} ago`;
  if (look.faults.length === 0)
    print(
      isOld
        ? pc.yellow(`${when}: it does not look any more`)
        : `${when}: ${look.components} components, nothing is missing`,
    );
  else print(pc.red(`${when}: ${look.faults.length} of ${look.components} components are at fault`));
  for (const { component, message, since } of look.faults.slice(0, LAST_FAILURES))
    print(`  ${age(Date.now() - Date.parse(since)).padStart(4)}  ${plain(component)}  ${plain(message.slice(0, 100))}`);
  if (look.faults.length > LAST_FAILURES) print(`  and ${look.faults.length - LAST_FAILURES} more`);
}

/** What is kept because nobody else has it, against the limit of settings. */
export async function keepsOf(
  station: Station,
): Promise<{ count: number; bytes: number; max_bytes: number; over: boolean }> {
  const { maxMb } = station.settings.keep;
  const { count, bytes } = await keptSize(station.repo, refsOf(station.id).keep, station.layout.keptSize);
  return { count, bytes, max_bytes: maxMb * 1024 * 1024, over: isOverLimit(bytes, maxMb) };
}

/** The last backup and how far the ledger has gone since; null where none was made and none is asked for. */
function backupState(station: Station): {
  to: string | null;
  last: BackupReport | null;
  behind: number;
  failure: BackupFailure | null;
} | null {
  const { to } = station.settings.backup;
  const [last, failure] = [lastBackup(station), lastFailure(station)];
  if (to === null && last === null && failure === null) return null;
  const behind = Math.max(0, ledgerSeq(station) - (last?.seq ?? 0));
  return { to: to === null ? null : withoutPassword(to), last, behind, failure };
}

/** A ledger that cannot be read is `verify`'s to tell. */
function ledgerSeq(station: Station): number {
  try {
    return ledgerHead(station.layout.ledger).seq;
  } catch {
    return 0;
  }
}

/** A lane that nobody may read is empty here; state/followup.json names it. */
function namesThatCanBeRead(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch {
    return [];
  }
}

/** The states of those that the tracker names: finished work is not looked through. */
async function lastFailures(station: Station, followup: FollowupDocument | null): Promise<StateDocument[]> {
  const failures = (followup?.failures ?? []).slice(0, LAST_FAILURES);
  const states = await Promise.all(failures.map((f) => stateNear(station, f.wo_id, f.finished_at)));
  return states.filter((state) => state !== null);
}
