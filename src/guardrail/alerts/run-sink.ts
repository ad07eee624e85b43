import { WaybillError } from '../../order/error.ts';
import type { ByteFilter } from '../../order/secrets/redactor.ts';
import { runCommand } from '../../platform/process.ts';

/** Between TERM and KILL for a program that takes too long. */
const GRACE_MS = 1000;

/** So much of what it says is kept, for the message. */
const SAID_BYTES = 4096;

/** A program that carries alerts on. */
export interface SinkProgram {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly input?: string;
  /** What is kept of its words goes through it. */
  readonly filter?: () => ByteFilter;
  readonly signal?: AbortSignal;
}

/**
 * Runs a sink's program in a process group of its own, which is ended with it: at its end, at the timeout (the time it takes is bounded),
 * or when the signal comes. Throws ALERT_FAILED for every end but exit code 0.
 */
export async function runSink(program: SinkProgram): Promise<void> {
  const [name = ''] = program.argv;
  const result = await runCommand({
    ...program,
    graceMs: GRACE_MS,
    maxOutputBytes: SAID_BYTES,
    onStarted: () => {},
  });
  const how = result.timedOut
    ? `took longer than ${program.timeoutMs / 1000} s`
    : result.aborted
      ? 'was ended, because the guardrail stops'
      : result.exitCode === 127
        ? 'was not found (exit code 127)'
        : result.signal !== null
          ? `was ended by ${result.signal}`
          : `ended with ${result.exitCode}`;
  if (result.exitCode === 0 && !result.timedOut && !result.aborted) return;
  const said = result.stderr.bytes.toString('utf8').trim().split('\n').at(-1) ?? '';
  throw new WaybillError('ALERT_FAILED', `${name} ${how}${said === '' ? '' : `: ${said}`}`);
}

/** The environment of this process: what runs for alerts is named by the owner of the station, as git's settings are. */
export function ownEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  return env;
}
