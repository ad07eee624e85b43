import { type OtlpAsked, otlpVariables } from '../../platform/otlp/variables.ts';
import { isSampled } from '../../record/spans/sampled.ts';

let asked: OtlpAsked | null = null;

/** What the variables of this process ask for, read once. */
export function tracing(): OtlpAsked {
  asked ??= otlpVariables(process.env);
  return asked;
}

/**
 * What tells a program of which trace it is and of which span its own spans are children, as W3C Trace Context has it. Nothing where no spans are sent: an id
 * that leads nowhere is handed to nobody.
 */
export function traceEnvironment(
  traceId: string | undefined,
  spanId: string | undefined,
): Readonly<Record<string, string>> {
  const { on } = tracing();
  if (on === null || traceId === undefined || spanId === undefined) return {};
  return { TRACEPARENT: `00-${traceId}-${spanId}-${isSampled(traceId, on.ratio) ? '01' : '00'}` };
}
