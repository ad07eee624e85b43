import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { EventDocument, RecordEvent } from '../../../src/order/generated.ts';
import { conforms } from '../../../src/platform/schema.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { CLI, testStation, until } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { LedgerGrowth } from './station-ledger.ts';

const test = suite('web/machine/events', { needs: ['git'], timeoutMs: 300_000 });

type Headers = Record<string, string>;

/** A connection to /events that takes what comes until it is closed. */
class Reader {
  readonly events: EventDocument[] = [];
  /** `id` of the last server-sent event. */
  lastId = '';
  ended = false;
  readonly #response: IncomingMessage;

  constructor(t: TestContext, response: IncomingMessage) {
    this.#response = response;
    t.defer(() => this.close());
    const isSse = response.headers['content-type']?.startsWith('text/event-stream') === true;
    const lines = createInterface({ input: response });
    // a server that is killed cuts the line
    lines.on('error', () => {});
    lines.on('line', (line) => this.#take(line, isSse));
    response.on('close', () => {
      this.ended = true;
    });
  }

  get records(): RecordEvent[] {
    return this.events.filter((event) => event.kind === 'record');
  }

  get seqs(): number[] {
    return this.records.map(({ seq }) => seq);
  }

  close(): void {
    this.#response.destroy();
  }

  #take(line: string, isSse: boolean): void {
    if (isSse && line.startsWith('id: ')) this.lastId = line.slice(4);
    const text = isSse ? (line.startsWith('data: ') ? line.slice(6) : '') : line;
    if (text === '') return;
    const event: unknown = JSON.parse(text);
    assert.ok(conforms('event', event), text);
    this.events.push(event as EventDocument);
  }
}

function connect(url: string, path: string, headers: Headers = {}): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    get(`${url}${path}`, { headers, agent: false }, done).once('error', fail);
  });
}

async function reads(t: TestContext, url: string, path: string, headers: Headers = {}): Promise<Reader> {
  const response = await connect(url, path, headers);
  assert.equal(response.statusCode, 200);
  return new Reader(t, response);
}

const SSE = { accept: 'text/event-stream' };
const fromTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The dashboard in a process that says how much memory it holds, when it is asked to. */
async function measured(t: TestContext, root: string): Promise<{ url: string; pid: number; bytes(): Promise<number> }> {
  const preload = `
    import v8 from 'node:v8'; import vm from 'node:vm';
    v8.setFlagsFromString('--expose_gc');
    const gc = vm.runInNewContext('gc');
    process.on('message', async () => {
      for (let i = 0; i < 3; i++) { gc(); await new Promise((done) => setTimeout(done, 50)); }
      const { heapUsed, external } = process.memoryUsage();
      process.send(heapUsed + external);
    });
    process.channel.unref();`;
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, CLI, 'dashboard', '--port', '0', '--json'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  t.defer(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.trimEnd().endsWith('}'), 'the dashboard listens');
  const { port } = JSON.parse(said) as { port: number };
  const bytes = () =>
    new Promise<number>((done) => {
      child.once('message', (told) => done(Number(told)));
      child.send('?');
    });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, bytes };
}

test('rule 11: 70,000 events reach a fast reader and one that stood still meanwhile, each once and in order, and the server holds none of them', async (t) => {
  const s = testStation(t);
  const ledger = new LedgerGrowth(s);
  t.defer(() => ledger.close());
  const { url, bytes } = await measured(t, s.root);
  const first = ledger.seq + 1;
  const fast = await reads(t, url, '/events');
  // nobody reads this one: its socket is full soon
  const stalled = await connect(url, `/events?from=${first}&full=1`, SSE);
  await ledger.grow(7_000);
  await until(() => fast.records.length === 7_000, 'the fast reader has the first ones');
  const before = await bytes();
  await ledger.grow(63_000);
  await until(() => fast.records.length >= 70_000, 'the fast reader has them all', 240_000);
  const after = await bytes();
  assert.deepEqual(fast.seqs, fromTo(first, ledger.seq));
  // 40 MB were told to each; a catalogue of 900 orders more is a part of what is left
  assert.ok(after - before < 8 * 1024 * 1024, `the server grew by ${after - before} bytes`);
  const slow = new Reader(t, stalled);
  await until(() => slow.records.length >= 70_000, 'the slow reader catches up', 240_000);
  assert.deepEqual(slow.seqs, fromTo(first, ledger.seq));
  assert.equal(slow.lastId, String(ledger.seq));
  assert.equal(slow.records.at(-1)?.record?.['seq'], ledger.seq, 'with full=1 the whole record');
});

test('a reader that goes away leaves nothing behind', async (t) => {
  const s = testStation(t);
  const ledger = new LedgerGrowth(s);
  t.defer(() => ledger.close());
  await ledger.grow(2_000);
  const { url, pid, bytes } = await measured(t, s.root);
  const sockets = () => readdirSync(`/proc/${pid}/fd`).length;
  const visit = async () => {
    const responses = await Promise.all(
      Array.from({ length: 25 }, (_, i) =>
        connect(url, i % 2 === 0 ? '/events?from=1' : '/events', i % 3 === 0 ? SSE : {}),
      ),
    );
    for (const response of responses) response.on('error', () => {}).once('data', () => response.destroy());
    await until(() => responses.every(({ destroyed }) => destroyed), 'all of them have seen something');
  };
  await visit();
  const held = sockets();
  const before = await bytes();
  for (let i = 0; i < 12; i++) await visit();
  await until(() => sockets() <= held, 'the sockets are closed');
  const after = await bytes();
  assert.ok(after - before < 3 * 1024 * 1024, `300 visits left ${after - before} bytes`);
});

