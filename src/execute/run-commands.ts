import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import type { CheckResult } from '../order/generated.ts';
import { type Check, type Command, type Invocation, invocationText } from '../order/order.ts';
import type { CappedOutput } from '../platform/capped-output.ts';
import { ensureDir, namesIn, readIfThere, writeDurable } from '../platform/durable.ts';
import { type CommandResult, runCommand } from '../platform/process.ts';
import { resolveFolder } from '../policy/fence.ts';
import { redactorOf } from '../station/redactor.ts';
import type { Station } from '../station/station.ts';
import { LiveOutput, OUTPUT_FOLDER } from './live-output.ts';
import type { CommandSandbox } from './sandbox/commands.ts';

/** Where a run of commands keeps its output, and whom it tells. */
export interface RunContext {
  readonly station: Station;
  /** The roots outside the station that policy opens. */
  readonly roots: readonly string[];
  /** The order's claim folder. */
  readonly folder: string;
  readonly woId: string;
  /** Told before each program may do anything; writes the ledger. Gives what the program must know of it, as variables. */
  readonly begin: (n: number, name: string, idempotent: boolean) => Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What every program runs in; in nothing unless given. */
  readonly sandbox?: CommandSandbox | null;
  /** Where the programs run, where that is not the root. */
  readonly place?: WorkPlace;
}

