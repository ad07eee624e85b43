import { answered } from '../pipeline/commands/answered.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { type PurgeReport, purgeReportPath } from '../pipeline/purge.ts';
import { now } from '../platform/clock.ts';
import { readIfThere } from '../platform/durable.ts';
import { runningStation } from '../views/order-state.ts';
import { note, plain, print, printJson, usage } from './output.ts';
import { HOW_TO_START, stationOf } from './station.ts';

/** Reading a large repository's objects takes its time. */
const PURGE_MS = 600_000;

/** Takes what an order told out of every record that can be reached, and says what can't. */
export async function purge(
  id: string,
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  if (options['secret'] !== true)
    throw usage('purge needs --secret: what it takes out of ledger, journal and evidence is gone for ever');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id))
    throw usage(`${JSON.stringify(id)} is neither an order's id nor a claim`);
  const station = await stationOf(options);
  const reason = options['reason'];
  const path = sendCommand(station, {
    v: 1,
    command: 'purge',
    at: now(),
    wo_id: id,
    ...(typeof reason === 'string' ? { reason } : {}),
  });
  const running = runningStation(station) !== null;
  if (running && !options.json) note(`purging ${id}: reading the whole ledger and every object of the repository`);
  const taken = running && (await answered(path, PURGE_MS));
  const report = taken
    ? (JSON.parse(
        readIfThere(purgeReportPath(station.layout.live, id))?.toString('utf8') ?? 'null',
      ) as PurgeReport | null)
    : null;
  if (options.json) return printJson({ ok: true, command: 'purge', id, taken, report });
  if (report === null) {
    print(`purge of ${id} is waiting for the station.`);
    if (!running) note(HOW_TO_START);
    return;
  }
  print(`${id}: ${report.records} ledger records emptied, ${report.objects} objects removed; a tombstone says so.`);
  print('\nNot reached:');
  for (const { what, hint } of report.out_of_reach) print(`  - ${plain(what)}\n    ${plain(hint)}`);
}
