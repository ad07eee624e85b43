import { once } from 'node:events';
import pc from 'picocolors';
import { componentsOf } from '../../guardrail/component.ts';
import { settingsLook } from '../../guardrail/settings.ts';
import { durationText } from '../../guardrail/words.ts';
import type { GuardrailFault, TelemetryLine } from '../../order/generated.ts';
import { cutProse } from '../../order/secrets/prose.ts';
import { tryCanary } from '../../pipeline/guardrail/canary.ts';
import { Guardrail, type Looked } from '../../pipeline/guardrail/look.ts';
import { openGuarded } from '../../pipeline/guardrail/open.ts';
import { reviewRepairs } from '../../pipeline/guardrail/review.ts';
import { GuardrailSchedule } from '../../pipeline/guardrail/schedule.ts';
import { appendShared } from '../../platform/jsonl.ts';
import { openLog } from '../../platform/log.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Station } from '../../station/station.ts';
import { EXIT, note, plain, print, printJson, usage } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Looks once, or until it is ended; shows what is remembered of looks before. */
export async function guardrail(options: Options): Promise<void> {
  const station = await openGuarded(options.station);
  if (options['list'] === true) return list(station, options.json === true);
  if (options['review'] === true) return review(station, options);
  if (typeof options['accept'] === 'string') return accept(station, options['accept'], options.json === true);
  if (options['once'] === true || options['deep'] === true) return lookOnce(station, options);
  const log = openLog(String(options['logLevel'] ?? 'info'), (line) => redactorOf(station.settings).redactText(line));
  const schedule = new GuardrailSchedule(station, { by: 'guardrail', log, emit: emitTo(station) });
  const stop = stopSignal();
  log.info({ station: station.id, root: station.layout.root, pid: process.pid }, 'guardrail is starting');
  await schedule.start();
  if (!stop.aborted) await once(stop, 'abort');
  await schedule.end();
  log.info('guardrail has stopped');
}

/** Telemetry of a process that is not the station: appended, and never rotated, because the station may be writing. */
function emitTo({ layout, settings }: Station): (lines: readonly TelemetryLine[]) => void {
  return (lines) => {
    try {
      appendShared(
        layout.telemetry,
        lines.map((line) => JSON.stringify(cutProse(redactorOf(settings), line))),
      );
    } catch (error) {
      note(`telemetry cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

function lookerOf(station: Station): Guardrail {
  return new Guardrail(station, { by: 'once', scheduled: null, log: openLog('silent'), emit: emitTo(station) });
}

async function lookOnce(station: Station, options: Options): Promise<void> {
  const deep = options['deep'] === true;
  const looker = lookerOf(station);
  const canary = deep ? await tryCanary(station, secondsOf(options, 'timeout') * 1000) : null;
  const looked = await looker.look({ deep, more: canary === null ? [] : [canary] });
  const sinkFaults = await looked.told;
  const { look, recovered } = looked;
  if (look.faults.length > 0) process.exitCode = EXIT.failed;
  if (options.json)
    return printJson({
      ok: look.faults.length === 0,
      at: look.at,
      components: look.components,
      faults: look.faults,
      recovered: recovered.map(({ fault, lastedMs }) => ({
        component: fault.component,
        since: fault.since,
        lasted_ms: lastedMs,
      })),
      repairs: look.repairs,
      sink_faults: sinkFaults,
    });
  show(looked);
  for (const { sink, code, message } of sinkFaults) note(`${pc.red(code)} ${sink}: ${plain(message)}`);
}

function show({ look, recovered }: Looked): void {
  for (const fault of look.faults) print(faultText(fault));
  for (const { fault, lastedMs } of recovered)
    print(`${pc.green('recovered')}  ${plain(fault.component)}  after ${durationText(lastedMs)}`);
  if (look.faults.length === 0) print(`${pc.green('healthy')}: ${look.components} components, nothing is missing`);
  else
    print(
      `\n${look.faults.length} of ${look.components} components are at fault; of a file, \`waybill history PATH\` tells since when and why`,
    );
}

function faultText({ component, kind, severity, message, since, good_at, mend }: GuardrailFault): string {
  const colour = severity === 'critical' ? pc.red : pc.yellow;
  const good = good_at === null ? 'never seen good' : `last seen good ${good_at}`;
  const could = mend === undefined ? '' : `; a repair would bring it back ${mend}`;
  return `${colour(kind.padEnd(14))} ${plain(component)}\n               ${plain(message)}; found ${since}, ${good}${could}`;
}

async function accept(station: Station, path: string, json: boolean): Promise<void> {
  const name = await lookerOf(station).accept(path);
  if (json) printJson({ ok: true, path: name });
  else print(`${plain(name)} is taken as it is at the next look`);
}

async function list(station: Station, json: boolean): Promise<void> {
  const { settings } = settingsLook(station.layout);
  const components = componentsOf({ ...station, settings: { ...settings, paths: station.settings.paths } });
  if (json) return printJson({ ok: true, components });
  for (const { name, kind, severity, repair } of components)
    print(`${kind.padEnd(10)} ${severity.padEnd(9)} ${repair.padEnd(7)} ${plain(name)}`);
}

async function review(station: Station, options: Options): Promise<void> {
  const hours = secondsOf(options, 'hours');
  const rows = reviewRepairs(station, hours);
  if (options.json) return printJson({ ok: true, hours, repairs: rows });
  if (rows.length === 0) return print(`nothing was missing, cut off or without its mode in the last ${hours} hours`);
  for (const row of rows) {
    const lasted =
      row.until === null
        ? 'it still lasts'
        : `it lasted ${durationText(Date.parse(row.until) - Date.parse(row.since))}`;
    const done = row.wo_id === null ? `would have been brought back ${row.mend}` : `was brought back by ${row.wo_id}`;
    print(`${row.since}  ${plain(row.component)}  ${row.kind}: ${done}; ${lasted}`);
  }
}

function secondsOf(options: Options, name: string): number {
  const value = Number(options[name]);
  if (!Number.isFinite(value) || value <= 0) throw usage(`--${name} takes a number above 0`);
  return value;
}
