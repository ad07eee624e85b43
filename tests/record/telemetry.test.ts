import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conforms } from '../../src/platform/schema.ts';
import { Telemetry, type Told } from '../../src/record/telemetry.ts';
import {
  admitted,
  admittedData,
  cancelled,
  failed,
  live,
  outcomeData,
  record,
  rejectedData,
  retried,
  started,
  succeeded,
  waits,
} from '../order/lives.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('record/telemetry');

function telemetry(t: TestContext, path: string, rotateBytes = 1 << 20): Telemetry {
  const made = new Telemetry(path, rotateBytes);
  t.defer(() => made.close());
  return made;
}

const event = (n: number) => ({
  v: 1 as const,
  ts: '2026-11-20T10:00:00.000Z',
  agent: 'test',
  event: 'tick',
  ok: true,
  n,
});
const linesIn = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((l) => JSON.parse(l) as Record<string, unknown>);

test('telemetry: each event of an order is one line that conforms, under the name operators know', (t) => {
  const path = join(t.tempDir(), 'g/telemetry/unified.jsonl');
  const life = live(admitted(), started());
  const records = [
    record('opened', { station: 's', pid: 1, version: '0' }, { woId: null }),
    admitted(),
    record('rejected', rejectedData(), { to: 'rejected' }),
    started(),
    record('command', { n: 1, name: 'make', idempotent: true }),
    record('executed', { changes: [], checks: [], leftover: [] }),
    waits(),
    failed('parked'),
    record('released', { why: 'time' }),
    succeeded(),
    failed(),
    cancelled(),
    retried(),
    record('revised', admittedData()),
    record('interrupted', { why: 'killed' }),
    record('held', { by: 'a', reason: '' }),
  ];
  telemetry(t, path).tell(
    records.map((one) => ({ record: one, life: one.wo_id === null ? null : life })),
    1,
  );
  const lines = linesIn(path);
  assert.deepEqual(
    lines.map((l) => `${l['agent']} ${l['event']} ${l['ok']}`),
    [
      'station station_opened true',
      'intake wo_received true',
      'intake wo_rejected false',
      'executor wo_started true',
      'executor wo_command true',
      'executor wo_parked true',
      'executor wo_parked false',
      'executor wo_resumed true',
      'executor wo_completed true',
      'executor wo_failed false',
      'executor wo_cancelled true',
      'executor wo_retried true',
      'intake wo_revised true',
      'executor wo_interrupted false',
      'executor wo_parked true',
    ],
  );
  for (const line of lines) assert.ok(conforms('telemetry-line', line), JSON.stringify(line));
  const done = lines.find((l) => l['event'] === 'wo_completed');
  assert.deepEqual(
    [done?.['duration_ms'], done?.['lane'], done?.['trace_id']],
    [outcomeData().duration_ms, 'MAIN', admittedData().trace_id],
  );
  assert.equal(
    new Set(lines.filter((l) => l['wo_id'] !== null).map((l) => l['parent_id'])).size,
    1,
    'one parent span an order',
  );
});

test('rule 11: past its size the file is turned, under a name used once, and no line is lost or doubled', (t) => {
  const folder = t.tempDir();
  const path = join(folder, 'unified.jsonl');
  const sink = telemetry(t, path, 2000);
  for (let n = 0; n < 300; n++) sink.emit([event(n)]);
  const files = readdirSync(folder);
  assert.ok(files.length > 5, files.join(' '));
  for (const file of files) assert.match(file, /^unified(\.\d{4}-\d\d-\d\d\.\d+)?\.jsonl$/);
  const numbers = files
    .flatMap((file) => linesIn(join(folder, file)).map((l) => l['n'] as number))
    .sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: 300 }, (_, i) => i),
  );
});

test('rule 11: another process that begins goes on with the numbers', (t) => {
  const folder = t.tempDir();
  const path = join(folder, 'unified.jsonl');
  for (let n = 0; n < 6; n++) {
    const sink = new Telemetry(path, 60);
    sink.emit([event(n)]);
    sink.close();
  }
  const files = readdirSync(folder);
  assert.equal(files.length, 6);
  assert.equal(files.flatMap((file) => linesIn(join(folder, file))).length, 6);
});

test('rule 6: when somebody takes the file away it is made again', (t) => {
  const folder = t.tempDir();
  const path = join(folder, 'unified.jsonl');
  const sink = telemetry(t, path);
  sink.emit([event(1)]);
  renameSync(path, join(folder, 'theirs'));
  sink.emit([event(2)]);
  rmSync(path);
  sink.emit([event(3)]);
  assert.deepEqual(
    linesIn(path).map((l) => l['n']),
    [3],
  );
  assert.deepEqual(
    linesIn(join(folder, 'theirs')).map((l) => l['n']),
    [1],
  );
});

test('rule 5: a torn last line is cut off, and the newest record told of is found', (t) => {
  const path = join(t.tempDir(), 'unified.jsonl');
  assert.equal(telemetry(t, path).lastSeq(), 0);
  assert.equal(existsSync(path), false);
  writeFileSync(
    path,
    `${JSON.stringify({ ...event(1), seq: 41 })}\n${JSON.stringify({ ...event(2), note: '"seq":99' })}\n{"seq":77`,
  );
  const sink = telemetry(t, path);
  assert.equal(sink.lastSeq(), 41);
  sink.emit([event(3)]);
  assert.equal(linesIn(path).length, 3);
});

test('rule 5: right after the file was turned, the newest record told of is still found', (t) => {
  const path = join(t.tempDir(), 'unified.jsonl');
  for (let seq = 1; seq <= 12; seq++) {
    const sink = new Telemetry(path, 60);
    sink.emit([{ ...event(seq), seq }]);
    sink.close();
    assert.equal(new Telemetry(path, 60).lastSeq(), seq);
    const later = new Telemetry(path, 60);
    later.emit([event(0)]);
    later.close();
    assert.equal(new Telemetry(path, 60).lastSeq(), seq, 'also when the file holds only other lines');
  }
});

test('telemetry: nothing to say opens no file', (t) => {
  const path = join(t.tempDir(), 'unified.jsonl');
  telemetry(t, path).tell([{ record: record('restored', { paths: [], unrestored: [], left: [] }), life: null }], 1);
  assert.equal(existsSync(path), false);
});

test('rules 5, 11: what could not be told comes before what follows, each once, and a file that stays broken costs no look at all of it', (t) => {
  const folder = join(t.tempDir(), 'telemetry');
  const path = join(folder, 'unified.jsonl');
  const all: Told[] = [];
  let read = 0;
  const faults: unknown[] = [];
  const sink = new Telemetry(path, 1 << 20, {
    *since(seq) {
      for (const told of all.filter(({ record: { seq: n } }) => n >= seq)) {
        read++;
        yield told;
      }
    },
    onFault: (error) => faults.push(error),
  });
  t.defer(() => sink.close());
  const tell = (n: number) => {
    const told = { record: { ...record('held', { by: 'a', reason: '' }), seq: n }, life: null };
    all.push(told);
    sink.tell([told], n);
  };
  writeFileSync(folder, 'no folder');
  for (let n = 1; n <= 2500; n++) tell(n);
  assert.equal(faults.length, 1);
  assert.equal(read, 0, 'left alone for a while');
  sink.tellOwed();
  assert.equal(faults.length, 2);
  assert.ok(read <= 1001, `read ${read} of 2500`);
  rmSync(folder);
  sink.tellOwed();
  tell(2501);
  assert.deepEqual(
    linesIn(path).map((line) => line['seq']),
    Array.from({ length: 2501 }, (_, n) => n + 1),
  );
});

test.run();
