import { basename, join } from 'node:path';
import { readOrder } from '../intake/read-order.ts';
import { CANARY_ID, canaryText } from '../order/canary.ts';
import { WaybillError } from '../order/error.ts';
import type { ResultDocument, StateDocument } from '../order/generated.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { now, pause } from '../platform/clock.ts';
import { exists, namesIn, readIfThere } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { newUlid } from '../platform/ids.ts';
import { resultPath } from '../record/result-path.ts';
import { laneNamed } from '../station/settings.ts';
import type { Station } from '../station/station.ts';
import { readState, runningStation } from '../views/order-state.ts';
import { type Given, readInput } from './input.ts';
import { colouredStatus, EXIT, exitCodeOfStatus, fail, note, plain, print, printJson, usage } from './output.ts';
import { HOW_TO_START, stationOf } from './station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Hands an order in as a command file: complete by construction, and out of reach of `git clean`. */
export async function drop(file: string, options: Options): Promise<void> {
  const station = await stationOf(options);
  const given = await readInput(file);
  // What the station would reject is told at once, and nothing is dropped.
  const read = readOrder(given, station.settings.intake);
  if ('error' in read) throw read.error;
  if (options['dryRun'] === true) return planOnly(station, given, laneOf(station, options), options.json === true);
  await send(station, { ...given, lane: laneOf(station, options), woId: read.order.woId }, options);
}

/** The lane that was asked for, or the default one. Throws USAGE for what cannot be one. */
export function laneOf(station: Station, options: Options): string {
  const asked = typeof options['lane'] === 'string' ? options['lane'] : station.settings.defaultLane;
  const lane = laneNamed(station.settings.lanes, asked);
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(lane)) return lane;
  throw usage(`${JSON.stringify(lane)} cannot be the name of a lane`);
}

async function planOnly(station: Station, given: Given, lane: string, json: boolean): Promise<void> {
  const { dryRun } = await import('../pipeline/dry-run.ts');
  const { refusal, woId, plan, diff, warnings, judgement } = await dryRun(station, given, lane);
  if (refusal !== null) process.exitCode = EXIT.failed;
  if (json)
    return printJson({
      ok: refusal === null,
      wo_id: woId,
      plan,
      diff,
      warnings,
      policy: judgement.class,
      error: refusal === null ? null : { code: refusal.code, message: refusal.message, hint: refusal.hint },
    });
  for (const w of warnings) note(`${w.code}: ${plain(w.message)}`);
  const { commands, checks } = plan as {
    commands: { run: string }[];
    checks: { run: string; expected: string | null }[];
  };
  print(diff === '' ? '(no file would change)' : plain(diff));
  for (const c of commands) print(`would run: ${plain(c.run)}`);
  for (const c of checks)
    print(`would check: ${plain(c.run)}${c.expected === null ? '' : ` = ${JSON.stringify(c.expected)}`}`);
  if (judgement.class === 'ask') print(`would ask a person first: \`waybill policy explain\` tells why`);
  if (refusal !== null) fail(refusal, false);
  note(`${woId}: dry run, nothing was changed`);
}

interface Sent extends Given {
  readonly lane: string;
  readonly woId: string;
}

/** Puts an order before the station, durably, and returns what its end can be waited for with. */
export function handIn(station: Station, order: Sent): Waiting {
  const since = Date.now();
  const known = seqOf(readState(station, order.woId));
  const path = sendCommand(station, {
    v: 1,
    command: 'drop',
    at: now(),
    lane: order.lane,
    file: order.file,
    content: order.bytes.toString('base64'),
    ...(order.orderFile === null || order.attachments === null
      ? {}
      : {
          order_file: order.orderFile,
          attachments: order.attachments.map(({ path, bytes }) => ({ path, content: bytes.toString('base64') })),
        }),
  });
  return { ...order, claim: basename(path, '.json'), known, since };
}

async function send(station: Station, order: Sent, options: Options): Promise<void> {
  const wait = options['wait'] === true;
  const running = runningStation(station) !== null;
  const waiting = handIn(station, order);
  if (wait && !running)
    throw new WaybillError('STATION_NOT_RUNNING', `${order.woId} is dropped and waits: no station process is running`, {
      hint: HOW_TO_START,
    });
  if (wait) return waitForEnd(station, waiting, options);
  if (options.json) return printJson({ ok: true, wo_id: order.woId, lane: order.lane, running });
  print(`${order.woId} dropped in lane ${order.lane}`);
  if (!running) note(HOW_TO_START);
}

/** The newest record that a state file tells of. */
function seqOf(state: StateDocument | null): number {
  return Number(state?.meta['seq'] ?? 0);
}

/** A drop under way: its claim, under which a refusal is answered, when it was dropped, and what was known of the order before. */
export type Waiting = Sent & { readonly claim: string; readonly known: number; readonly since: number };

