import { BACKLOG_ERRORS } from './errors/backlog.ts';
import { CLAIM_ERRORS } from './errors/claims.ts';
import { DOCUMENT_ERRORS } from './errors/documents.ts';
import { JOB_ERRORS } from './errors/jobs.ts';
import { MISSION_ERRORS } from './errors/missions.ts';
import { WEB_ERRORS } from './errors/web.ts';

/**
 * Every refusal has a code, a message that names the thing, a place where there is one, and a hint that lets
 * its author mend it (design.md, rule 10). The table is the single list: docs, schemas and `waybill explain` read it.
 */

/** What one code means: `what` for people who look it up, `hint` where the thrower has no better one. */
interface CodeEntry {
  readonly what: string;
  readonly hint: string;
  /** A failure that may go away by itself, so that `retries` of the order apply. */
  readonly retryable?: true;
}

export const ERROR_CODES = {
  // reading a dropped file
  TOO_LARGE: {
    what: 'The file is larger than intake.max_order_bytes, or has more words and signs of YAML than can be read in good time; or a file that the order is to change is larger than 1 GiB.',
    hint: 'Split the order, or raise the limit in waybill.yaml.',
  },
  NOT_UTF8: {
    what: 'The file is not valid UTF-8.',
    hint: 'Save it as UTF-8; put binary content in base64 with encoding: base64.',
  },
  EMPTY: {
    what: 'The file holds no order.',
    hint: 'Write at least wo_id and one file or action; `waybill new` prints a template.',
  },
  YAML_INVALID: {
    what: 'The YAML does not parse, or uses what orders may not use.',
    hint: 'Mend the line named; `waybill lint FILE` checks it again.',
  },
  JSON_INVALID: { what: 'The JSON does not parse.', hint: 'Mend the line named; `waybill lint FILE` checks it again.' },
  TOO_DEEP: { what: 'The document is nested deeper than intake.max_depth.', hint: 'Flatten it.' },
  NOT_AN_ORDER: {
    what: 'The document is not a mapping with the keys of an order.',
    hint: 'An order is a mapping with wo_id; `waybill new` prints a template.',
  },
  NOT_A_FILE: {
    what: 'What lies in the inbox is no regular file: a link, a folder, a pipe, a socket or a device.',
    hint: 'Drop the order as a plain file.',
  },
  UNCLAIMABLE: {
    what: 'The file cannot be read or moved by the station.',
    hint: 'Give the user that runs the station read access, and write access to the lane folder.',
  },
  CHANGED_AFTER_CLAIM: {
    what: 'The file was still being written when it was claimed.',
    hint: 'Drop by rename, end YAML with a line "...", or use `waybill drop`.',
  },
  SCHEMA_INVALID: {
    what: 'A field has the wrong shape.',
    hint: 'See schemas/order.schema.json and docs/writing-orders.md.',
  },
  UNKNOWN_FIELD: {
    what: 'A field is not known, and looks like a slip of one that is.',
    hint: 'Spell it as suggested.',
  },
  AMBIGUOUS_FIELD: {
    what: 'Two fields that mean the same say different things.',
    hint: 'Remove one of the two.',
  },
  UNKNOWN_SHAPE: {
    what: 'The document has none of the shapes in which work orders are written.',
    hint: '`waybill new` prints the canonical form; docs/dialects.md has the others.',
  },
  DEPRECATED_TYPE: {
    what: 'The order names a type that is not taken any more: autonomous_build_cycle, or one under deprecated_types in waybill.yaml.',
    hint: 'Use what takes its place.',
  },
  BUNDLE_INVALID: {
    what: 'A folder bundle lacks a file that its order names.',
    hint: 'Drop the folder again, whole: NAME/NAME.yaml, its body_file, its evidence_dir with manifest.json.',
  },
  CHECKSUM_MISMATCH: {
    what: 'A file of a folder bundle is not what its manifest says.',
    hint: 'Drop the folder again with files and manifest that agree.',
  },
  UNKNOWN_TYPE: { what: 'The order type is not known.', hint: 'Known types: apply_patch, command, mission, ping.' },
  NO_ID: { what: 'The order has no wo_id.', hint: 'Add wo_id: letters, digits, dot, dash, underscore.' },
  BAD_ID: {
    what: 'The wo_id has characters that cannot be a file name.',
    hint: 'Use letters, digits, dot, dash, underscore; at most 128.',
  },
  DUPLICATE_ID: { what: 'Another order with this wo_id exists and differs.', hint: 'Give the new order a new wo_id.' },
  ACTION_ORDER: {
    what: 'A file action stands after a command.',
    hint: 'Put what follows the command into a second order with depends_on.',
  },
  NOTHING_TO_DO: { what: 'The order has no files, actions or checks.', hint: 'Add files or actions.' },

  // planning
  PATH_DENIED: {
    what: 'A target lies outside what orders may touch.',
    hint: 'Name a path inside the station, or allow its folder under roots in policy.yaml.',
  },
  TARGET_MISSING: {
    what: 'The file to edit, move or delete does not exist.',
    hint: 'Check the path; write creates a file.',
  },
  SET_FAILED: {
    what: 'A key cannot be set: the file does not parse, or something else than a mapping or a list stands on the way.',
    hint: 'Check key and file; a name with a dot in it needs the key as a list.',
  },
  TARGET_EXISTS: { what: 'The place to move to is taken.', hint: 'Delete it first, or choose another name.' },
  FIND_NOT_FOUND: {
    what: 'The text to find does not stand in the file.',
    hint: 'Copy it exactly from the file, with its white space.',
  },
  FIND_AMBIGUOUS: {
    what: 'The text to find stands in the file more than once.',
    hint: 'Take more of the text around it.',
  },
  PATCH_INVALID: {
    what: 'The patch is no unified diff that can be read.',
    hint: 'Make it with `git diff` or `diff -u`.',
  },
  PATCH_FAILED: {
    what: 'A hunk of the patch does not apply; nothing was changed.',
    hint: 'Make the patch against the current content.',
  },
  DIRTY_TARGET: {
    what: 'A target has changes that are not committed.',
    hint: 'Commit, stash or discard them, then `waybill retry`.',
    retryable: true,
  },
  TARGET_CHANGED: {
    what: 'A target changed between plan and landing; both versions are kept.',
    hint: 'Look at the change, then `waybill retry`.',
    retryable: true,
  },

  // carrying out
  COMMAND_FAILED: {
    what: 'A command ended with another exit code than 0.',
    hint: 'Its output is in the evidence folder under commands/.',
    retryable: true,
  },
  COMMAND_TIMEOUT: {
    what: 'A command ran longer than its timeout; its whole process group was ended.',
    hint: 'Raise timeout_seconds, or make it faster.',
    retryable: true,
  },
  COMMAND_NOT_FOUND: {
    what: 'The program of a command does not exist.',
    hint: 'Check its name and the PATH of the station process.',
  },
  SANDBOX_MISSING: {
    what: 'Policy requires a sandbox for commands, and there is none that works here.',
    hint: '`waybill doctor` says why; docs/sandbox.md how to get one.',
  },
  CHECK_FAILED: {
    what: 'A check did not pass; what file actions changed was restored.',
    hint: 'Its output is in the evidence folder under commands/.',
    retryable: true,
  },
  EFFECT_UNVERIFIED: {
    what: 'The station died while a command ran that is not declared idempotent; nobody can tell how much of it happened.',
    hint: 'Look at what it left, then `waybill retry`.',
  },
  DEPENDENCY_FAILED: {
    what: 'An order this one depends on ended otherwise than done.',
    hint: 'Mend and retry that one, then `waybill retry` this one.',
  },
  DEPENDENCY_UNKNOWN: {
    what: 'An order this one depends on was never seen.',
    hint: 'Check the id in depends_on, or drop that order.',
  },
  DEPENDENCY_CYCLE: { what: 'The order depends on itself, directly or through others.', hint: 'Break the circle.' },
  CANCELLED: { what: 'A person cancelled the order.', hint: '`waybill retry` runs it again.' },
  IO_ERROR: {
    what: 'The file system refused an operation.',
    hint: 'See the message; `waybill retry` when it is mended.',
    retryable: true,
  },
  GIT_FAILED: { what: 'A git command failed.', hint: 'Run `git fsck` and see the message.', retryable: true },

  ...MISSION_ERRORS,
  ...WEB_ERRORS,
  ...DOCUMENT_ERRORS,

  // taking items of a backlog
  ...BACKLOG_ERRORS,
  ...CLAIM_ERRORS,
  ...JOB_ERRORS,

  // station
  NO_STATION: { what: 'No station was found here.', hint: 'Run `waybill init`, or name one with --station.' },
  STATION_HELD: { what: 'Another process holds this station.', hint: 'Stop it first, or let it do the work.' },
  STATION_NOT_RUNNING: { what: 'No station process is running here.', hint: 'Start it with `waybill up`.' },
  LOCK_LOST: {
    what: 'The lock file was removed or replaced while the station ran.',
    hint: 'Start the station again; leave .git/waybill alone.',
  },
  REPO_UNSUPPORTED: {
    what: 'The repository has a form that Waybill cannot write safely.',
    hint: 'See docs/reference-settings.md, "Repositories".',
  },
  TRACKED_STATE: {
    what: 'A path that Waybill keeps for itself is tracked by git, or a tracked ignore file brings it back.',
    hint: 'Untrack it with `git rm -r --cached PATH`, or choose other paths in waybill.yaml.',
  },
  POLICY_INVALID: {
    what: 'policy.yaml is missing, cannot be read, or has an unknown key or a wrong value.',
    hint: 'Mend the line named; docs/policy.md tells every key. Orders still come in, and nothing is started until then.',
  },
  POLICY_DENIED: {
    what: 'Policy never allows a path or a command of the order.',
    hint: '`waybill policy explain FILE` shows which rule decides. Leave it out, or ask an operator to change policy.yaml.',
  },
  WORKTREE_BROKEN: {
    what: 'A worktree is not the one that the station made any more: its folder, its .git file or what git knows of it was changed. It is left as it is.',
    hint: '`waybill worktrees` names it. Look into its folder, save what you need, and remove it; then `waybill retry`.',
  },
  BRANCH_TAKEN: {
    what: 'A branch with the name of the order is there already, and is not moved.',
    hint: 'Rename or delete that branch, then `waybill retry`.',
  },
  LIMIT_EXCEEDED: {
    what: 'The order changes more than policy lets one order change.',
    hint: 'Split it, or ask an operator to raise `limits` in policy.yaml.',
  },
  APPROVAL_STALE: {
    what: 'The decision is about something else than what is asked now.',
    hint: 'Look at it again: `waybill approvals ID`.',
  },
  APPROVAL_REFUSED: {
    what: 'The decision does not count: its proof does not verify or is not enough, or whoever decided may not.',
    hint: 'policy.yaml says who decides, and what proof is enough; `waybill approvals ID` names both.',
  },
  DENIED: { what: 'A person denied what the order asked for.', hint: 'The reason stands in the result.' },
  EXPIRED: {
    what: 'Nobody decided before the time that the order sets.',
    hint: 'Drop it again, or retry it: `waybill retry ID`. This is no denial.',
  },
  SETTINGS_INVALID: {
    what: 'waybill.yaml has an unknown key or a wrong value.',
    hint: 'Mend the line named; docs/reference-settings.md lists every key.',
  },
  UNKNOWN_PRESET: { what: 'There is no preset of that name.', hint: 'Presets: default, 02luka, lifeos.' },
  NEWER_VERSION: { what: 'A document was written by a newer Waybill.', hint: 'Upgrade Waybill.' },
  LEDGER_BROKEN: { what: 'The ledger does not verify.', hint: 'Run `waybill verify`; it names the first bad record.' },
  BACKUP_FAILED: {
    what: 'A backup could not be made or read, or what arrived is not what was sent.',
    hint: 'Mend what the message names and try again; the station itself is unharmed.',
  },
  BACKUP_DIVERGED: {
    what: 'The backup and the station hold different histories, so neither may replace the other.',
    hint: 'Back up to a new place, and keep the old backup until you know which history is the right one.',
  },
  ALERT_FAILED: {
    what: 'An alert could not be handed to one of those that settings name; the others got it.',
    hint: 'Mend what the message names; the alerts file holds the alert.',
  },
  PROGRAM_MISSING: {
    what: 'A program that a service needs is not there, or may not be run; installed like that it would end with 127.',
    hint: 'Install it, or put its folder on PATH, then run the command again.',
  },
  SERVICE_MANAGER_FAILED: {
    what: 'launchd or systemd cannot be asked, or refused what was asked.',
    hint: 'See the message; docs/services.md tells what each service manager needs.',
  },
  UNKNOWN_ORDER: { what: 'No order of that id is known.', hint: '`waybill ls` lists what is.' },
  REQUEST_CUT: {
    what: 'The request held a secret, so the records keep it only with the secret cut out, and it cannot be carried out from there.',
    hint: 'Drop the order again, best with the name of a variable in place of the secret.',
  },
  ILLEGAL_TRANSITION: {
    what: 'The order is in a state in which that cannot be done.',
    hint: '`waybill show` tells its state.',
  },
  UNKNOWN_KEEP: { what: 'No keep, or no file in one, has that name.', hint: '`waybill keep ls` lists what is.' },
  KEEP_CHANGED: {
    what: 'Something was added to a keep since it was shown, so it was not deleted.',
    hint: 'Look at it again with `waybill keep show`, then prune it again.',
  },
  UNKNOWN_SNAPSHOT: {
    what: 'No snapshot of this name is here, or it does not hold the path named.',
    hint: '`waybill snapshot ls` lists them.',
  },
  SNAPSHOT_EXISTS: {
    what: 'There is a snapshot of this name already; one is never written over.',
    hint: 'Take another name, or none: then it is named after the time.',
  },
  NOT_REVERTIBLE: {
    what: 'What is named cannot be taken back: it is a merge, not in the history of the branch, changed nothing, or changed what an order cannot write.',
    hint: 'Name a commit of this branch, or the commit to go back to with --to.',
  },
  ROLLBACK_CONFLICT: {
    what: 'Later commits changed the same lines, or somebody has uncommitted work in a file. Nothing was changed: later work is never written over.',
    hint: 'Take the later commits back first, leave the files out with --except, or go back to a commit before them all with --to.',
  },
  UNKNOWN_COMMAND: {
    what: 'A command file could not be understood.',
    hint: 'Use the waybill command line to write them.',
  },
  NO_INPUT: { what: 'A file named on the command line cannot be read.', hint: 'Check its name.' },
  USAGE: { what: 'The command line was called in a way it does not know.', hint: 'See --help.' },
  TIMED_OUT: { what: 'The wait ended before the order did.', hint: 'The order goes on; `waybill show ID` tells.' },
  INTERNAL: { what: 'A fault in Waybill itself.', hint: 'Please report it with the message and the log.' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Where in a dropped file the trouble is. Lines and columns count from 1. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The one error class. `message` names the thing, `hint` says what to do. */
export class WaybillError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly place: Place;

  constructor(code: ErrorCode, message: string, more: { hint?: string; place?: Place; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'WaybillError';
    this.code = code;
    this.hint = more.hint ?? ERROR_CODES[code].hint;
    this.place = more.place ?? {};
  }

  /** The same error, said of a place in a file. */
  at(place: Place): WaybillError {
    return new WaybillError(this.code, this.message, {
      hint: this.hint,
      place: { ...place, ...this.place },
      cause: this.cause,
    });
  }

  /** Whether `retries` of an order apply to this failure. */
  get retryable(): boolean {
    const entry: CodeEntry = ERROR_CODES[this.code];
    return entry.retryable === true;
  }
}

/** The shape in which errors stand in state, results and error files. */
export interface ErrorBody extends Place {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly at: string;
}

export function errorBody(error: WaybillError, at: string): ErrorBody {
  return { code: error.code, message: error.message, hint: error.hint, ...error.place, at };
}

/** Turns whatever was thrown into a WaybillError: file system faults keep their errno, the rest is INTERNAL. */
export function asWaybillError(thrown: unknown): WaybillError {
  if (thrown instanceof WaybillError) return thrown;
  if (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    /^E[A-Z0-9]+$/.test(thrown.code)
  ) {
    return new WaybillError('IO_ERROR', thrown.message, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new WaybillError('INTERNAL', message, { cause: thrown });
}
