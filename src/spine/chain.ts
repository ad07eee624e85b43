import { sha256 } from '../order/canonical-json.ts';
import { readDocument } from '../order/document.ts';
import { asWaybillError, type Place, WaybillError } from '../order/error.ts';
import type { ChainStep, OutputName } from '../order/generated.ts';
import { conform } from '../platform/schema.ts';

/** What a step takes: a named output of an earlier one, `task` (the order itself) or `failure` (why it failed the last time). */
export interface Input {
  readonly name: OutputName | 'task' | 'failure';
  readonly isOptional: boolean;
}

export interface Step {
  readonly id: string;
  /** Who does it; null where the runner does. */
  readonly role: string | null;
  readonly run: NonNullable<ChainStep['run']> | null;
  readonly takes: readonly Input[];
  readonly gives: OutputName | null;
  /** Of a review: where a revision goes on. */
  readonly backTo: string | null;
  /** Why a person is asked before it. */
  readonly checkpoint: string | null;
  readonly isOptional: boolean;
  readonly what: string;
}

/** The steps of a mission, in order. */
export interface Chain {
  readonly name: string;
  /** Hash of the file's exact bytes. */
  readonly sha256: string;
  readonly steps: readonly Step[];
}

/** A chain larger than this was not written by a person. */
const MOST_BYTES = 256 * 1024;

/**
 * Reads a chain. Throws CHAIN_INVALID, with line and column, also where it could land what nobody reviewed, or where a step takes what none before
 * it gives.
 */
export function parseChain(name: string, bytes: Uint8Array): Chain {
  const file = `agents/chains/${name}.yaml`;
  try {
    const document = readDocument(bytes, 'yaml', { maxBytes: MOST_BYTES, maxDepth: 16 });
    const doc = conform('chain', document.value, 'CHAIN_INVALID', document);
    const steps = doc.steps.map((step) => stepOf(step, doc.steps));
    assertSound(steps, (n) => document.locate(['steps', n]));
    return { name, sha256: sha256(bytes), steps };
  } catch (thrown) {
    const error = asWaybillError(thrown);
    throw new WaybillError('CHAIN_INVALID', error.message, { hint: error.hint, place: { file, ...error.place } });
  }
}

function stepOf(step: ChainStep, all: readonly ChainStep[]): Step {
  const isReview = step.gives === 'verdict';
  return {
    id: step.id,
    role: step.role ?? null,
    run: step.run ?? null,
    takes: (step.takes ?? []).map((raw) => ({
      name: raw.replace(/\?$/, '') as Input['name'],
      isOptional: raw.endsWith('?'),
    })),
    gives: step.gives ?? null,
    backTo: isReview ? (step.back_to ?? all.find(({ role }) => role === 'designer')?.id ?? null) : null,
    checkpoint: step.checkpoint ?? null,
    isOptional: step.optional ?? false,
    what: step.what ?? '',
  };
}

/** Whether a step changes files: what it gives is the runner's measure of them. */
export function writes(step: Step): boolean {
  return step.gives === 'review_packet';
}

export function isReview(step: Step): boolean {
  return step.gives === 'verdict';
}

/** Whether no step of a chain writes: then nothing of a mission lands, and nothing of it is reviewed. */
export function readsOnly(chain: Pick<Chain, 'steps'>): boolean {
  return !chain.steps.some(writes);
}

/** What a role can hand in, and what each thing that the runner does gives. */
const GIVEN_BY_ROLES: readonly OutputName[] = [
  'build_packet',
  'plan_packet',
  'review_packet',
  'verdict',
  'closing_packet',
];
const GIVEN_BY_RUNNER: Readonly<Record<NonNullable<Step['run']>, readonly (OutputName | null)[]>> = {
  hydrate: ['context'],
  policy: [null],
  packet: [null],
  close: ['commit'],
};

function assertSound(steps: readonly Step[], at: (n: number) => Place): void {
  const fault = (n: number, what: string, hint: string): never => {
    throw new WaybillError('CHAIN_INVALID', `step ${steps[n]?.id ?? ''}: ${what}`, { hint, place: at(n) });
  };
  const given = new Set<string>(['task', 'failure']);
  // a chain with a role is never one: what an agent did must not pass as if nothing had been done
  const isReadOnly = readsOnly({ steps }) && steps.every(({ role }) => role === null);
  for (const [n, step] of steps.entries()) {
    if (steps.findIndex(({ id }) => id === step.id) !== n)
      fault(n, 'its id is there twice', 'Give each step its own id.');
    for (const { name, isOptional } of step.takes)
      if (!given.has(name) && !isOptional)
        fault(n, `takes ${name}, which no step before it gives`, `Write \`${name}?\`, or let an earlier step give it.`);
    if (step.gives !== null) given.add(step.gives);
    const gives = givenBy(step, isReadOnly);
    if (!gives.includes(step.gives))
      fault(
        n,
        `gives ${step.gives ?? 'nothing'}`,
        `What such a step can give: ${gives.map((name) => name ?? 'nothing').join(', ')}.`,
      );
    // what nobody built or reviewed must not pass as if somebody had
    if (step.isOptional && (writes(step) || isReview(step)))
      fault(n, 'cannot be optional', 'Only a step that neither builds nor reviews can be.');
    if (isReview(step) && step.role === null) fault(n, 'a verdict comes from a role', 'Write `role: reviewer`.');
    if (writes(step) && step.role === null)
      fault(n, 'a review packet comes from what a role builds', 'Write `role: builder`.');
    if (step.backTo !== null && !steps.slice(0, n).some(({ id }) => id === step.backTo))
      fault(n, `goes back to ${step.backTo}, which is no step before it`, 'Name an earlier step in `back_to`.');
    if (isReview(step) && step.backTo === null)
      fault(n, 'a revision has nowhere to go back to', 'Name an earlier step in `back_to`.');
  }
  // rule 7: policy is asked before anything is given to an agent, and before anything is run
  const first = steps.findIndex(({ role, run }) => role !== null || (isReadOnly && run === 'close'));
  if (!steps.slice(0, Math.max(0, first)).some(({ run }) => run === 'policy'))
    fault(
      Math.max(0, first),
      'policy is not asked before it',
      `Put a step with \`run: policy\` before ${isReadOnly ? 'the close' : 'the first role'}.`,
    );
  const last = steps.length - 1;
  if (steps[last]?.run !== 'close') fault(last, 'is the last, and does not close', 'End the chain with `run: close`.');
  if (steps.filter(({ run }) => run === 'close').length > 1) fault(last, 'closes twice', 'Close once, at the end.');
  if (isReadOnly) return;
  // rule 14, and lesson 3: a review is never assumed
  const built = steps.findLastIndex(writes);
  if (built < 0) fault(last, 'closes, and nothing was built', 'Let a builder give `review_packet`.');
  const reviewed = steps.findIndex((step, n) => n > built && isReview(step) && takes(step, 'review_packet'));
  if (reviewed < 0)
    fault(built, 'what it builds is never reviewed', 'Let a step after it take `review_packet` and give `verdict`.');
}

function givenBy({ role, run }: Step, isReadOnly: boolean): readonly (OutputName | null)[] {
  if (role !== null) return GIVEN_BY_ROLES;
  return run === 'close' && isReadOnly ? [null] : GIVEN_BY_RUNNER[run ?? 'policy'];
}

function takes(step: Step, name: Input['name']): boolean {
  return step.takes.some((input) => input.name === name);
}
