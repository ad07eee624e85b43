import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Recorded } from '../../../src/order/event.ts';
import { OrderSpans } from '../../../src/record/spans/order-spans.ts';
import { ledgerOf, missionStation } from '../../support/missions.ts';
import { drainWith, Receiver, toReceiver } from '../../support/otlp.ts';
import { program } from '../../support/program.ts';
import { ANYTHING, CLI, type TestStation, testStation } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('pipeline/spans: a station', { needs: ['git'] });

const KEY = ['q8', 'Zr4t', 'Lm0X'].join('');
const SETTINGS = 'commands: {env: [PATH, HOME]}\n';

const file = (woId: string, more: object = {}) => ({
  wo_id: woId,
  title: woId,
  files: [{ path: `${woId}.txt`, content: `${woId}\n` }],
  ...more,
});

/** Every span that the ledger tells of, from disk. */
function toldBy(station: TestStation, woId: string) {
  const records: Recorded[] = ledgerOf(station, woId);
  const [first] = records;
  const spans = first === undefined ? null : OrderSpans.from(first, null);
  return records.flatMap((record) => spans?.add(record) ?? []);
}

test('what is sent is what the ledger tells, whoever reads it, and commands and checks know their span', async (t) => {
  const receiver = await Receiver.open(t);
  const station = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  const says = 'env | grep -E "^(TRACEPARENT|TRACESTATE|OTEL_)" || true';
  station.drop(
    file('WO-1', {
      actions: [{ action: 'command', name: 'says', command: says }],
      tests: [{ name: 'says too', command: says }],
    }),
  );
  station.drop(file('WO-2', { tests: [{ name: 'no', command: 'false' }] }));
  await drainWith(station, { ...toReceiver(receiver), OTEL_EXPORTER_OTLP_HEADERS: `x-key=${KEY}` });

  const came = receiver.spans();
  for (const [woId, names] of [
    ['WO-1', ['command', 'command', 'land', 'order MAIN']],
    ['WO-2', ['command', 'order MAIN']],
  ] as const) {
    const told = toldBy(station, woId);
    assert.deepEqual(
      told.map(({ name }) => name),
      names,
    );
    assert.deepEqual(
      came
        .filter(({ attributes }) => attributes['waybill.order'] === woId)
        .map(({ spanId, parentSpanId, startMs, endMs, attributes }) => ({
          spanId,
          parentSpanId,
          startMs,
          endMs,
          attributes,
        })),
      told.map(({ spanId, parentId, startMs, endMs, attributes }) => ({
        ...{ spanId, parentSpanId: parentId ?? undefined, startMs, endMs, attributes },
      })),
    );
  }
  const folder = 'state/evidence/WO-1/commands';
  const said = station
    .names(folder)
    .filter((name) => name.endsWith('.stdout'))
    .map((name) => station.read(`${folder}/${name}`).trim());
  const { trace_id: traceId } = station.state('WO-1');
  assert.deepEqual(
    said,
    toldBy(station, 'WO-1')
      .slice(0, 2)
      .map(({ spanId }) => `TRACEPARENT=00-${traceId}-${spanId}-01`),
    'and nothing else of it, least of all the headers',
  );
  assert.ok(came.every(({ attributes }) => !JSON.stringify(attributes).includes(KEY)));
});

test('where no variable asks for it nothing is loaded, nothing is opened, and programs are told of no trace', (t) => {
  const station = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  const drains = (woId: string, env: Record<string, string>) => {
    station.drop(file(woId, { tests: [{ name: 'quiet', command: 'test -z "$TRACEPARENT"' }] }));
    return packagesLoaded(t, station, env).filter((name) => name.startsWith('@opentelemetry'));
  };
  assert.deepEqual(drains('WO-1', {}), []);
  assert.equal(station.state('WO-1').status, 'done');
  assert.equal(station.exists('.git/waybill/spans-sent'), false);
  assert.deepEqual(
    drains('WO-2', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' }),
    [],
  );
  assert.equal(station.state('WO-2').status, 'done');
  assert.ok(drains('WO-3', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }).length > 0, 'the count sees them');
  assert.equal(station.state('WO-3').status, 'failed', 'it is told of one then');
});

test('traces that are not sampled are not sent, and programs are told so', async (t) => {
  const receiver = await Receiver.open(t);
  const station = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  const check = { name: 'flag', command: 'echo $TRACEPARENT | grep -q -- "-00$"' };
  station.drop(file('WO-1', { tests: [check] }));
  await drainWith(station, { ...toReceiver(receiver), OTEL_TRACES_SAMPLER: 'always_off' });
  assert.equal(station.state('WO-1').status, 'done');
  assert.equal(receiver.posted.length, 0);
});

