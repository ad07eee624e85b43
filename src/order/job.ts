import { hashOf, sha256 } from './canonical-json.ts';
import type { JobDocument, JobResult } from './generated.ts';
import { isGoodId } from './id.ts';
import { onlyRuns, ruledOut } from './jobs/only-runs.ts';
import { invocationText } from './order.ts';

/**
 * Jobs of OpenClaw, both ways, and nowhere else: what a job says of an order, and what is answered to whoever sent it. Pure: nothing is looked up,
 * so the same job gives the same order on every machine.
 */

/** What a document of this version calls itself. */
export const JOB_KIND = 'lifeos.job.v0.1';
export const RESULT_KIND = 'lifeos.result.v0.2';

/** The chain that runs the checks of an order, and has no agent and no step that writes. */
export const CHECKS_CHAIN = 'checks';

/** Names in `expected_artifacts` that mean the output of the command itself: its bundle holds them. */
export const COMMAND_OUTPUTS: readonly string[] = ['stdout.txt', 'stderr.txt', 'rc.txt', 'duration_s.txt'];

/** Which job an order came from. `sha256` is of the job as a canonical JSON value: the same job, written otherwise, is the same job. */
export interface JobData {
  /** As its producer named it, or made of its hash where it had no name. */
  id: string;
  run_id: string;
  sha256: string;
}

/** Whether a document says that it is a job, of whatever version. */
export function isJob(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return typeof value.kind === 'string' && /^lifeos\.job\.v\d/.test(value.kind);
}

/** The check that runs the command of a job: its output goes into the bundle. */
export const COMMAND_NAME = 'command of the job';

/** Which job it is. One without an id is known by its content, so that sending it again is still sending the same one. */
export function jobData(job: JobDocument): JobData {
  const hash = hashOf(job);
  const id = job.job_id ?? `job-${shortHash(hash)}`;
  return { id, run_id: job.run_id ?? `openclaw:${id}`, sha256: hash };
}

/** Why nobody can be known by that id; null for a good one. */
export function jobIdFault(id: string): string | null {
  if (id === '') return 'is empty';
  if (id === '.' || id === '..') return 'is the name of a folder';
  if (/[\\/]/.test(id)) return 'holds a slash, and would name a place';
  if (id.length > 200) return 'is longer than 200';
  return /^[A-Za-z0-9._:-]+$/.test(id) ? null : 'holds a character that no id has';
}

/** The id of the order that does a job: the job's own where a file and a ref can have that name. */
export function orderIdOf(jobId: string): string {
  return isGoodId(jobId) ? jobId : `JOB-${shortHash(sha256(jobId))}`;
}

function shortHash(hash: string): string {
  return hash.replace('sha256:', '').slice(0, 12);
}

/** One value of the order's canonical document, and the path in the job that it came from. */
export interface Mapped {
  readonly key: string;
  readonly value: unknown;
  readonly from: readonly (string | number)[];
}

