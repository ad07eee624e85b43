import pc from 'picocolors';
import { AGES } from '../record/followup.ts';
import { LAST_FAILURES, type StationStatus, stationStatus } from '../views/station-status.ts';
import { age, colouredStatus, plain, print, printJson, sizeText } from './output.ts';
import { HOW_TO_START, stationToRead } from './station.ts';

export async function status(options: { readonly station?: string; readonly json?: boolean }): Promise<void> {
  const station = await stationToRead(options);
  const told = await stationStatus(station);
  if (options.json) return printJson(told);
  for (const line of statusLines(told, station.settings.tracker.staleHours)) print(line);
}

/** How a station stands, for a terminal. */
export function statusLines(told: StationStatus, staleHours: number): string[] {
  const out: string[] = [];
  const say = (line: string) => out.push(...line.split('\n'));
  const { running: holder, heartbeat: beat, lanes: rows, stale, last_failures: failures, keeps, gaps, halted } = told;
  const { backup: backups, stop_file: stopFile } = told;
  say(`${pc.bold(told.station)}  ${told.root}`);
  if (holder === null) say(pc.yellow(HOW_TO_START));
  else {
    const stopped = told.stopped ? pc.red('  stopped (SIGSTOP): it holds the station and does nothing') : '';
    say(`process ${holder.pid}, up ${age(Date.now() - Date.parse(holder.since))}${stopped}`);
    for (const processor of beat?.processors ?? [])
      say(`  ${plain(processor).padEnd(10)} heartbeat ${age(Date.now() - Date.parse(beat?.at ?? ''))} ago`);
    if (beat?.slow) say(pc.yellow(`  ${plain(beat.slow)}`));
  }
  if (halted !== null) say(pc.red(plain(halted)));
  if (stopFile !== null)
    say(pc.red(`${plain(stopFile)} is there: no mission goes on; \`waybill spine go\` removes it`));
  for (const { seq, kept } of gaps)
    say(pc.red(`records of the ledger were lost, says its record ${seq}; look at ${kept}, then remove it`));
  out.push(...guardrailLines(told.guardrail));
  if (backups !== null) {
    const { last, behind, failure } = backups;
    if (last === null) say(pc.yellow(`no backup yet in ${plain(backups.to ?? '')}`));
    else
      say(
        `backup ${age(Date.now() - Date.parse(last.at))} ago in ${plain(last.to)}, up to record ${last.seq}${behind > 0 ? `; ${behind} records behind` : ''}`,
      );
    if (failure !== null)
      say(
        pc.yellow(`  failed ${age(Date.now() - Date.parse(failure.at))} ago: ${plain(failure.message.slice(0, 200))}`),
      );
  }
  say(
    `\n${'lane'.padEnd(14)} ${'inbox'.padStart(6)} ${'ready'.padStart(6)} ${'run'.padStart(5)} ${'parked'.padStart(7)}   age: ${AGES.map((m) => `<${m}m`.padStart(6)).join('')}${'older'.padStart(7)}`,
  );
  for (const r of rows) {
    say(
      `${r.lane.padEnd(14)} ${String(r.inbox).padStart(6)} ${String(r.ready).padStart(6)} ${String(r.running).padStart(5)} ${String(r.parked).padStart(7)}        ${r.ages.map((n, i) => (n === 0 ? '.' : String(n)).padStart(i === AGES.length ? 7 : 6)).join('')}`,
    );
  }
  if (keeps.count > 0) {
    const line = `\nkeeps: ${keeps.count}, ${sizeText(keeps.bytes)} of ${sizeText(keeps.max_bytes)}`;
    say(keeps.over ? pc.yellow(`${line}: over the limit; \`waybill keep ls\`, \`waybill keep prune\``) : line);
  }
  if (stale.length > 0) say(pc.yellow(`\nstale: without a change for more than ${staleHours} h`));
  for (const s of stale.slice(0, LAST_FAILURES))
    say(
      `  ${age(Date.now() - Date.parse(s.updated_at)).padStart(4)}  ${s.wo_id}  ${s.waiting_for ?? s.status}  ${plain((s.why ?? s.title).slice(0, 100))}`,
    );
  if (stale.length > LAST_FAILURES) say(`  and ${stale.length - LAST_FAILURES} more`);
  if (failures.length > 0) say('\nlast failures');
  for (const f of failures)
    say(
      `  ${age(Date.now() - Date.parse(f.updated_at)).padStart(4)}  ${colouredStatus(f.status)}  ${f.wo_id}  ${f.last_error?.code ?? ''}  ${plain((f.last_error?.message ?? '').slice(0, 100))}`,
    );
  return out;
}

/** What the guardrail found when it looked last; an old look says nothing of now. */
function guardrailLines(look: StationStatus['guardrail']): string[] {
  if (look === null) return [];
  const out: string[] = [];
  const ageMs = Date.now() - Date.parse(look.at);
  const isOld = look.interval !== null && ageMs > 3 * look.interval.seconds * 1000;
  const when = `guardrail looked ${age(ageMs)} ago`;
  if (look.faults.length === 0)
    out.push(
      isOld
        ? pc.yellow(`${when}: it does not look any more`)
        : `${when}: ${look.components} components, nothing is missing`,
    );
  else out.push(pc.red(`${when}: ${look.faults.length} of ${look.components} components are at fault`));
  for (const { component, message, since } of look.faults.slice(0, LAST_FAILURES))
    out.push(
      `  ${age(Date.now() - Date.parse(since)).padStart(4)}  ${plain(component)}  ${plain(message.slice(0, 100))}`,
    );
  if (look.faults.length > LAST_FAILURES) out.push(`  and ${look.faults.length - LAST_FAILURES} more`);
  return out;
}
