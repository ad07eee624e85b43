/** The standard variables of OpenTelemetry that decide whether, how and how much is sent; the exporter reads those of the endpoint itself. */

export type OtlpProtocol = 'http/protobuf' | 'http/json';

export interface OtlpVariables {
  readonly protocol: OtlpProtocol;
  /** The share of traces that is sent, 0 to 1. */
  readonly ratio: number;
  /** How long spans are gathered before they are sent, in milliseconds. */
  readonly delayMs: number;
  /** Spans that wait at most. */
  readonly maxQueue: number;
  /** Spans in one message at most. */
  readonly maxBatch: number;
  /** What one try may take at most, in milliseconds. */
  readonly timeoutMs: number;
}

export interface OtlpAsked {
  /** null: nothing is sent. */
  readonly on: OtlpVariables | null;
  /** What a person should know of variables that do not count. */
  readonly warnings: readonly string[];
}

const PROTOCOLS: readonly OtlpProtocol[] = ['http/protobuf', 'http/json'];

/** Reads the variables. Nothing is sent unless an endpoint is named or `OTEL_TRACES_EXPORTER` says otlp; what is not understood sends nothing. */
export function otlpVariables(env: NodeJS.ProcessEnv): OtlpAsked {
  const read = (name: string) => env[name]?.trim() ?? '';
  const warnings: string[] = [];
  const off = (...why: string[]): OtlpAsked => ({ on: null, warnings: [...warnings, ...why] });
  if (read('OTEL_SDK_DISABLED').toLowerCase() === 'true') return off();
  const endpoint = named(read, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const exporters = read('OTEL_TRACES_EXPORTER').split(',').filter(Boolean);
  const others = exporters.filter((name) => name !== 'otlp' && name !== 'none');
  if (others.length > 0)
    warnings.push(`OTEL_TRACES_EXPORTER: ${others.join(', ')} is not known here; otlp and none are`);
  if (exporters.length > 0 ? !exporters.includes('otlp') : endpoint.value === '') return off();
  if (endpoint.value !== '' && !isHttp(endpoint.value))
    return off(`${endpoint.name} is no http or https address: no spans are sent`);
  const protocol = named(read, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
  const known = PROTOCOLS.find((name) => name === (protocol.value || 'http/protobuf'));
  if (known === undefined)
    return off(
      `${protocol.name}=${protocol.value} is not spoken here, only ${PROTOCOLS.join(' and ')}: no spans are sent`,
    );
  const positive = (fallback: number, ...names: string[]): number => {
    const { name, value } = named(read, ...names);
    if (value === '') return fallback;
    if (/^\d{1,9}$/.test(value) && Number(value) > 0) return Number(value);
    warnings.push(`${name}=${value} is no number above 0: ${fallback} counts`);
    return fallback;
  };
  const maxQueue = positive(2048, 'OTEL_BSP_MAX_QUEUE_SIZE');
  const on: OtlpVariables = {
    protocol: known,
    ratio: ratioOf(read('OTEL_TRACES_SAMPLER'), read('OTEL_TRACES_SAMPLER_ARG'), warnings),
    delayMs: positive(1000, 'OTEL_BSP_SCHEDULE_DELAY'),
    maxQueue,
    maxBatch: Math.min(maxQueue, positive(512, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE')),
    timeoutMs: positive(10_000, 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'),
  };
  return { on, warnings };
}

/** The first of these variables that says something. */
function named(read: (name: string) => string, ...names: string[]): { name: string; value: string } {
  const name = names.find((one) => read(one) !== '') ?? names[0] ?? '';
  return { name, value: read(name) };
}

function isHttp(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

/** Orders come without a parent, so what the samplers of the kind `parentbased` say of their root counts. */
function ratioOf(sampler: string, arg: string, warnings: string[]): number {
  switch (sampler.replace(/^parentbased_/, '')) {
    case '':
    case 'always_on':
      return 1;
    case 'always_off':
      return 0;
    case 'traceidratio': {
      if (arg === '') return 1;
      const ratio = Number(arg);
      if (ratio >= 0 && ratio <= 1) return ratio;
      warnings.push(`OTEL_TRACES_SAMPLER_ARG=${arg} is no number from 0 to 1: all traces are sent`);
      return 1;
    }
    default:
      warnings.push(`OTEL_TRACES_SAMPLER=${sampler} is not known here: all traces are sent`);
      return 1;
  }
}