/** A folder apart from the root that programs run in. */
export interface WorkPlace {
  /** The folder for a `cwd` as the order names it. Throws PATH_DENIED. */
  folder(cwd: string | null): string;
  /** What programs there must know beside the rest of their environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** A process group that a command runs in, as recovery finds it. */
export interface RunningGroup {
  readonly pgid: number;
  readonly startTime: string | null;
  /** Value of WAYBILL_RUN in its environment, to find what left the group. */
  readonly mark: string;
}

const RUNNING = 'running.json';
const EVIDENCE_FOLDER = 'commands';

/** Runs a command; throws COMMAND_FAILED, COMMAND_TIMEOUT or COMMAND_NOT_FOUND. */
export async function runAction(context: RunContext, command: Command, n: number): Promise<void> {
  const result = await run(
    context,
    n,
    command.name,
    command.run,
    command.cwd,
    command.timeoutSeconds,
    command.idempotent,
  );
  const error = failureOf(command.name, result, 0);
  if (error !== null) throw error;
}

/** Runs a check and says how it went; a check never throws for its outcome. Checks only look, so they may run again after a crash. */
export async function runCheck(context: RunContext, check: Check, n: number): Promise<CheckResult> {
  const result = await run(context, n, check.name, check.run, check.cwd, check.timeoutSeconds, true);
  const redactor = redactorOf(context.station.settings);
  const base = {
    name: redactor.redactText(check.name),
    exit_code: result.exitCode,
    signal: result.signal,
    duration_ms: result.durationMs,
    ...(result.timedOut ? { timed_out: true } : {}),
  };
  const exited = !result.timedOut && result.exitCode === check.exitCode;
  if (check.expected === null) return { ...base, ok: exited };
  // what decides is what it said; what is told of it has no secrets
  const said = result.stdout.unfiltered.toString('utf8').trim();
  return {
    ...base,
    ok: exited && said === check.expected.trim(),
    expected: redactor.redactText(check.expected),
    actual: result.stdout.bytes.toString('utf8').trim().slice(0, 2000),
  };
}

export function checkFailure(results: readonly CheckResult[]): WaybillError | null {
  const failed = results.filter((r) => !r.ok);
  const first = failed[0];
  if (first === undefined) return null;
  const how = first.timed_out
    ? 'timed out'
    : first.expected !== undefined && first.exit_code === 0
      ? `expected ${JSON.stringify(first.expected)}, got ${JSON.stringify((first.actual ?? '').slice(0, 200))}`
      : `ended with ${first.exit_code ?? first.signal}`;
  return new WaybillError(
    'CHECK_FAILED',
    `check ${JSON.stringify(first.name)} ${how}${failed.length > 1 ? `; ${failed.length - 1} more failed` : ''}`,
  );
}

async function run(
  context: RunContext,
  n: number,
  name: string,
  invocation: Invocation,
  cwd: string | null,
  timeoutSeconds: number | null,
  idempotent: boolean,
): Promise<CommandResult> {
  const { station, folder, woId, sandbox = null } = context;
  const { commands } = station.settings;
  const redactor = redactorOf(station.settings);
  const begun = context.begin(n, name, idempotent);
  const mark = `${woId}.${n}.${process.pid}`;
  const output = join(folder, OUTPUT_FOLDER);
  ensureDir(output);
  const shown = redactor.redactText(name);
  const base = join(output, `${String(n).padStart(2, '0')}-${slug(shown)}`);
  const argv = 'shell' in invocation ? ['/bin/sh', '-c', invocation.shell] : invocation.argv;
  // Resolved again: an earlier command may have made a link of it.
  const where = context.place?.folder(cwd) ?? folderAtRoot(context, cwd);
  const live = new LiveOutput(base);
  try {
    const result = await runCommand({
      argv: sandbox?.wrap(argv, where) ?? argv,
      isSandbox: sandbox?.name === 'bwrap',
      cwd: where,
      env: {
        ...environment(commands.env),
        ...context.place?.env,
        ...begun,
        WAYBILL_RUN: mark,
        WAYBILL_ORDER: woId,
        WAYBILL_STATION: station.layout.root,
      },
      mark: { name: 'WAYBILL_RUN', value: mark },
      timeoutMs: (timeoutSeconds ?? commands.timeoutSeconds) * 1000,
      graceMs: commands.killGraceSeconds * 1000,
      maxOutputBytes: commands.maxOutputBytes,
      filter: () => redactor.stream(),
      onKept: (stream) => (bytes, peek) => live.add(stream, bytes, peek),
      onStarted: ({ pgid, startTime }) => noteRunningGroup(folder, { pgid, startTime, mark }),
      signal: context.signal,
    });
    const told = ({ bytes, dropped }: CappedOutput) =>
      dropped === 0 ? bytes : Buffer.concat([bytes, Buffer.from(`\n[${dropped} bytes more were cut]\n`)]);
    writeDurable(`${base}.stdout`, told(result.stdout));
    writeDurable(`${base}.stderr`, told(result.stderr));
    const about = {
      v: 1,
      name: shown,
      run: redactor.redactText(invocationText(invocation)),
      sandbox: sandbox?.name ?? null,
      exit_code: result.exitCode,
      signal: result.signal,
      timed_out: result.timedOut,
      duration_ms: result.durationMs,
      stdout_dropped: result.stdout.dropped,
      stderr_dropped: result.stderr.dropped,
    };
    writeDurable(`${base}.json`, `${JSON.stringify(about, null, 2)}\n`);
    return result;
  } finally {
    // only now: whoever looks on finds either this or what is durable
    live.end();
  }
}

function folderAtRoot({ station, roots }: RunContext, cwd: string | null): string {
  return cwd === null ? station.layout.root : resolveFolder({ ...station, roots }, cwd);
}

function environment(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function failureOf(name: string, result: CommandResult, expectedExit: number): WaybillError | null {
  if (result.aborted) return new WaybillError('CANCELLED', `${name} was ended`);
  if (result.timedOut) return new WaybillError('COMMAND_TIMEOUT', `${name} ran longer than its timeout and was ended`);
  if (result.exitCode === expectedExit) return null;
  if (result.exitCode === 127)
    return new WaybillError('COMMAND_NOT_FOUND', `${name}: the program was not found (exit code 127)`);
  return new WaybillError('COMMAND_FAILED', `${name} ended with ${result.exitCode ?? result.signal}`);
}

function slug(name: string): string {
  return (
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 40) || 'command'
  );
}

/** Numbers grow wider than their two places. */
function numberOf(name: string): number {
  return Number.parseInt(name, 10) || 0;
}

/** The highest number that output of this order has; 0 where there is none. What comes next is counted on from there, and overwrites nothing. */
export function lastOutput(folder: string): number {
  return Math.max(0, ...namesIn(join(folder, OUTPUT_FOLDER)).map(numberOf));
}

/** The evidence files that commands of this order wrote so far, in the order of their numbers; of those numbers alone that `only` holds. What a kill left half written begins with a dot, and is none. */
export function commandEvidence(folder: string, only?: ReadonlySet<number>): { path: string; bytes: Buffer }[] {
  return namesIn(join(folder, OUTPUT_FOLDER))
    .filter((name) => !name.startsWith('.') && (only?.has(numberOf(name)) ?? true))
    .sort((a, b) => numberOf(a) - numberOf(b) || (a < b ? -1 : 1))
    .map((name) => ({
      path: `${EVIDENCE_FOLDER}/${name}`,
      bytes: readIfThere(join(folder, OUTPUT_FOLDER, name)) ?? Buffer.alloc(0),
    }));
}

/** Puts on record, before a program may do anything, how recovery finds it. */
export function noteRunningGroup(folder: string, group: RunningGroup): void {
  writeDurable(join(folder, RUNNING), JSON.stringify(group));
}

/** The group that was running when the station died, if one was. */
export function lastRunningGroup(folder: string): RunningGroup | null {
  const text = readIfThere(join(folder, RUNNING))?.toString('utf8');
  if (text === undefined) return null;
  const value: unknown = JSON.parse(text);
  const ok =
    typeof value === 'object' &&
    value !== null &&
    'pgid' in value &&
    typeof value.pgid === 'number' &&
    value.pgid > 1 &&
    'mark' in value &&
    typeof value.mark === 'string';
  return ok ? (value as RunningGroup) : null;
}
