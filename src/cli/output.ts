import pc from 'picocolors';
import { asWaybillError, type ErrorCode, WaybillError } from '../order/error.ts';
import type { Status } from '../order/transition.ts';

export { age, plain, sizeText } from '../views/words.ts';

/** Exit codes: the order's own end, and those of sysexits. */
export const EXIT = {
  done: 0,
  failed: 1,
  parked: 3,
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  internal: 70,
  noPermission: 77,
} as const;

const EXIT_OF: Partial<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  UNKNOWN_PRESET: EXIT.usage,
  NO_INPUT: EXIT.noInput,
  UNKNOWN_ORDER: EXIT.noInput,
  UNKNOWN_KEEP: EXIT.noInput,
  KEEP_CHANGED: EXIT.failed,
  UNKNOWN_SNAPSHOT: EXIT.noInput,
  SNAPSHOT_EXISTS: EXIT.failed,
  NOT_REVERTIBLE: EXIT.failed,
  ROLLBACK_CONFLICT: EXIT.failed,
  NO_STATION: EXIT.noInput,
  STATION_HELD: EXIT.unavailable,
  STATION_NOT_RUNNING: EXIT.unavailable,
  TIMED_OUT: EXIT.unavailable,
  REPO_UNSUPPORTED: EXIT.unavailable,
  TRACKED_STATE: EXIT.unavailable,
  BACKUP_FAILED: EXIT.unavailable,
  ALERT_FAILED: EXIT.unavailable,
  PROGRAM_MISSING: EXIT.unavailable,
  ADDRESS_TAKEN: EXIT.unavailable,
  SANDBOX_MISSING: EXIT.unavailable,
  SERVICE_MANAGER_FAILED: EXIT.unavailable,
  BACKUP_DIVERGED: EXIT.data,
  LOCK_LOST: EXIT.internal,
  INTERNAL: EXIT.internal,
  LEDGER_BROKEN: EXIT.data,
  SETTINGS_INVALID: EXIT.data,
  ILLEGAL_TRANSITION: EXIT.failed,
  DIRTY_TARGET: EXIT.failed,
  TARGET_CHANGED: EXIT.failed,
  PATH_DENIED: EXIT.failed,
  POLICY_DENIED: EXIT.failed,
  LIMIT_EXCEEDED: EXIT.failed,
  APPROVAL_STALE: EXIT.failed,
  APPROVAL_REFUSED: EXIT.noPermission,
  WORKTREE_BROKEN: EXIT.failed,
  BRANCH_TAKEN: EXIT.failed,
  BACKLOG_CHANGED: EXIT.failed,
  BACKLOG_MISSING: EXIT.noInput,
  BACKLOG_NO_ITEM: EXIT.unavailable,
  BACKLOG_UNKNOWN_ITEM: EXIT.noInput,
  BACKLOG_ITEM_TAKEN: EXIT.unavailable,
  BACKLOG_CLAIMS_UNREACHABLE: EXIT.unavailable,
  NO_CHECKS: EXIT.failed,
  AGENT_UNAVAILABLE: EXIT.unavailable,
  AGENT_FAILED: EXIT.failed,
  AGENT_TIMEOUT: EXIT.failed,
  PACKET_INVALID: EXIT.failed,
  MISSION_ALTERED: EXIT.failed,
  NOTHING_CHANGED: EXIT.failed,
  GATE_FAILED: EXIT.failed,
  ENVELOPE_INVALID: EXIT.failed,
  ENVELOPE_VIOLATION: EXIT.failed,
  REVIEW_REJECTED: EXIT.failed,
  NO_PROGRESS: EXIT.failed,
  OSCILLATION_DETECTED: EXIT.failed,
  RETRIES_EXHAUSTED: EXIT.failed,
  BUDGET_EXHAUSTED: EXIT.failed,
  TOKEN_ACCOUNTING_UNAVAILABLE: EXIT.failed,
  POLICY_CHANGED_MID_RUN: EXIT.failed,
  MISSION_STOPPED: EXIT.failed,
  NOT_GENERATED: EXIT.failed,
};

/** The exit code for a refusal; what is wrong with an input is bad data. */
export function exitCodeOf(error: WaybillError): number {
  return EXIT_OF[error.code] ?? (error.code === 'IO_ERROR' || error.code === 'GIT_FAILED' ? EXIT.internal : EXIT.data);
}

export function exitCodeOfStatus(status: Status): number {
  if (status === 'done') return EXIT.done;
  return status === 'failed' || status === 'rejected' || status === 'cancelled' ? EXIT.failed : EXIT.parked;
}

/** One line or more on standard output. A closed pipe (`| head`) is no error. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** A machine's answer: one JSON object, versioned. */
export function printJson(value: object): void {
  print(JSON.stringify({ v: 1, ...value }, null, 2));
}

/** Remarks for people, on standard error, so that they break no pipe. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

const BAR = 30;
const REDRAWN_MS = 100;

/** A bar on standard error, drawn again in its line, which is empty in the end. Only for a terminal. */
export function progressBar(what: string): (done: number, total: number) => void {
  let drawnAt = 0;
  return (done, total) => {
    const isOver = done >= total;
    if (!isOver && Date.now() - drawnAt < REDRAWN_MS) return;
    drawnAt = Date.now();
    const full = Math.floor((BAR * done) / total);
    const bar = `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${Math.floor((100 * done) / total)} %, ${done} of ${total} records`;
    process.stderr.write(`\r\x1b[K${isOver ? '' : `${what} ${bar}`}`);
  };
}

/** Says what went wrong and how to mend it; sets the exit code. */
export function fail(thrown: unknown, json: boolean): void {
  const error = asWaybillError(thrown);
  process.exitCode = exitCodeOf(error);
  if (json) {
    printJson({ ok: false, error: { code: error.code, message: error.message, hint: error.hint, ...error.place } });
    return;
  }
  const { file, line, column } = error.place;
  const where =
    file === undefined
      ? ''
      : `${file}${line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`}: `;
  note(`${where}${pc.red(error.code)} ${error.message}\n  ${pc.dim('hint:')} ${error.hint.replaceAll('\n', '\n  ')}`);
  if (error.code === 'INTERNAL' && error.cause instanceof Error && process.env['WAYBILL_DEBUG'] !== undefined)
    note(error.cause.stack ?? '');
}

const COLOURS: Record<Status, (text: string) => string> = {
  ready: pc.cyan,
  running: pc.blue,
  parked: pc.yellow,
  done: pc.green,
  failed: pc.red,
  rejected: pc.red,
  cancelled: pc.dim,
};

export function colouredStatus(status: Status): string {
  return COLOURS[status](status);
}

export function usage(message: string): WaybillError {
  return new WaybillError('USAGE', message);
}
