import { type ExporterOptions, openOtlpExporter } from '../../../src/platform/otlp/exporter.ts';
import { OtlpRefused } from '../../../src/platform/otlp/refused.ts';
import type { Span } from '../../../src/platform/otlp/span.ts';
import { Receiver } from '../../support/otlp.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('platform/otlp: exporter');

const SPAN: Span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: '00f067aa0ba902b7',
  name: 'land',
  startMs: 1_795_000_000_123,
  endMs: 1_795_000_000_456,
  error: null,
  ok: true,
  attributes: { 'waybill.order': 'WO-1', 'waybill.files': 2, 'waybill.check': true },
  events: [{ name: 'started', atMs: 1_795_000_000_200, attributes: { n: 1 } }],
};

async function withVariables<T>(variables: Readonly<Record<string, string>>, act: () => Promise<T>): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await act();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

/** An exporter to a receiver; the variables are read when it is opened. */
async function opened(
  t: TestContext,
  options: Partial<ExporterOptions> = {},
  more: Readonly<Record<string, string>> = {},
) {
  const receiver = await Receiver.open(t);
  const heard: string[] = [];
  const exporter = await withVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.address, ...more }, () =>
    openOtlpExporter({
      protocol: 'http/json',
      timeoutMs: 700,
      resource: { 'service.name': 'waybill' },
      version: '1.2.3',
      warn: (message) => heard.push(message),
      ...options,
    }),
  );
  return { receiver, exporter, heard };
}

test('as JSON: ids in hex, times in nanoseconds, attributes with their types, status', async (t) => {
  const { receiver, exporter } = await opened(t);
  const failed: Span = {
    ...SPAN,
    spanId: 'b7ad6b7169203332',
    parentId: null,
    ok: false,
    error: 'CHECK_FAILED',
    events: [],
  };
  await exporter.send([SPAN, failed, { ...failed, spanId: 'b7ad6b7169203333', error: null }]);
  const [posted] = receiver.posted;
  assert.equal(posted?.path, '/v1/traces');
  assert.equal(posted?.headers['content-type'], 'application/json');
  assert.ok(posted?.body.includes('"startTimeUnixNano":"1795000000123000000"'), posted?.body.toString());
  const spans = receiver.spans();
  assert.deepEqual(spans[0], {
    ...{ traceId: SPAN.traceId, spanId: SPAN.spanId, parentSpanId: SPAN.parentId, name: 'land' },
    ...{ startMs: SPAN.startMs, endMs: SPAN.endMs, status: 1, message: undefined },
    attributes: SPAN.attributes,
    resource: spans[0]?.resource,
    events: ['started'],
  });
  assert.deepEqual(
    spans.map(({ parentSpanId, status, message }) => [parentSpanId, status, message]),
    [
      [SPAN.parentId, 1, undefined],
      [undefined, 2, 'CHECK_FAILED'],
      [undefined, 0, undefined],
    ],
  );
});

test('as protobuf: the content type, and the bytes of the ids', async (t) => {
  const { receiver, exporter } = await opened(t, { protocol: 'http/protobuf' });
  await exporter.send([SPAN]);
  const [posted] = receiver.posted;
  assert.equal(posted?.headers['content-type'], 'application/x-protobuf');
  for (const id of [SPAN.traceId, SPAN.spanId, SPAN.parentId ?? ''])
    assert.ok(posted?.body.includes(Buffer.from(id, 'hex')), id);
  assert.ok(posted?.body.includes('land'));
});

test('the variables say where, with which headers, how packed, and what the process is called', async (t) => {
  const { receiver, exporter } = await opened(
    t,
    {},
    {
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc,x-more=1',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'my-station',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=not-this',
    },
  );
  await exporter.send([SPAN]);
  const [posted] = receiver.posted;
  assert.deepEqual(
    [posted?.headers['authorization'], posted?.headers['x-more'], posted?.headers['content-encoding']],
    ['Basic abc', '1', 'gzip'],
  );
  const { resource } = receiver.spans()[0] ?? {};
  assert.deepEqual([resource?.['service.name'], resource?.['deployment.environment.name']], ['my-station', 'test']);
});

test('a receiver that never wants these spans is told from one that is away, busy or slow', async (t) => {
  const { receiver, exporter } = await opened(t);
  for (const [status, isFinal] of [
    [400, true],
    [401, true],
    [404, true],
    [429, false],
    [500, false],
    [503, false],
  ] as const) {
    receiver.status = status;
    await assert.rejects(
      exporter.send([SPAN]),
      (error: Error) => error instanceof OtlpRefused === isFinal,
      `${status}`,
    );
  }
  receiver.isSilent = true;
  await assert.rejects(exporter.send([SPAN]), (error: Error) => !(error instanceof OtlpRefused));
  const nowhere = await opened(t, {}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  await assert.rejects(nowhere.exporter.send([SPAN]), /ECONNREFUSED/);
});

test.run();