test('rule 5: a reader that says what it had last gets exactly the rest, also from another process after a kill', async (t) => {
  const s = testStation(t);
  const ledger = new LedgerGrowth(s);
  t.defer(() => ledger.close());
  const begun = ledger.seq;
  const first = await runDashboard(t, s.root);
  const one = await reads(t, first.url, '/events', SSE);
  await ledger.grow(3_000);
  await until(() => one.records.length > 500, 'some have come');
  await first.stop('SIGKILL');
  await until(() => one.ended, 'the line is cut');
  await ledger.grow(1_000);
  const second = await runDashboard(t, s.root);
  // as a browser does: the same address, and the header
  const other = await reads(t, second.url, '/events', { ...SSE, 'last-event-id': one.lastId });
  await until(() => other.seqs.at(-1) === ledger.seq, 'the rest comes');
  assert.deepEqual([...one.seqs, ...other.seqs], fromTo(begun + 1, ledger.seq));
});

test('a stream that is filtered says how far it looked, so that going on skips nothing and repeats nothing', async (t) => {
  const s = testStation(t);
  const ledger = new LedgerGrowth(s);
  t.defer(() => ledger.close());
  const begun = ledger.seq;
  await ledger.grow(700);
  const { url } = await runDashboard(t, s.root);
  const all = async (query: string) => {
    const reader = await reads(t, url, `/events?from=${begun + 1}&follow=no&${query}`);
    await until(() => reader.ended, 'the end');
    return reader;
  };
  const cancelled = await all('event=cancelled');
  assert.deepEqual(
    cancelled.records.map(({ wo_id: id, to }) => [id, to]),
    fromTo(0, 9).map((n) => [`G-${n}`, 'cancelled']),
  );
  assert.deepEqual(cancelled.events.at(-1), { ...cancelled.events.at(-1), kind: 'beat', seq: ledger.seq });
  // no record but the first of an order says its lane
  const odd = await all('lane=ODD&event=reminded,cancelled');
  assert.equal(odd.records.length, 5 * 69);
  assert.ok(odd.records.every(({ lane }) => lane === 'ODD'));
  const later = await reads(t, url, `/events?from=${begun + 71 + 35}&follow=no&lane=ODD`);
  await until(() => later.ended, 'the end');
  assert.equal(later.records.length, 35 + 4 * 70, 'also of an order whose first record was passed over');
  const one = await all('wo_id=g-3');
  assert.deepEqual(one.seqs, fromTo(begun + 211, begun + 280));
  assert.deepEqual((await all('lane=ODD,EVEN')).records.length, 700);
});

test('a ledger that was written anew is told, and begins again', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'secret-words', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  const { url } = await runDashboard(t, s.root);
  const reader = await reads(t, url, '/events?from=1');
  await until(() => reader.records.some(({ event }) => event === 'succeeded'), 'it is told');
  const purged = s.waybill('purge', 'WO-1', '--secret', '--reason', 'test');
  assert.equal(purged.code, 0, purged.stderr);
  s.drain();
  await until(
    () => reader.records.at(-1)?.event === 'purged' && reader.events.some(({ kind }) => kind === 'exchanged'),
    'the purge is told',
  );
  const again = reader.events.slice(reader.events.findLastIndex(({ kind }) => kind === 'exchanged'));
  const seqs = again.flatMap((event) => (event.kind === 'record' ? [event.seq] : []));
  assert.deepEqual(seqs, fromTo(1, seqs.at(-1) ?? 0));
  // who was further than this ledger ever came had another one
  const lost = await reads(t, url, '/events?follow=no', { 'last-event-id': '99999' });
  await until(() => lost.ended, 'the end');
  assert.equal(lost.events[0]?.kind, 'exchanged');
  assert.deepEqual(lost.seqs, fromTo(1, seqs.at(-1) ?? 0));
});

test('rule 8: what is asked wrongly is refused, and pages of others are not served', async (t) => {
  const s = testStation(t);
  const { url } = await runDashboard(t, s.root);
  const status = async (path: string, headers: Headers = {}) => {
    const response = await connect(url, path, headers);
    response.resume();
    return response.statusCode;
  };
  assert.equal(await status('/events?from=-1'), 400);
  assert.equal(await status('/events?from=1e3'), 400);
  const refused = await (await fetch(`${url}/events?from=x`)).text();
  assert.match(refused, /"code": "USAGE"/);
  assert.doesNotMatch(refused, /--help/, 'the hint is for who asked here');
  assert.equal(await status('/events?since=1'), 400);
  assert.equal(await status('/events?event=started,succeded'), 400, 'a name that no record has');
  assert.equal(await status('/events?event=started,succeeded,opened&follow=no'), 200);
  assert.equal(await status('/events', { 'last-event-id': 'x' }), 400);
  assert.equal(await status('/events?follow=no', { 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await status('/events?follow=no', { 'sec-fetch-site': 'same-origin' }), 200);
  assert.equal(await status('/events?follow=no', { host: 'evil.example' }), 421);
});

test.run();
