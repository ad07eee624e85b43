import type { CheckResult } from '../../order/generated.ts';
import type { StepData, SteppedData, Usage } from '../../order/mission.ts';
import type { Attributes, Span, SpanEvent } from '../../platform/otlp/span.ts';
import { agentSpanId } from './ids.ts';

/** A span that has begun. */
export interface OpenSpan {
  readonly spanId: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly startMs: number;
  readonly attributes: Attributes;
}

/** A command or check that has begun. */
export interface OpenCommand extends OpenSpan {
  /** As the ledger calls it; checks are told by it. Never sent: it may be the author's words. */
  readonly label: string;
}

export interface OpenStep extends OpenSpan {
  readonly data: StepData;
}

/** Of which trace a span is, and what each of its spans tells. */
export interface Trace {
  readonly traceId: string;
  readonly about: Attributes;
}

/** How a span ended. */
export interface End {
  readonly atMs: number;
  /** A code. null: nothing failed. */
  readonly error?: string | null;
  /** That it went well is known. */
  readonly ok?: boolean;
  readonly attributes?: Attributes;
  readonly events?: readonly SpanEvent[];
}

export function ended({ traceId, about }: Trace, open: OpenSpan, end: End): Span {
  const error = end.error ?? null;
  return {
    traceId,
    spanId: open.spanId,
    parentId: open.parentId,
    name: open.name,
    startMs: open.startMs,
    endMs: Math.max(open.startMs, end.atMs),
    error,
    ok: error === null && end.ok === true,
    attributes: { ...about, ...open.attributes, ...end.attributes, ...(error === null ? {} : { 'error.type': error }) },
    events: end.events ?? [],
  };
}

/**
 * Commands and checks one after the other: each ends where the next begins, or after the time that its result tells. `error` is why the last one was
 * the last; null where that is not known, or not its doing.
 */
export function commandsEnded(
  trace: Trace,
  commands: readonly OpenCommand[],
  checks: readonly CheckResult[],
  atMs: number,
  error: string | null,
): Span[] {
  const results = matched(commands, checks);
  return commands.map((command, i) => {
    const next = commands[i + 1]?.startMs ?? atMs;
    const result = results.get(command);
    if (result === undefined)
      return ended(trace, command, { atMs: next, error: i === commands.length - 1 ? error : null });
    const { ok, exit_code: exit, duration_ms: took } = result;
    return ended(trace, command, {
      atMs: took === undefined ? next : Math.min(next, command.startMs + took),
      error: ok ? null : 'CHECK_FAILED',
      ok,
      attributes: { 'waybill.check': true, ...(typeof exit === 'number' ? { 'process.exit.code': exit } : {}) },
    });
  });
}

/**
 * The checks that a step of a mission asked for. Their results are not on the ledger one by one: of a step that went well all passed, and a single one is what
 * failed; of others it is left open.
 */
export function stepChecksEnded(
  trace: Trace,
  checks: readonly OpenCommand[],
  data: SteppedData | null,
  atMs: number,
  lost: string | null,
): Span[] {
  const isOnlyOne = checks.length === 1 && data?.code === 'CHECK_FAILED';
  return checks.map((check, i) => {
    const next = checks[i + 1];
    return ended(trace, check, {
      atMs: next?.startMs ?? atMs,
      error: isOnlyOne ? 'CHECK_FAILED' : next === undefined && data === null ? lost : null,
      ok: data?.ok === true,
      attributes: { 'waybill.check': true },
    });
  });
}

/** The result of each check: the checks come last, in their order. One that is no command (expected files) has no span. */
function matched(commands: readonly OpenCommand[], checks: readonly CheckResult[]): Map<OpenCommand, CheckResult> {
  const found = new Map<OpenCommand, CheckResult>();
  let end = commands.length;
  for (const check of checks.toReversed()) {
    const at = commands.slice(0, end).findLastIndex(({ label }) => label === check.name);
    const command = commands[at];
    if (command === undefined) continue;
    found.set(command, check);
    end = at;
  }
  return found;
}

/** A step's spans: its agent's part, where one took part, and the step. `data` is null where nobody told of its end. */
export function stepEnded(
  trace: Trace,
  step: OpenStep,
  data: SteppedData | null,
  atMs: number,
  lost: string | null,
): Span[] {
  const error = data === null ? lost : data.code;
  const { role, agent } = step.data;
  const verdict = data?.verdict ?? null;
  const attributes = {
    ...(role === null ? {} : { 'waybill.role': role }),
    ...(verdict === null ? {} : { 'waybill.verdict': verdict }),
    ...(data === null || data.failure === null ? {} : { 'waybill.failure': data.failure }),
    ...(data === null ? {} : { 'waybill.diff_lines': data.diff_lines }),
  };
  const whole = ended(trace, step, { atMs, error, ok: data?.ok === true, attributes });
  return agent === null ? [whole] : [agentEnded(trace, step, agent, data, whole), whole];
}

/** What failed after the agent had ended (a check, the envelope) is the step's failure and not the agent's. */
const AGENTS_OWN: ReadonlySet<string> = new Set([
  'AGENT_FAILED',
  'AGENT_TIMEOUT',
  'PACKET_INVALID',
  'BUDGET_EXHAUSTED',
]);

/** By the GenAI conventions of OpenTelemetry. */
function agentEnded(trace: Trace, step: OpenStep, agent: string, data: SteppedData | null, whole: Span): Span {
  const open: OpenSpan = {
    spanId: agentSpanId(step.spanId),
    parentId: step.spanId,
    name: `invoke_agent ${agent}`,
    startMs: step.startMs,
    attributes: {
      ...step.attributes,
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': agent,
      ...(step.data.model === undefined ? {} : { 'gen_ai.request.model': step.data.model }),
    },
  };
  const took = data?.agent_seconds;
  const session = data?.session ?? null;
  const isOwn = data === null || (data.code !== null && AGENTS_OWN.has(data.code));
  return ended(trace, open, {
    atMs: took === undefined ? whole.endMs : Math.min(whole.endMs, step.startMs + Math.round(took * 1000)),
    error: isOwn ? whole.error : null,
    ok: data?.ok === true,
    attributes: { ...usageOf(data?.usage ?? null), ...(session === null ? {} : { 'gen_ai.conversation.id': session }) },
  });
}

/** Input counts what caches held too, as the conventions have it. */
function usageOf(usage: Usage | null): Attributes {
  if (usage === null) return {};
  return {
    'gen_ai.usage.input_tokens': usage.input + usage.cache_read + usage.cache_write,
    'gen_ai.usage.output_tokens': usage.output,
    'gen_ai.usage.cache_read.input_tokens': usage.cache_read,
    'gen_ai.usage.cache_creation.input_tokens': usage.cache_write,
    ...(usage.usd === null ? {} : { 'waybill.usage.usd': usage.usd }),
  };
}
