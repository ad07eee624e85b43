import type { StateDocument } from '../../order/generated.ts';
import type { Status, WaitingFor } from '../../order/transition.ts';

/** Something to know about why an order is where it is: what it is about, in a word or two, and a sentence. Holds words of orders as they are. */
export interface Fact {
  readonly about: string;
  readonly text: string;
}

/** What a person can do. */
export interface NextStep {
  readonly what: string;
  /** The line for a shell; null where it is no command. */
  readonly command: string | null;
}

/** An order that another one waits for, or that stands behind its failure. */
export interface Dependency {
  readonly wo_id: string;
  /** `unknown`: no order of this id was ever seen. */
  readonly status: Status | 'unknown';
  readonly waiting_for: WaitingFor | null;
  /** What it does, waits for, or failed with. */
  readonly why: string;
  /** Who depends on it. */
  readonly wanted_by: string;
  /** Nothing that it waits for is an order: it is what all of this waits for in the end. */
  readonly root: boolean;
}

/** One try that did not bring it to its end. */
export interface Tried {
  readonly attempt: number;
  readonly at: string;
  readonly code: string | null;
  readonly message: string;
}

/** What the failure on record means. */
export interface Meaning {
  readonly code: string;
  readonly message: string;
  /** What the code means in general; null for one that is not known here. */
  readonly what: string | null;
  readonly hint: string;
  readonly at: string;
}

/** Why an order is where it is, and what can be done: all of it from the records. Versioned with `waybill why --json`. */
export interface Explanation {
  readonly wo_id: string;
  readonly status: Status;
  readonly waiting_for: WaitingFor | null;
  /** One sentence, without how long it has been so. */
  readonly why: string;
  /** Since when it is so, ISO-8601. */
  readonly since: string;
  /** When the clock ends the wait, or it is looked at again; null where only an event does. */
  readonly until: string | null;
  /** Who or what ends the wait; empty for an order that has ended. */
  readonly released_by: readonly string[];
  readonly facts: readonly Fact[];
  readonly dependencies: readonly Dependency[];
  readonly failure: Meaning | null;
  readonly tried: readonly Tried[];
  readonly next: readonly NextStep[];
}

/** What one kind of wait adds to an explanation. */
export interface Part {
  readonly until?: string | null;
  readonly released_by?: readonly string[];
  readonly facts?: readonly Fact[];
  readonly dependencies?: readonly Dependency[];
  readonly next?: readonly NextStep[];
}

/** Something to do next, with the command that does it. */
export function run(what: string, command: string): NextStep {
  return { what, command };
}

/** Something that is known, and what it is about. */
export function fact(about: string, text: string): Fact {
  return { about, text };
}

/** When the clock ends a wait, as the state file has it. */
export function untilOf({ meta }: StateDocument): string | null {
  const until = meta['until'];
  return typeof until === 'string' ? until : null;
}
