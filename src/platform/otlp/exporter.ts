import {
  type Attributes as ApiAttributes,
  DiagLogLevel,
  diag,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { OtlpRefused } from './refused.ts';
import type { Attributes, Span } from './span.ts';
import type { OtlpProtocol } from './variables.ts';

/**
 * Spans to an OTLP receiver: the one file that knows OpenTelemetry's packages. It takes some fifty milliseconds to load, so it is
 * imported when the first spans are there, and never where no variable asks for it.
 */
export interface OtlpExporter {
  /** Sends spans. Throws OtlpRefused where sending them again is of no use, anything else where it may be. */
  send(spans: readonly Span[]): Promise<void>;
}

export interface ExporterOptions {
  readonly protocol: OtlpProtocol;
  /** What one try may take, with the pauses within it. */
  readonly timeoutMs: number;
  /** What the process is: counts where the variables do not say otherwise. */
  readonly resource: Attributes;
  readonly version: string;
  /** Hears what is odd about the variables, or about an answer. */
  readonly warn: (message: string) => void;
}

/** Opens an exporter to where the variables of this process lead. No connection is made before the first spans. */
export async function openOtlpExporter(options: ExporterOptions): Promise<OtlpExporter> {
  const { protocol, timeoutMs, version, warn } = options;
  const heard = (message: string, ...more: unknown[]) => warn([message, ...more.map(wordsOf)].join(' '));
  const nothing = () => {};
  diag.setLogger(
    { error: heard, warn: heard, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  const exporter: SpanExporter = new OTLPTraceExporter({ timeoutMillis: timeoutMs });
  const resource = defaultResource()
    .merge(resourceFromAttributes({ ...options.resource }))
    .merge(detectResources({ detectors: [envDetector] }));
  return {
    send: (spans) =>
      new Promise((done, failed) =>
        exporter.export(
          spans.map((span) => readable(span, resource, version)),
          ({ code, error }) => (code === 0 ? done() : failed(reasonOf(error))),
        ),
      ),
  };
}

/** Answers by which a receiver says that it is only busy; other 4xx say that it never wants these spans. */
const BUSY = [408, 429];

function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): Error {
  const status = error?.code;
  if (typeof status !== 'number') return new Error(error?.message || 'it did not answer in time');
  const said = `it answered ${status}${error?.message ? ` ${error.message}` : ''}`;
  return status >= 400 && status < 500 && !BUSY.includes(status) ? new OtlpRefused(said) : new Error(said);
}

function readable(span: Span, resource: Resource, version: string): ReadableSpan {
  const { traceId, parentId } = span;
  const contextOf = (spanId: string) => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED });
  return {
    name: span.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => contextOf(span.spanId),
    ...(parentId === null ? {} : { parentSpanContext: contextOf(parentId) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: statusOf(span),
    attributes: span.attributes as ApiAttributes,
    links: [],
    events: span.events.map(({ name, atMs, attributes }) => ({ name, time: hrTime(atMs), attributes })),
    ended: true,
    resource,
    instrumentationScope: { name: 'waybill', version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function statusOf({ error, ok }: Span): ReadableSpan['status'] {
  if (error !== null) return { code: SpanStatusCode.ERROR, message: error };
  return { code: ok ? SpanStatusCode.OK : SpanStatusCode.UNSET };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1_000_000)];
}

function wordsOf(value: unknown): string {
  return value instanceof Error ? value.message : typeof value === 'string' ? value : '';
}
