import pc from 'picocolors';
import { AGES } from '../../record/followup.ts';
import { LAST_FAILURES, type LaneStatus, type StationStatus } from '../../views/station-status.ts';
import { age, colouredStatus, plain, sizeText } from '../output.ts';
import { HOW_TO_START } from '../station.ts';
import { columnsOf, padTo } from './columns.ts';

/** How a station stands, in lines for a terminal. */

const since = (iso: string) => age(Date.now() - Date.parse(iso));

/** Who runs it, and what is wrong with it or its guardrail and backup. */
export function healthLines(told: StationStatus): string[] {
  const { running: holder, heartbeat: beat, gaps, halted, stop_file: stopFile } = told;
  const out = [`${pc.bold(told.station)}  ${told.root}`];
  if (holder === null) out.push(pc.yellow(HOW_TO_START));
  else {
    const stopped = told.stopped ? pc.red('  stopped (SIGSTOP): it holds the station and does nothing') : '';
    out.push(`process ${holder.pid}, up ${since(holder.since)}${stopped}`);
    for (const processor of beat?.processors ?? [])
      out.push(`  ${plain(processor).padEnd(10)} heartbeat ${since(beat?.at ?? '')} ago`);
    if (beat?.slow) out.push(pc.yellow(`  ${plain(beat.slow)}`));
  }
  if (halted !== null) out.push(pc.red(plain(halted)));
  // that no process runs, or a stopped one, and the policy stand above
  for (const { code, message, hint } of told.reasons)
    if (code !== 'POLICY_INVALID' && !(code === 'STATION_NOT_RUNNING' && (holder === null || told.stopped)))
      out.push(pc.red(`${code}: ${plain(message)}`), `  ${plain(hint)}`);
  if (stopFile !== null)
    out.push(pc.red(`${plain(stopFile)} is there: no mission goes on; \`waybill spine go\` removes it`));
  for (const { seq, kept } of gaps)
    out.push(pc.red(`records of the ledger were lost, says its record ${seq}; look at ${kept}, then remove it`));
  return [...out, ...guardrailLines(told), ...backupLines(told.backup)];
}

/** What the guardrail found when it looked last; an old look says nothing of now, and none is no good news. */
function guardrailLines({ guardrail: look, guardrail_standing: standing }: StationStatus): string[] {
  if (look === null)
    return [
      standing === 'off'
        ? 'guardrail: nobody looked (guardrail.enabled is false); `waybill guardrail --once` looks now'
        : 'guardrail: nobody looked yet; `waybill guardrail --once` looks now',
    ];
  const out: string[] = [];
  const when = `guardrail looked ${since(look.at)} ago`;
  const old = standing === 'old' ? ': it does not look any more' : '';
  if (look.faults.length > 0)
    out.push(pc.red(`${when}${old}: ${look.faults.length} of ${look.components} components are at fault`));
  else if (standing === 'old') out.push(pc.yellow(`${when}${old}`));
  else out.push(`${when}: ${look.components} components, nothing is missing`);
  for (const { component, message, since: at } of look.faults.slice(0, LAST_FAILURES))
    out.push(`  ${since(at).padStart(4)}  ${plain(component)}  ${plain(message.slice(0, 100))}`);
  if (look.faults.length > LAST_FAILURES) out.push(`  and ${look.faults.length - LAST_FAILURES} more`);
  return out;
}

function backupLines(backup: StationStatus['backup']): string[] {
  if (backup === null) return [];
  const { last, behind, failure } = backup;
  const lag = behind > 0 ? `; ${behind} records behind` : '';
  return [
    last === null
      ? pc.yellow(`no backup yet in ${plain(backup.to ?? '')}`)
      : `backup ${since(last.at)} ago in ${plain(last.to)}, up to record ${last.seq}${lag}`,
    ...(failure === null
      ? []
      : [pc.yellow(`  failed ${since(failure.at)} ago: ${plain(failure.message.slice(0, 200))}`)]),
  ];
}

/** Least and most columns that the name of a lane takes, where room is short. */
const [LANE, LANE_MOST] = [14, 24];
const AGE = 6;
const OLDER = 7;

/**
 * What is alive in each lane, by state and age, in lines of at most `columns`; null: as wide as it is. Where room is short the youngest ages are
 * told together: "<40m" counts those younger than 10 minutes too.
 */
export function laneLines(lanes: readonly LaneStatus[], columns: number | null): string[] {
  const longest = Math.max(LANE, ...lanes.map(({ lane }) => columnsOf(lane)));
  const width = columns === null ? longest : Math.min(longest, LANE_MOST);
  const start = (lane: string, counts: readonly (string | number)[]) =>
    `${padTo(lane, width)} ${counts.map((count, i) => String(count).padStart(COUNTS[i] ?? 0)).join(' ')}`;
  const head = `${start('lane', ['inbox', 'ready', 'run', 'parked'])}   age: `;
  const fit = columns === null ? AGES.length : Math.floor((columns - head.length - OLDER) / AGE);
  const together = AGES.length - Math.min(AGES.length, Math.max(0, fit));
  const limits = AGES.slice(together).map((minutes) => `<${minutes}m`.padStart(AGE));
  return [
    `${head}${limits.join('')}${(limits.length === 0 ? 'any' : 'older').padStart(OLDER)}`,
    ...lanes.map((row) => {
      const ages = withYoungest(row.ages, together).map((n, i, all) =>
        (n === 0 ? '.' : String(n)).padStart(i === all.length - 1 ? OLDER : AGE),
      );
      return `${start(row.lane, [row.inbox, row.ready, row.running, row.parked])}        ${ages.join('')}`;
    }),
  ];
}

/** Columns of inbox, ready, run and parked. */
const COUNTS = [6, 6, 5, 7];

/** The counts with the first so many added to the one that follows them. */
function withYoungest(ages: readonly number[], together: number): number[] {
  const [youngest, rest] = [ages.slice(0, together + 1), ages.slice(together + 1)];
  return [youngest.reduce((sum, n) => sum + n, 0), ...rest];
}

/** What is kept because nobody else has it. */
export function keepLines({ keeps }: StationStatus): string[] {
  if (keeps.count === 0) return [];
  const line = `keeps: ${keeps.count}, ${sizeText(keeps.bytes)} of ${sizeText(keeps.max_bytes)}`;
  return [keeps.over ? pc.yellow(`${line}: over the limit; \`waybill keep ls\`, \`waybill keep prune\``) : line];
}

/** What has not changed for long. */
export function staleLines({ stale }: StationStatus, staleHours: number): string[] {
  if (stale.length === 0) return [];
  return [
    pc.yellow(`stale: without a change for more than ${staleHours} h`),
    ...stale
      .slice(0, LAST_FAILURES)
      .map(
        (s) =>
          `  ${since(s.updated_at).padStart(4)}  ${s.wo_id}  ${s.waiting_for ?? s.status}  ${plain((s.why ?? s.title).slice(0, 100))}`,
      ),
    ...(stale.length > LAST_FAILURES ? [`  and ${stale.length - LAST_FAILURES} more`] : []),
  ];
}

/** What failed last. */
export function failureLines({ last_failures: failures }: StationStatus): string[] {
  if (failures.length === 0) return [];
  return [
    'last failures',
    ...failures.map(
      (f) =>
        `  ${since(f.updated_at).padStart(4)}  ${colouredStatus(f.status)}  ${f.wo_id}  ${f.last_error?.code ?? ''}  ${plain((f.last_error?.message ?? '').slice(0, 100))}`,
    ),
  ];
}
