import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { CLI, type TestStation } from './station.ts';
import type { TestContext } from './suite.ts';

/** A span as OTLP/JSON has it, with its attributes as a record. */
export interface Received {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly message: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Message {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly attributes?: readonly Attribute[];
  readonly events?: readonly { readonly name: string }[];
}

/** One request that came. */
export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An OTLP receiver on loopback, as small as can be. */
export class Receiver {
  readonly posted: Posted[] = [];
  /** What it answers from now on. */
  status = 200;
  /** It takes requests and says nothing. */
  isSilent = false;
  #port = 0;

  static async open(t: TestContext): Promise<Receiver> {
    const receiver = new Receiver();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
        receiver.posted.push({ path: request.url ?? '', headers: request.headers, body });
        if (!receiver.isSilent) response.writeHead(receiver.status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    receiver.#port = (server.address() as AddressInfo).port;
    t.defer(() => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    });
    return receiver;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** All spans that came as JSON, in the order in which they came. */
  spans(): Received[] {
    return this.posted
      .filter(({ headers }) => headers['content-type'] === 'application/json')
      .flatMap(({ body }) => (JSON.parse(body.toString('utf8')) as Message).resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, record(resource?.attributes)))),
      );
  }
}

function received(span: RawSpan, resource: Received['resource']): Received {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || undefined,
    name: span.name,
    startMs: Math.round(Number(span.startTimeUnixNano) / 1e6),
    endMs: Math.round(Number(span.endTimeUnixNano) / 1e6),
    status: span.status?.code ?? 0,
    message: span.status?.message,
    attributes: record(span.attributes),
    resource,
    events: (span.events ?? []).map(({ name }) => name),
  };
}

function record(attributes: readonly Attribute[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [kind, plain] = Object.entries(value)[0] ?? [];
      return [key, kind === 'intValue' ? Number(plain) : plain];
    }),
  );
}

/** Variables that lead to a receiver which reads JSON. */
export function toReceiver({ address }: Pick<Receiver, 'address'>): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: address, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
}

/** Drains beside the test, so that a receiver in it can answer. Throws unless it ends with 0; returns what it said, and how long it took. */
export async function drainWith(
  station: TestStation,
  env: Readonly<Record<string, string>>,
): Promise<{ said: string; tookMs: number }> {
  const begunAt = Date.now();
  const child = spawn(process.execPath, [CLI, 'up', '--drain'], {
    cwd: station.root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`up --drain ended with ${code}:\n${said}`);
  return { said, tookMs: Date.now() - begunAt };
}
