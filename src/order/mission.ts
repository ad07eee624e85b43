import type { ImageChange } from './change.ts';
import type { GateResult } from './generated.ts';
import type { BudgetKey } from './order.ts';

/**
 * How a mission goes: the steps of its chain, one after the other, as the ledger tells them. Pure: the next step is computed from the chain and
 * this history, and nothing else.
 */

/** What a reviewer says. */
export type Verdict = 'approved' | 'needs_revision' | 'rejected' | 'escalate';

/** Why a step failed, as far as it decides what is done next. */
export type FailureClass =
  /** The mission's own checks failed on what was built. */
  | 'test_failure'
  /** A check ran longer than it may. */
  | 'test_timeout'
  /** The agent ran longer than it may. */
  | 'timeout'
  /** The packet was missing or not valid, also after its repairs. */
  | 'validation_error'
  /** The agent could not be run, or broke off. */
  | 'tool_invocation_error'
  /** Nothing that the agent can help: no worktree, a full disk. */
  | 'environment_error'
  /** It changed what it may not change. */
  | 'governance_violation'
  | 'unknown';

/** What a step used, in one form for every agent. Tokens are whole numbers; money is in US dollars. */
export interface Usage {
  /** Input that no cache held. */
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write: number;
  /** Output, with what was thought. */
  readonly output: number;
  /** All of these together. */
  readonly tokens: number;
  readonly usd: number | null;
}

/** What one step may use at most; null for what is not bounded. */
export interface Reserved {
  readonly tokens: number | null;
  readonly usd: number | null;
  readonly seconds: number | null;
}

/** A step that is about to be done: on the ledger before its agent may do anything. */
export interface StepData {
  /** Counted from 1 over the whole attempt. */
  n: number;
  step: string;
  /** Who does it; null for the runner itself. */
  role: string | null;
  agent: string | null;
  /** The model that the agent's file names; absent where it names none. */
  model?: string;
  reserved: Reserved;
}

/** A named document that a step gave; its bytes lie beside the claim, and in the evidence. */
export interface Output {
  name: string;
  sha256: string;
}

/** A step that came to its end. */
export interface SteppedData {
  n: number;
  step: string;
  role: string | null;
  agent: string | null;
  ok: boolean;
  /** The error's code and words, where it is not ok. */
  code: string | null;
  why: string | null;
  failure: FailureClass | null;
  verdict: Verdict | null;
  outputs: Output[];
  /** null where nobody told, or no agent took part. */
  usage: Usage | null;
  seconds: number;
  /** Of these the agent's own; absent where none took part, or where nobody knows. */
  agent_seconds?: number;
  /** All that the mission changes after this step, made to its base; absent where the step changed nothing of that. */
  changes?: ImageChange[];
  /** Names `changes`: the same for the same work. null where nothing is changed. */
  diff_sha256: string | null;
  diff_lines: number;
  /** Of the steps that ask them. */
  gates?: GateResult[];
  session: string | null;
  /** Why a person is to look before it goes on. */
  checkpoint: string | null;
}

/** What a mission began with: the same for all of one attempt. */
export interface MissionBegun {
  chain: string;
  /** Hash of the chain as it was read. */
  chain_sha256: string;
  reviewers: number;
  policy_sha256: string;
  /** No step of it writes: nothing lands, so nothing is reviewed, and no commit holds it. */
  reads_only?: true;
}

/** Limits that a person raised: what counts from then on. */
export type Raise = { readonly [K in BudgetKey]?: number };

/** What the runner made anew for reviewers when the base moved; absent where it made nothing. */
export interface RebasedGiven {
  /** Counted among the steps. */
  readonly n?: number;
  readonly outputs?: readonly Output[];
}

/** One entry of a mission's history, in the order of the ledger. */
export type HistoryEntry =
  | ({
      readonly kind: 'stepped';
      /** What was set aside for it: counts where nobody tells what it used. */
      readonly reserved?: Reserved;
    } & SteppedData)
  /** Begun, and never came to its end: nobody knows what it used, so what was reserved counts as used. */
  | ({ readonly kind: 'lost' } & StepData)
  /** A person decided to go on. `at`: the step that it stopped before or after. */
  | { readonly kind: 'decided'; readonly what: 'checkpoint' | 'budget'; readonly at: string; readonly raise: Raise }
  /** The branch moved on: what was made is now made to another commit. */
  | ({
      readonly kind: 'rebased';
      readonly base: string;
      readonly changes: readonly ImageChange[];
      /** What a reviewer saw is not what it is now. */
      readonly review: boolean;
    } & RebasedGiven);

/** A mission in the middle of its attempt, as its records tell it. */
export interface MissionLife {
  readonly begun: MissionBegun;
  /** The record that it began with. */
  readonly from: number;
  readonly base: string;
  readonly history: readonly HistoryEntry[];
  /** The step that is being done. */
  readonly open: StepData | null;
}

/** All that a mission changes, as its newest record that says so has it. */
export function changedSoFar(history: readonly HistoryEntry[]): readonly ImageChange[] {
  for (const entry of history.toReversed())
    if ((entry.kind === 'stepped' || entry.kind === 'rebased') && entry.changes !== undefined) return entry.changes;
  return [];
}
