import { MISSION, missionStation, whyOf } from '../../support/missions.ts';
import { drainWith, type Received, Receiver, toReceiver } from '../../support/otlp.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/spans: a mission', { needs: ['git'] });

const one = (spans: readonly Received[], name: string): Received => {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${name}: ${found.length} of ${spans.map((span) => span.name).join(', ')}`);
  return found[0] as Received;
};

test('an OTLP receiver gets a whole mission as one trace, and what an agent sends itself is part of it', async (t) => {
  const receiver = await Receiver.open(t);
  // what an agent with spans of its own does: it reads TRACEPARENT, and sends a span below it
  const joins = `node -e '
    const [, traceId, parentSpanId, flags] = process.env.TRACEPARENT.split("-");
    const at = String(Date.now()) + "000000";
    const span = { traceId, spanId: "00000000000000a1", parentSpanId, name: "chat own-" + flags + "-" + Object.keys(process.env).filter((key) => key.startsWith("OTEL_")).length, kind: 3, startTimeUnixNano: at, endTimeUnixNano: at };
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    fetch("${receiver.address}/v1/traces", { method: "POST", headers: { "content-type": "application/json" }, body });
  '`;
  const { station } = missionStation(
    t,
    {
      build: [
        {
          write: { 'src/hello.txt': 'hello\n' },
          run: joins,
          sleep: 300,
          usage: { input: 100, cache_read: 20, output: 10, usd: 0.01 },
        },
      ],
    },
    { policy: 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n' },
  );
  station.drop({ ...MISSION, tests: [{ name: 'says hello', command: 'test -f src/hello.txt' }] } as typeof MISSION);
  const env = { ...toReceiver(receiver), OTEL_EXPORTER_OTLP_HEADERS: 'x-key=q8Zr4tLm0Xw9' };
  await drainWith(station, env);
  assert.equal(station.state('WO-M').status, 'done', whyOf(station, 'WO-M'));

  const spans = receiver.spans();
  const { trace_id: traceId } = station.state('WO-M');
  assert.deepEqual([...new Set(spans.map((span) => span.traceId))], [traceId], 'one trace');
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length, 'no two spans share an id');
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  assert.deepEqual(
    roots.map(({ name }) => name),
    ['order MAIN'],
  );
  const ids = new Set(spans.map(({ spanId }) => spanId));
  for (const { name, parentSpanId } of spans)
    assert.ok(parentSpanId === undefined || ids.has(parentSpanId), `${name} has a parent in the trace`);

  const order = one(spans, 'order MAIN');
  const step = one(spans, 'step build');
  const agent = spans.find(({ name, parentSpanId }) => name === 'invoke_agent own' && parentSpanId === step.spanId);
  assert.ok(agent !== undefined);
  assert.equal(step.parentSpanId, order.spanId);
  assert.equal(one(spans, 'chat own-01-0').parentSpanId, agent.spanId, 'the agent joins');
  assert.deepEqual(
    spans.filter(({ name }) => name.startsWith('step ')).map(({ name }) => name),
    ['hydrate', 'policy', 'design', 'build', 'review', 'steward', 'close'].map((name) => `step ${name}`),
  );
  // the checks of a mission lie within the step that asks for them
  const checks = spans.filter(({ name }) => name === 'command');
  assert.deepEqual(
    [...new Set(checks.map(({ parentSpanId }) => parentSpanId))].sort(),
    [step.spanId, one(spans, 'step close').spanId].sort(),
  );
  assert.ok(agent.endMs - agent.startMs >= 300 && agent.endMs < step.endMs, 'the agent ended before its step');

  assert.deepEqual(
    [
      'gen_ai.operation.name',
      'gen_ai.agent.name',
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.output_tokens',
      'waybill.usage.usd',
    ].map((key) => agent.attributes[key]),
    ['invoke_agent', 'own', 120, 10, 0.01],
  );
  assert.deepEqual(
    ['waybill.order', 'waybill.lane', 'waybill.type', 'waybill.status', 'waybill.attempt', 'waybill.commit'].map(
      (key) => order.attributes[key],
    ),
    ['WO-M', 'MAIN', 'mission', 'done', 1, station.commitsOf('WO-M')[0]],
  );
  assert.equal(order.status, 1);
  assert.equal(order.resource['service.name'], 'waybill');
  assert.ok(receiver.posted.some(({ headers }) => headers['x-key'] === 'q8Zr4tLm0Xw9'));
  // telemetry names the spans that were sent
  const lines = station.telemetry() as unknown as {
    event: string;
    parent_id?: string;
    span_id?: string;
    step?: string;
  }[];
  assert.ok(lines.filter(({ parent_id: id }) => id !== undefined).every(({ parent_id: id }) => id === order.spanId));
  assert.ok(
    lines.some((line) => line.event === 'wo_step_started' && line.step === 'build' && line.span_id === step.spanId),
  );
  // no words of the author
  const bodies = receiver.posted.map(({ body }) => body.toString('utf8')).join('\n');
  for (const word of ['Say hello', 'says hello', 'hello.txt']) assert.ok(!bodies.includes(word), word);
});

test.run();