async function waitForEnd(station: Station, order: Waiting, options: Options): Promise<void> {
  const end = await endOf(station, order, options);
  if ('result' in end) return showEnd(end.result, options.json === true);
  process.exitCode = EXIT.parked;
  const { waiting_for, progress } = end.parked;
  if (options.json) printJson({ ok: true, wo_id: order.woId, status: 'parked', waiting_for, why: progress });
}

/**
 * Waits until an order has ended, or is parked for longer than a moment; tells its progress meanwhile. Throws STATION_NOT_RUNNING, and TIMED_OUT after
 * the option `timeout`, in seconds.
 */
export async function endOf(
  station: Station,
  order: Waiting,
  options: Options,
): Promise<{ readonly result: ResultDocument } | { readonly parked: StateDocument }> {
  const { since } = order;
  const timeout = options['timeout'] === undefined ? Number.POSITIVE_INFINITY : Number(options['timeout']) * 1000;
  if (Number.isNaN(timeout)) throw usage('--timeout takes a number of seconds');
  let shown = '';
  for (let looks = 0; Date.now() - since < timeout; looks++, await pause(looks < 40 ? 5 : 50)) {
    const result = newResult(station, order);
    if (result !== null) return { result };
    const state = readState(station, order.woId);
    if (state === null || (Date.parse(state.updated_at) < since && seqOf(state) === order.known)) {
      if (runningStation(station) === null)
        throw new WaybillError('STATION_NOT_RUNNING', `the station stopped while ${order.woId} waited`, {
          hint: HOW_TO_START,
        });
      continue;
    }
    const line = `${order.woId}: ${colouredStatus(state.status)}${state.progress === null ? '' : ` (${plain(state.progress)})`}`;
    if (line !== shown && !options.json) note(line);
    shown = line;
    // The repository and the pause before a retry pass by themselves; everything else needs somebody, or a long time.
    const passes = state.waiting_for === 'repository' || (state.waiting_for === 'time' && state.last_error !== null);
    if (state.status === 'parked' && !passes) return { parked: state };
  }
  throw new WaybillError('TIMED_OUT', `${order.woId} did not end within ${String(options['timeout'])} seconds`);
}

/** The order's own result, or the rejection of this very file; older answers under the same name don't count. */
function newResult(station: Station, order: Waiting): ResultDocument | null {
  const own = resultPath(station, order.lane, order.woId);
  return writtenSince(own, order.since) ? parse(own) : refusalOf(station, order);
}

/** The rejection of this very file; null as long as there is none. */
export function refusalOf(station: Station, order: Waiting): ResultDocument | null {
  const folder = join(station.layout.outbox, order.lane);
  const refusal = namesIn(folder).find((n) => n.endsWith(`.${order.claim}.result.json`));
  return refusal === undefined ? null : parse(join(folder, refusal));
}

/** Whether the station has made an order of it, or has refused it. */
export function isTaken(station: Station, order: Waiting): boolean {
  if (exists(join(station.layout.commands, `${order.claim}.json`))) return false;
  return newResult(station, order) !== null || seqOf(readState(station, order.woId)) > order.known;
}

function writtenSince(path: string, since: number): boolean {
  const stat = ifThere(() => fs.statSync(path));
  return stat !== undefined && stat.mtimeMs >= since - 2;
}

function parse(path: string): ResultDocument {
  return JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null') as ResultDocument;
}

export function showEnd(result: ResultDocument, json: boolean): void {
  process.exitCode = exitCodeOfStatus(result.status);
  if (json) {
    printJson({ ok: result.status === 'done', result });
    return;
  }
  print(`${result.wo_id ?? result.file}: ${colouredStatus(result.status)} ${plain(result.summary)}`);
  for (const path of result.files_touched) print(`  ${plain(path)}`);
  for (const check of result.checks) print(`  ${check.ok ? 'ok  ' : 'FAIL'} ${plain(check.name)}`);
  for (const path of result.unrestored ?? []) note(`  unrestored: ${plain(path)}`);
  for (const w of result.warnings) note(`  ${w.code}: ${plain(w.message)}`);
  if (result.error !== null)
    note(`  ${result.error.code}: ${plain(result.error.message)}\n  hint: ${result.error.hint}`);
}

/** `waybill canary`: a real order through the real pipeline; it writes one file of its own and lands one commit. */
export async function canary(options: Options): Promise<void> {
  const station = await stationOf(options);
  const unique = newUlid();
  const woId = `${CANARY_ID}${unique}`;
  const bytes = Buffer.from(canaryText(unique));
  await send(
    station,
    { lane: station.settings.defaultLane, file: `${woId}.json`, bytes, orderFile: null, attachments: null, woId },
    { timeout: '60', ...options, wait: true },
  );
}
