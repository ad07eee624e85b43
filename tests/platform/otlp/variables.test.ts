import { otlpVariables } from '../../../src/platform/otlp/variables.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('platform/otlp: variables');

const TO = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
const ALL = { protocol: 'http/protobuf', ratio: 1, delayMs: 1000, maxQueue: 2048, maxBatch: 512, timeoutMs: 10_000 };

test('nothing is sent by default, nor where a variable says so', () => {
  const off: NodeJS.ProcessEnv[] = [
    {},
    { OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_HEADERS: 'a=b', OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
    { ...TO, OTEL_SDK_DISABLED: 'TRUE' },
    { ...TO, OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:4318' },
  ];
  for (const env of off) assert.deepEqual(otlpVariables(env), { on: null, warnings: [] }, JSON.stringify(env));
});

test('an endpoint or an exporter turns it on, in the form that is the default of the standard', () => {
  const on: NodeJS.ProcessEnv[] = [
    TO,
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://a.example/v1/traces' },
    { OTEL_TRACES_EXPORTER: 'otlp' },
    { ...TO, OTEL_TRACES_EXPORTER: ' otlp ', OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
  ];
  for (const env of on) assert.deepEqual(otlpVariables(env), { on: ALL, warnings: [] }, JSON.stringify(env));
});

test('what is for traces counts before what is for all', () => {
  const { on } = otlpVariables({
    ...TO,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TIMEOUT: '900',
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '800',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_BSP_MAX_QUEUE_SIZE: '10',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  });
  assert.deepEqual(on, { protocol: 'http/json', ratio: 0.25, delayMs: 50, maxQueue: 10, maxBatch: 10, timeoutMs: 800 });
  for (const [sampler, ratio] of [
    ['always_on', 1],
    ['always_off', 0],
    ['parentbased_always_on', 1],
    ['parentbased_always_off', 0],
    ['traceidratio', 1],
  ] as const)
    assert.equal(otlpVariables({ ...TO, OTEL_TRACES_SAMPLER: sampler }).on?.ratio, ratio, sampler);
});

test('what is not understood is said; where it would send otherwise than asked, nothing is sent', () => {
  const rows: readonly (readonly [NodeJS.ProcessEnv, boolean, RegExp])[] = [
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, false, /OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not spoken/],
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'smoke' }, false, /OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=smoke/],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'localhost:4318' }, false, /TRACES_ENDPOINT is no http/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'file:///x' }, false, /OTEL_EXPORTER_OTLP_ENDPOINT is no http/],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, false, /zipkin is not known/],
    [{ OTEL_TRACES_EXPORTER: 'console,otlp' }, true, /console is not known/],
    [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, true, /jaeger_remote is not known/],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '50%' }, true, /ARG=50% is no number/],
    [{ OTEL_BSP_SCHEDULE_DELAY: '-1' }, true, /OTEL_BSP_SCHEDULE_DELAY=-1 is no number above 0: 1000 counts/],
  ];
  for (const [env, isOn, warning] of rows) {
    const { on, warnings } = otlpVariables({ ...TO, ...env });
    assert.equal(on !== null, isOn, JSON.stringify(env));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', warning);
  }
  // an address may hold a password
  const { warnings } = otlpVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://anna:q8Zr4tLm@x' });
  assert.ok(!warnings.join().includes('q8Zr4tLm'));
});

test.run();