/** Something that whoever sent the job should know of. */
export interface JobNote {
  readonly code: 'alias' | 'defaulted' | 'ignored' | 'note';
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What a job says, as the canonical document of an order says it. */
export interface JobOrder {
  readonly job: JobData;
  readonly values: readonly Mapped[];
  /** Every key that is not among the values is here. */
  readonly notes: readonly JobNote[];
}

/**
 * What the order says that does a job (valid by schemas/job.schema.json). A key that a job does not have is told, and changes nothing, but one by
 * which its author asks for care, as `asksForCare` knows them: a dry run is one, and for every other a person is asked first.
 */
export function orderOfJob(job: JobDocument, asksForCare: (key: string, value: unknown) => boolean): JobOrder {
  const data = jobData(job);
  const values: Mapped[] = [];
  const notes: JobNote[] = [];
  const put = (key: string, value: unknown, ...from: (string | number)[]) => values.push({ key, value, from });
  const note = (code: JobNote['code'], message: string, ...path: (string | number)[]) =>
    notes.push({ code, path, message });

  put('wo_id', orderIdOf(data.id), 'job_id');
  if (job.job_id === undefined || job.job_id === null)
    note('defaulted', `the job has no job_id; it is ${data.id}, made of its content`);
  else if (orderIdOf(data.id) !== data.id)
    note('note', `no file and no ref can have that name; its order is ${orderIdOf(data.id)}`, 'job_id');
  put('type', 'mission', 'kind');
  put('kind', job.job_type ?? 'job', 'job_type');
  put('title', firstLine(job.objective), 'objective');
  put('task', job.objective, 'objective');

  const scope = entriesOf(job.scope);
  const paths = scope.filter(({ text }) => looksLikePath(text));
  const words = scope.filter(({ text }) => !looksLikePath(text));
  for (const { text, at } of words)
    if (!/\s/.test(text)) note('note', `read as words; to bound paths by it, write ${text}/`, 'scope', at);
  const nonGoals = entriesOf(job.non_goals);
  const requirements = [
    listed('Keep to this scope', words),
    listed('These are no goals, and must not be done', nonGoals),
  ].filter((part) => part !== null);
  if (requirements.length > 0) put('requirements', requirements.join('\n\n'), words.length > 0 ? 'scope' : 'non_goals');
  if (paths.length > 0) put('constraints', { paths: paths.map(({ text }) => text) }, 'scope');
  const refs = entriesOf(job.context_refs);
  if (refs.length > 0)
    put(
      'context_refs',
      refs.map(({ text }) => text),
      'context_refs',
    );

  const isOnlyRun = onlyRuns(job, paths.length > 0);
  if (!isOnlyRun)
    for (const { key, at, text } of ruledOut(job))
      note('note', `agents do the work all the same, and are told ${JSON.stringify(text)}`, key, at);
  if (!isOnlyRun)
    put(
      'success_criteria',
      `This exits with 0: ${invocationText({ argv: job.command })}${inFolder(job.workdir)}`,
      'command',
    );

  const workdir = (job.workdir ?? '.').replace(/^(?:\.\/+)+(?=.)|\/+$/g, '') || job.workdir;
  put(
    'tests',
    [
      {
        name: COMMAND_NAME,
        argv: [...job.command],
        ...(workdir === undefined || workdir === '.' ? {} : { cwd: workdir }),
        ...(job.timeout_s === undefined || job.timeout_s === null ? {} : { timeout_seconds: job.timeout_s }),
      },
    ],
    'command',
  );
  const expected = entriesOf(job.expected_artifacts);
  const outputs = expected.filter(({ text }) => COMMAND_OUTPUTS.includes(text));
  if (outputs.length > 0)
    note('note', `the output of the command: ${outputs.map(({ text }) => text).join(', ')}`, 'expected_artifacts');
  const files = expected.filter(({ text }) => !COMMAND_OUTPUTS.includes(text));
  for (const { text, at } of files)
    if (!isPath(text)) note('note', `read as words, not looked for: ${text.slice(0, 200)}`, 'expected_artifacts', at);
  if (files.length > 0)
    put(
      'expected_outputs',
      files.map(({ text }) => text),
      'expected_artifacts',
    );

  if (isOnlyRun) {
    put('chain', CHECKS_CHAIN, 'job_type');
    note('note', 'the command is run, and nothing else: no agent takes part, and what it changes does not land');
  }
  if (job.clean_repo_required !== undefined)
    note(
      'note',
      'always so: the work is done in a worktree of a commit, whatever the root holds',
      'clean_repo_required',
    );
  otherKeys(job, asksForCare, put, note);
  return { job: data, values, notes };
}

/** The keys of a job that mean something; a property test holds them against `orderOfJob`. */
export const JOB_KEYS: readonly string[] = [
  'kind',
  'job_id',
  'job_type',
  'objective',
  'workdir',
  'command',
  'timeout_s',
  'scope',
  'non_goals',
  'expected_artifacts',
  'context_refs',
  'run_id',
  'clean_repo_required',
];

/** Rule 7 without an error: whoever asks for care in words that jobs do not have gets more of it, not less. */
function otherKeys(
  job: JobDocument,
  asksForCare: (key: string, value: unknown) => boolean,
  put: (key: string, value: unknown, ...from: string[]) => void,
  note: (code: JobNote['code'], message: string, ...path: string[]) => void,
): void {
  const careful: string[] = [];
  for (const [key, value] of Object.entries(job)) {
    if (JOB_KEYS.includes(key)) continue;
    if (!asksForCare(key, value)) note('ignored', 'is no key of a job, ignored', key);
    else if (key === 'dry_run') {
      put('metadata', { dry_run: true }, key);
      note('alias', 'nothing is done: a dry run', key);
    } else {
      careful.push(key);
      note('note', 'is no key of a job, but asks for care: a person is asked first', key);
    }
  }
  const [first] = careful;
  if (first !== undefined) put('approval', { why: `the job says ${careful.join(', ')}` }, first);
}

function inFolder(workdir: string | null | undefined): string {
  return workdir === null || workdir === undefined || workdir === '.' ? '' : ` (in ${workdir})`;
}

interface Entry {
  readonly text: string;
  readonly at: number;
}

/** The texts of a list, without those that are empty. */
function entriesOf(list: readonly string[] | null | undefined): Entry[] {
  return (list ?? []).map((text, at) => ({ text: text.trim(), at })).filter(({ text }) => text !== '');
}

function listed(words: string, entries: readonly Entry[]): string | null {
  return entries.length === 0 ? null : `${words}:\n${entries.map(({ text }) => `- ${text}`).join('\n')}`;
}

function firstLine(text: string): string {
  return (text.trim().split(/\r?\n/)[0] ?? '').slice(0, 200);
}

/** Whether an entry of `expected_artifacts` is a path or pattern, wherever it leads; sentences and addresses of the web are none. */
export function isPath(text: string): boolean {
  return /^(?:\/|~|\.\.?\/)/.test(text) || (!/\s/.test(text) && !/^[a-z]+:\/\//i.test(text));
}

/** Producers mix paths and sentences in `scope`. A sentence has spaces, or ends as one. */
function looksLikePath(text: string): boolean {
  return !/\s/.test(text) && /[/.*]/.test(text) && !/[.,;:!?]$/.test(text) && !/^[a-z]+:\/\//i.test(text);
}

/** How the mission of a job ended. Times are ISO 8601 UTC; references are paths relative to the station's root, null where there is none. */
export interface JobTerminal {
  readonly outcome: 'PASS' | 'BLOCKED' | 'CANCELLED';
  /** PASS, or the code of what stopped it. */
  readonly reason: string;
  /** The same in words; null for PASS. */
  readonly why: string | null;
  readonly at: string;
  readonly packetRef: string | null;
}

/** Where the mission of a job waits for a person. */
export interface JobCheckpoint {
  readonly trigger: string;
  /** The ask that a decision answers. */
  readonly id: string;
  readonly at: string;
  readonly packetRef: string | null;
}

/** What a result is made of. Exactly one of `terminal` and `checkpoint` is given. */
export interface JobStanding {
  readonly job: Pick<JobData, 'id' | 'run_id'>;
  readonly terminal: JobTerminal | null;
  readonly checkpoint: JobCheckpoint | null;
  readonly packetRefs: readonly string[];
  readonly ledgerRefs: readonly string[];
  readonly manifestRef: string | null;
}

/** What is answered to whoever sent a job. Throws a TypeError where both or neither of terminal and checkpoint are given: no job stands so. */
export function jobResult(standing: JobStanding): JobResult {
  const { job, terminal, checkpoint, manifestRef } = standing;
  if ((terminal === null) === (checkpoint === null))
    throw new TypeError('a job is at its end or at a checkpoint: exactly one of the two');
  const refs = {
    packet_refs: sortedUnique(standing.packetRefs),
    ledger_refs: sortedUnique(standing.ledgerRefs),
    ...(manifestRef === null ? {} : { hash_manifest_ref: manifestRef }),
  };
  const about = { kind: RESULT_KIND, job_id: job.id, run_id: job.run_id } as const;
  if (checkpoint !== null)
    return {
      ...about,
      state: 'checkpoint',
      trigger: checkpoint.trigger,
      checkpoint_id: checkpoint.id,
      checkpoint_at: checkpoint.at,
      ...(checkpoint.packetRef === null ? {} : { checkpoint_packet_ref: checkpoint.packetRef }),
      ...refs,
    };
  const { outcome, reason, why, at, packetRef } = terminal as JobTerminal;
  return {
    ...about,
    state: 'terminal',
    outcome,
    reason: why === null ? reason : `${reason}: ${why}`,
    terminal_at: at,
    ...(packetRef === null ? {} : { terminal_packet_ref: packetRef }),
    ...refs,
  };
}

/** What is answered to a job that no order was made of. As much of its ids as can be read stands in it; `at`: ISO 8601 UTC, milliseconds. */
export function refusedJob(
  job: Readonly<Record<string, unknown>>,
  error: { readonly code: string; readonly message: string },
  at: string,
): JobResult {
  const { job_id: declared, run_id: run } = job;
  const id = typeof declared === 'string' && jobIdFault(declared) === null ? declared : 'unknown_job';
  const isRun = typeof run === 'string' && /^[^\u0000-\u001f\u007f]{1,300}$/.test(run);
  return jobResult({
    job: { id, run_id: isRun ? run : `openclaw:${id}` },
    terminal: { outcome: 'BLOCKED', reason: error.code, why: error.message, at, packetRef: null },
    checkpoint: null,
    packetRefs: [],
    ledgerRefs: [],
    manifestRef: null,
  });
}

function sortedUnique(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}
