/** What a line of a story is about: which picture, or which colour, a face gives it. */
export type StoryKind = 'came' | 'waits' | 'goes' | 'work' | 'check' | 'step' | 'decision' | 'landing' | 'end' | 'note';

/** One thing that happened to an order. */
export interface StoryLine {
  /** The ledger's record that it is told from: its number, and its time, ISO-8601 UTC. */
  readonly seq: number;
  readonly at: string;
  readonly kind: StoryKind;
  /** A sentence without its full stop. Holds words of orders and programs as they are: whoever shows it makes them harmless. */
  readonly text: string;
  /** Whether it went well; null for what can do neither. */
  readonly ok: boolean | null;
  readonly attempt: number;
  /** How long it took or waited, in milliseconds; null for what has no length, or has not ended. */
  readonly duration_ms: number | null;
}
