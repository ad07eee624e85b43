import type { HistoryEntry } from '../order/mission.ts';
import { type Chain, isReview, readsOnly, type Step, writes } from './chain.ts';

/** What counts for the steps of one mission, as policy has it. */
export interface StepRules {
  /** So many reviewers have to approve. */
  readonly reviewers: number;
  /** So often work may go back; then a person decides. */
  readonly revisions: number;
  /** Steps before which a person is asked, beside those that the chain names. */
  readonly checkpoints: readonly string[];
}

/** What policy makes of a failed step. */
export interface AfterFailure {
  readonly action: 'retry' | 'terminate' | 'escalate' | 'waive';
  readonly code: string;
  readonly why: string;
}

/** What a mission does next. */
export type Next =
  /** `votes`: how many reviewers have approved before this one. */
  | { readonly do: 'step'; readonly step: Step; readonly votes: number; readonly revision: number }
  /** A person decides. `at`: the step that it stops before or after. */
  | { readonly do: 'checkpoint'; readonly at: string; readonly why: string }
  | { readonly do: 'end'; readonly code: string; readonly why: string };

/** Where a mission is. Every field follows from the history alone. */
interface Position {
  /** Index of the step that is next. */
  at: number;
  votes: number;
  revision: number;
  /** A person was asked before this step, and has said yes. */
  passed: boolean;
  /** What stands in the way, until a person has decided. */
  pending: Next | null;
  /** What a yes of that person means. */
  yes: 'again' | 'next';
}

/**
 * The next step of a mission: a function of its chain and its history, and of nothing else, so that a restart finds the same one. `afterFailure` is
 * policy's, and is asked with the history up to the failure.
 */
export function nextStep(
  chain: Chain,
  history: readonly HistoryEntry[],
  rules: StepRules,
  afterFailure: (history: readonly HistoryEntry[]) => AfterFailure,
): Next {
  const position: Position = { at: 0, votes: 0, revision: 0, passed: false, pending: null, yes: 'again' };
  for (const [n, entry] of history.entries()) {
    if (entry.kind === 'stepped') advance(chain, rules, position, entry, () => afterFailure(history.slice(0, n + 1)));
    else if (entry.kind === 'decided') decided(position, entry.what);
    else if (entry.kind === 'rebased' && entry.review) rebased(position, lastReview(chain, position.at));
    // a step that was lost is done again
  }
  if (position.pending !== null) return position.pending;
  const step = chain.steps[position.at];
  if (step === undefined) return { do: 'end', code: 'INTERNAL', why: 'the chain is over' };
  const why = step.checkpoint ?? (rules.checkpoints.includes(step.id) ? `policy asks before ${step.id}` : null);
  if (why !== null && !position.passed) return { do: 'checkpoint', at: step.id, why };
  return { do: 'step', step, votes: position.votes, revision: position.revision };
}

function advance(
  chain: Chain,
  rules: StepRules,
  position: Position,
  entry: Extract<HistoryEntry, { kind: 'stepped' }>,
  afterFailure: () => AfterFailure,
): void {
  const index = chain.steps.findIndex(({ id }) => id === entry.step);
  const step = chain.steps[index];
  if (step === undefined) {
    position.pending = { do: 'end', code: 'CHAIN_INVALID', why: `the chain has no step ${entry.step}` };
    return;
  }
  position.pending = null;
  position.at = index;
  if (!entry.ok)
    failed(
      position,
      step,
      entry.failure === 'test_failure' || entry.failure === 'test_timeout',
      chain.steps.findLastIndex(writes),
      entry.failure === null ? null : readsOnly(chain) ? asItIs(entry) : afterFailure(),
    );
  else if (isReview(step)) reviewed(chain, rules, position, step, entry.verdict);
  // whoever asks after that has not landed: a kill came between, or another commit. It closes again, and a yes to that stands
  else if (step.run === 'close') position.passed = true;
  else goOn(position, index);
  if (entry.checkpoint !== null && position.pending === null) {
    position.pending = { do: 'checkpoint', at: step.id, why: entry.checkpoint };
    position.yes = 'again';
  }
}

/** Where nothing is built nothing can be mended by trying again: what its checks and gates say is the answer. */
function asItIs({ code, why, step }: Extract<HistoryEntry, { kind: 'stepped' }>): AfterFailure {
  return { action: 'terminate', code: code ?? 'INTERNAL', why: why ?? `${step} failed` };
}

/** `action` is null where the step was only cut short, by a stop or a kill: it is done again. */
function failed(
  position: Position,
  step: Step,
  isOfChecks: boolean,
  builds: number,
  action: AfterFailure | null,
): void {
  if (action === null) return;
  // checks that fail at the end are the builder's to mend, and what comes of it is reviewed again; every other gate is asked again
  if (step.run === 'close' && isOfChecks) moveBack(position, builds);
  if (action.action === 'retry') return;
  if (action.action === 'waive' && step.isOptional) goOn(position, position.at);
  else if (action.action === 'terminate') {
    position.pending = { do: 'end', code: action.code, why: action.why };
  } else {
    // also what policy would waive, in a step that nobody called optional: closed when in doubt
    position.pending = { do: 'checkpoint', at: step.id, why: `${action.code}: ${action.why}` };
    position.yes = 'again';
  }
}

function reviewed(chain: Chain, rules: StepRules, position: Position, step: Step, verdict: string | null): void {
  switch (verdict) {
    case 'approved':
      position.votes++;
      if (position.votes >= rules.reviewers) goOn(position, position.at);
      return;
    case 'needs_revision':
      if (position.revision >= rules.revisions) {
        const why = `${step.id} asks for another revision after ${position.revision}`;
        position.pending = { do: 'checkpoint', at: step.id, why };
        position.yes = 'next';
        return;
      }
      position.revision++;
      moveBack(
        position,
        chain.steps.findIndex(({ id }) => id === step.backTo),
      );
      return;
    case 'escalate':
      position.pending = { do: 'checkpoint', at: step.id, why: `${step.id} wants a person to decide` };
      position.yes = 'next';
      return;
    case 'rejected':
      position.pending = { do: 'end', code: 'REVIEW_REJECTED', why: `${step.id} rejected it` };
      return;
    default:
      // no verdict is no approval
      position.pending = { do: 'end', code: 'REVIEW_REJECTED', why: `${step.id} gave no verdict` };
  }
}

/** A person said yes: to going on after a review that they stand in for, or to the step before which they were asked. */
function decided(position: Position, what: 'checkpoint' | 'budget'): void {
  if (what === 'budget') return;
  if (position.pending === null) {
    position.passed = true;
    return;
  }
  position.pending = null;
  if (position.yes === 'next') goOn(position, position.at);
  position.yes = 'again';
}

function goOn(position: Position, from: number): void {
  position.at = from + 1;
  position.votes = 0;
  position.passed = false;
}

function moveBack(position: Position, to: number): void {
  if (to < 0) return;
  position.at = to;
  position.votes = 0;
  position.passed = false;
}

/** What stood in the way was about what is not there any more. */
function rebased(position: Position, review: number): void {
  if (review < 0) return;
  moveBack(position, review);
  position.pending = null;
  position.yes = 'again';
}

/** What was reviewed was made to another commit: the last review before this step is done again. */
function lastReview(chain: Chain, at: number): number {
  return chain.steps.slice(0, Math.min(at + 1, chain.steps.length)).findLastIndex(isReview);
}
