import type { Dialogue, Reply } from './dialogue.ts';
import type { ModelUsage } from './script.ts';

/** One protocol between agents and models. */
export interface Protocol {
  /** Whether a request is of this protocol, and asks for a turn. */
  takes(path: string): boolean;
  /** What else it answers, such as a count of tokens; null for nothing. */
  beside(path: string): unknown;
  dialogue(body: Readonly<Record<string, unknown>>, path: string): Dialogue;
  /** The events of a streamed answer, in order. */
  events(answer: ModelAnswer): readonly ServerEvent[];
  /** The same answer in one piece. */
  whole(answer: ModelAnswer): unknown;
}

export interface ModelAnswer {
  readonly id: string;
  readonly model: string;
  readonly reply: Reply;
  readonly usage: ModelUsage;
}

export interface ServerEvent {
  readonly event?: string;
  readonly data: unknown;
}
