import { type ErrorCode, WaybillError } from '../../order/error.ts';
import type { FailureClass, HistoryEntry } from '../../order/mission.ts';
import type { FailureRules, MissionAction } from './missions.ts';

/** What follows a failed step. `waive` counts only where the chain calls the step optional; else a person decides. */
export interface NextAction {
  readonly action: MissionAction;
  readonly code: string;
  readonly why: string;
}

type Run = Extract<HistoryEntry, { kind: 'stepped' }>;
type Failed = Run & { readonly failure: FailureClass };

/** The code of a failure that came without one. */
const CODE_OF: Readonly<Record<FailureClass, ErrorCode>> = {
  test_failure: 'CHECK_FAILED',
  test_timeout: 'COMMAND_TIMEOUT',
  timeout: 'AGENT_TIMEOUT',
  validation_error: 'PACKET_INVALID',
  tool_invocation_error: 'AGENT_FAILED',
  environment_error: 'IO_ERROR',
  governance_violation: 'ENVELOPE_VIOLATION',
  unknown: 'INTERNAL',
};

/** Classes that say nothing about the work: the agent did not come to it. */
const NOT_THE_WORK: readonly FailureClass[] = ['tool_invocation_error', 'environment_error'];

/**
 * What follows the failed step that a history ends with: a function of the history and the rules, and of nothing else, so that it is the same
 * after a restart, and nothing can be spent twice. Asked in this order, and the first that speaks decides:
 *
 * 1. it changed what it may not change, or what it used cannot be counted: a person decides, whatever `routing` says
 * 2. no progress, or in circles
 * 3. what `routing` says of its class
 * 4. so many failures of its class in a row; a success or another class begins anew, and so does a person who said that it is to go on
 * 5. so many failures that were tried again in the whole mission; nothing begins that anew
 *
 * Throws INTERNAL where the history does not end with a failed step.
 */
export function nextAction(history: readonly HistoryEntry[], rules: FailureRules): NextAction {
  const last = history.at(-1);
  if (last === undefined || !isFailed(last))
    throw new WaybillError('INTERNAL', 'policy was asked what follows a failure, and there is none');
  const code = last.code ?? CODE_OF[last.failure] ?? 'INTERNAL';
  const why = last.why ?? `${last.step} failed (${last.failure})`;
  if (last.failure === 'governance_violation')
    return { action: rules.routing.governance_violation === 'terminate' ? 'terminate' : 'escalate', code, why };
  if (code === 'TOKEN_ACCOUNTING_UNAVAILABLE') return { action: 'escalate', code, why };
  const since = sinceDecided(history);
  return (
    standstill(history, since, last, rules) ??
    routed(history, last, rules, { code, why }) ??
    counted(history, since, last, rules, { code, why })
  );
}

/** A step that was cut short from outside, by a stop or a kill, has no class, and is no failure. */
function isFailed(entry: HistoryEntry): entry is Failed {
  return entry.kind === 'stepped' && !entry.ok && entry.failure !== null;
}

/** What came after a person last decided, about a failure, that it is to go on: they have seen what was before. */
function sinceDecided(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const at = history.findLastIndex((entry, n) => {
    const before = history.slice(0, n).findLast(({ kind }) => kind === 'stepped');
    return entry.kind === 'decided' && entry.what === 'checkpoint' && before !== undefined && isFailed(before);
  });
  return history.slice(at + 1);
}

/** The same changes again, or those of an earlier run: only for steps that change something, and only where they came to their work. */
function standstill(
  history: readonly HistoryEntry[],
  since: readonly HistoryEntry[],
  last: Failed,
  { progress }: FailureRules,
): NextAction | null {
  if (last.diff_sha256 === null || NOT_THE_WORK.includes(last.failure) || !changesFiles(history, last.step))
    return null;
  const runs = since.filter((entry): entry is Run => entry.kind === 'stepped' && entry.step === last.step);
  const before = runs.slice(0, -1).reverse();
  const isSame = (run: Run) => run.diff_sha256 === last.diff_sha256;
  const short = last.diff_sha256.slice(0, 17);
  if (before.slice(0, progress.noProgress).some((run) => isFailed(run) && isSame(run)))
    return {
      action: 'terminate',
      code: 'NO_PROGRESS',
      why: `${last.step} failed again with the same changes (${short}): ${last.why ?? last.failure}`,
    };
  const window = before.slice(0, progress.oscillation - 1);
  const back = window.findIndex(isSame);
  // other changes in between, and not just none
  if (back > 0 && window.slice(0, back).some((run) => run.diff_sha256 !== null))
    return {
      action: 'terminate',
      code: 'OSCILLATION_DETECTED',
      why: `${last.step} failed, and is back at the changes of ${back + 1} runs before (${short}): ${last.why ?? last.failure}`,
    };
  return null;
}

/** Whether some run of the step left other changes than it found. A review leaves what it found, and is not in circles for that. */
function changesFiles(history: readonly HistoryEntry[], step: string): boolean {
  // null where nothing is changed; undefined where nobody knows
  let found: string | null | undefined = null;
  for (const entry of history) {
    if (entry.kind === 'rebased') found = undefined;
    if (entry.kind !== 'stepped') continue;
    if (entry.step === step && found !== undefined && entry.diff_sha256 !== found) return true;
    found = entry.diff_sha256;
  }
  return false;
}

function routed(
  history: readonly HistoryEntry[],
  last: Failed,
  { routing }: FailureRules,
  { code, why }: { code: string; why: string },
): NextAction | null {
  // a class that nobody knows is for a person (rule 7)
  const action = routing[last.failure] ?? 'escalate';
  if (action === 'retry') return null;
  if (action !== 'waive') return { action, code, why };
  const isUsed = history
    .slice(0, -1)
    .some((entry) => isFailed(entry) && entry.step === last.step && entry.failure === last.failure);
  return isUsed
    ? { action: 'escalate', code, why: `${why}; one such failure was waived before` }
    : { action, code, why };
}

function counted(
  history: readonly HistoryEntry[],
  since: readonly HistoryEntry[],
  last: Failed,
  { retries, routing }: FailureRules,
  { code, why }: { code: string; why: string },
): NextAction {
  const inARow = rowOf(since, last.failure);
  const limit = retries.classes[last.failure] ?? 0;
  const exhausted = (text: string): NextAction => ({ action: 'terminate', code: 'RETRIES_EXHAUSTED', why: text });
  if (inARow > limit)
    return exhausted(
      `${last.step} failed ${inARow} times in a row (${last.failure}), and is tried again ${limit} times: ${code}: ${why}`,
    );
  const all = history.filter((entry) => isFailed(entry) && routing[entry.failure] === 'retry').length;
  if (all > retries.total)
    return exhausted(`${all} steps of the mission failed, and ${retries.total} are tried again: ${code}: ${why}`);
  return { action: 'retry', code, why };
}

/** Failures of the class at the end, with no success and no other class among them. */
function rowOf(history: readonly HistoryEntry[], failure: FailureClass): number {
  let count = 0;
  for (const entry of history.toReversed()) {
    if (entry.kind !== 'stepped') continue;
    if (entry.ok) break;
    if (entry.failure === null) continue;
    if (entry.failure !== failure) break;
    count++;
  }
  return count;
}
