/** A span as we keep it until it is sent: plain data, with times in milliseconds since 1970. */
export interface Span {
  /** 32 hex digits, as W3C Trace Context has them. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** null: nothing in the trace is above it. */
  readonly parentId: string | null;
  readonly name: string;
  readonly startMs: number;
  /** Never before `startMs`. */
  readonly endMs: number;
  /** null: nothing is known to have failed. */
  readonly error: string | null;
  /** What it tells of a part that went well is said, not left open. */
  readonly ok: boolean;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Something that happened within a span. */
export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}