test('a receiver that is away or says nothing fails no order, and the next start sends what it did not take', async (t) => {
  const receiver = await Receiver.open(t);
  const station = testStation(t);
  const nowhere = { ...toReceiver({ address: `http://127.0.0.1:${await closedPort()}` }) };
  station.drop(file('WO-0'));
  await drainWith(station, toReceiver(receiver));
  station.drop(file('WO-1'));
  const { said } = await drainWith(station, nowhere);
  assert.equal(station.state('WO-1').status, 'done');
  assert.equal(said.match(/spans cannot be sent/g)?.length, 1, said);
  receiver.isSilent = true;
  station.drop(file('WO-2'));
  await drainWith(station, toReceiver(receiver));
  assert.equal(station.state('WO-2').status, 'done');
  receiver.isSilent = false;
  receiver.posted.splice(0);
  await drainWith(station, toReceiver(receiver));
  const order = (woId: string) =>
    receiver.spans().filter(({ name, attributes: { 'waybill.order': id } }) => name === 'order MAIN' && id === woId);
  assert.deepEqual(
    ['WO-0', 'WO-1', 'WO-2'].map((woId) => order(woId).length),
    [0, 1, 1],
  );
});

test('what happens while nobody asks for spans is not sent later either', async (t) => {
  const receiver = await Receiver.open(t);
  const station = testStation(t);
  station.drop(file('WO-1'));
  station.drain();
  await drainWith(station, toReceiver(receiver));
  assert.deepEqual(receiver.spans(), []);
  station.drop(file('WO-2'));
  station.drain();
  station.drop(file('WO-3'));
  await drainWith(station, toReceiver(receiver));
  const ids = receiver.spans().map(({ attributes }) => attributes['waybill.order']);
  assert.deepEqual([...new Set(ids)], ['WO-3']);
});

test('a mission that a kill cut short is one trace all the same, with the step that was lost', async (t) => {
  const receiver = await Receiver.open(t);
  const { station } = missionStation(t, { build: [{ write: { 'src/hello.txt': 'hello\n' } }] });
  station.drop({
    wo_id: 'WO-M',
    type: 'mission',
    title: 'Say hello',
    task: 'Write src/hello.txt.',
    constraints: { paths: ['src/**'] },
  } as never);
  const steps = station.path('.git/steps.txt');
  mkdirSync(join(steps, '..'), { recursive: true });
  const env = { ...process.env, ...toReceiver(receiver) };
  // the first agent is on record, and the station dies
  const kill = `${process.execPath} -e 'const fs = require("fs"); process.kill(JSON.parse(fs.readFileSync(".git/waybill/heartbeat.json")).pid, "SIGKILL")'`;
  const died = spawnSync(
    process.execPath,
    [program('stop-at'), station.root, '0', steps, 'mission: agent on record', kill],
    { env },
  );
  assert.equal(died.signal, 'SIGKILL', String(died.stderr));
  await drainWith(station, toReceiver(receiver));
  assert.equal(station.state('WO-M').status, 'done');
  const spans = receiver.spans();
  const ids = new Set(spans.map(({ spanId }) => spanId));
  assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [station.state('WO-M').trace_id]);
  assert.ok(spans.every(({ parentSpanId }) => parentSpanId === undefined || ids.has(parentSpanId)));
  assert.deepEqual(
    [...ids].sort(),
    toldBy(station, 'WO-M')
      .map(({ spanId }) => spanId)
      .sort(),
    'all that the ledger tells of',
  );
  const designs = spans.filter(({ name }) => name === 'step design');
  assert.deepEqual(
    designs.map(({ message }) => message ?? ''),
    ['interrupted', ''],
  );
});

test.run();

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 1;
}

/** Drains, and tells which npm packages had code loaded, in whatever file of the bundle it stands. */
function packagesLoaded(t: TestContext, station: TestStation, env: Record<string, string>): string[] {
  const folder = t.tempDir();
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'up', '--drain'], {
    cwd: station.root,
    encoding: 'utf8',
    env: { ...process.env, ...env, NODE_V8_COVERAGE: folder },
  });
  assert.equal(status, 0, stderr);
  const urls = readdirSync(folder).flatMap(
    (name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] }).result,
  );
  const packages = new Set<string>();
  for (const { url } of urls.filter(({ url }) => url.startsWith('file:')))
    for (const [, name] of readFileSync(fileURLToPath(url), 'utf8').matchAll(
      /^\s*\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm,
    ))
      packages.add(name ?? '');
  assert.ok(packages.size > 0, 'the count sees what is loaded');
  return [...packages];
}
