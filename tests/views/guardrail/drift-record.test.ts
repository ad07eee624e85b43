import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuardrailLook } from '../../../src/order/generated.ts';
import { DriftRecord, type Drifts } from '../../../src/views/guardrail/drift-record.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** What the guardrail's telemetry tells of some days, read in pieces and never twice, through files that were turned. */

const test = suite('views/guardrail/drift-record');

const DAY = 86_400_000;
const MINUTE = 60_000;
const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const iso = (ms: number) => new Date(ms).toISOString();

function line(at: number, event: string, more: object = {}): string {
  return `${JSON.stringify({ v: 1, ts: iso(at), agent: 'guardrail', event, ok: true, ...more })}\n`;
}

const healthy = (at: number) => line(at, 'wo_pipeline_healthy');
const drift = (at: number, since: number, more: object = {}) =>
  line(at, 'wo_pipeline_drift', {
    missing: 'x',
    kind: 'missing',
    severity: 'critical',
    message: 'gone',
    since: iso(since),
    good_at: iso(since - MINUTE),
    ...more,
  });
const order = (at: number) => line(at, 'wo_completed', { agent: 'executor', wo_id: 'WO-1' });

function file(t: TestContext, text: string): string {
  const folder = t.tempDir();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'unified.jsonl');
  writeFileSync(path, text);
  return path;
}

function whole(record: DriftRecord, look: GuardrailLook | null = null, now = NOW): Drifts {
  for (let n = 0; n < 1000; n++) {
    const told = record.read(now, look);
    if (told.isWhole) return told;
  }
  throw new Error('it never comes to its end');
}

const spans = ({ faults }: Drifts) =>
  faults
    .map(
      (f) =>
        `${f.component} ${f.kind} ${(f.since - NOW) / MINUTE} ${(f.last - NOW) / MINUTE} ${f.end === null ? '-' : (f.end - NOW) / MINUTE} ${f.ended ?? 'lasts'}${f.woId === null ? '' : ` ${f.woId}`}`,
    )
    .sort();

test('a fault that is told again and again is one, with its last words and its end', (t) => {
  const [since, then] = [NOW - 60 * MINUTE, NOW - 50 * MINUTE];
  const path = file(
    t,
    [
      healthy(since - MINUTE),
      drift(since, since),
      drift(then, since, { kind: 'truncated', message: 'cut' }),
      line(NOW - 40 * MINUTE, 'wo_pipeline_recovered', { missing: 'x', kind: 'truncated', since: iso(since) }),
      line(NOW - 40 * MINUTE, 'wo_pipeline_repaired', {
        component: 'x',
        kind: 'truncated',
        since: iso(since),
        wo_id: 'WO-REPAIR-1',
      }),
      healthy(NOW - 39 * MINUTE),
      drift(NOW - 5 * MINUTE, NOW - 5 * MINUTE, { missing: 'y', good_at: null }),
      line(NOW - 2 * MINUTE, 'wo_pipeline_dropped', { missing: 'y', since: iso(NOW - 5 * MINUTE) }),
      // a script of seed 003, which says less
      line(NOW - MINUTE, 'wo_pipeline_drift', { agent: 'wo_pipeline_guardrail', missing: 'z' }),
    ].join(''),
  );
  const told = whole(new DriftRecord(path, DAY));
  assert.deepEqual(spans(told), [
    'x truncated -60 -50 -40 repaired WO-REPAIR-1',
    'y missing -5 -5 -2 dropped',
    'z missing -1 -1 - lasts',
  ]);
  assert.deepEqual(told.faults.find((f) => f.component === 'x')?.message, 'cut');
  assert.deepEqual(
    told.faults.filter((f) => f.isFirstLook).map((f) => f.component),
    ['y'],
  );
  // looks: the healthy ones, the one that told again, the script's, and those that good_at names
  assert.deepEqual(
    [...new Set(told.looks)].map((at) => (at - NOW) / MINUTE).sort((a, b) => a - b),
    [-61, -50, -39, -1],
  );
});

test('it says the same in pieces, through turned files, beside other telemetry, and while that grows', (t) => {
  const looks = Array.from({ length: 400 }, (_, n) => NOW - DAY + n * 3 * MINUTE);
  const texts = looks.map((at, n) => (n % 50 < 5 ? drift(at, looks[n - (n % 50)] ?? at) : healthy(at)));
  const noise = Array.from({ length: 100_000 }, (_, n) => order(NOW - DAY + n * 500)).join('');
  const path = file(t, texts.slice(0, 100).join(''));
  renameSync(path, path.replace('.jsonl', '.2026-11-19.1.jsonl'));
  writeFileSync(path, texts.slice(100, 300).join('') + noise);
  const record = new DriftRecord(path, 2 * DAY);
  const first = record.read(NOW, null);
  assert.equal(first.isWhole, false, 'one call reads a piece');
  appendFileSync(path, texts.slice(300, 350).join(''));
  record.read(NOW, null);
  renameSync(path, path.replace('.jsonl', '.2026-11-20.1.jsonl'));
  writeFileSync(path, texts.slice(350).join(''));
  const told = whole(record);
  const plain = whole(new DriftRecord(file(t, texts.join('')), 2 * DAY));
  assert.deepEqual(spans(told), spans(plain));
  assert.deepEqual([...told.looks].sort(), [...plain.looks].sort());
  assert.equal(told.faults.length, 8);
});

test('telemetry that is taken away, and comes again, is read anew', (t) => {
  const path = file(t, drift(NOW - MINUTE, NOW - MINUTE));
  const record = new DriftRecord(path, DAY);
  assert.equal(whole(record).faults.length, 1);
  rmSync(path);
  assert.deepEqual(whole(record).faults, []);
  writeFileSync(path, healthy(NOW));
  assert.deepEqual(whole(record).looks, [NOW]);
});

test('the last look counts where telemetry is gone, and what it found is no second fault', (t) => {
  const since = NOW - 30 * MINUTE;
  const look = {
    at: iso(NOW - MINUTE),
    healthy_at: iso(NOW - 40 * MINUTE),
    faults: [
      {
        component: 'x',
        kind: 'missing',
        severity: 'critical',
        message: 'gone',
        since: iso(since),
        good_at: iso(NOW - 35 * MINUTE),
        told_at: iso(since),
        tells: 1,
      },
    ],
  } as unknown as GuardrailLook;
  const alone = whole(new DriftRecord(file(t, ''), DAY), look);
  assert.deepEqual(spans(alone), ['x missing -30 -1 - lasts']);
  assert.deepEqual(
    alone.looks.map((at) => (at - NOW) / MINUTE).sort((a, b) => a - b),
    [-40, -35, -1],
  );
  const both = whole(new DriftRecord(file(t, drift(since, since)), DAY), look);
  assert.deepEqual(spans(both), ['x missing -30 -1 - lasts']);
});

test('what is held is bounded, and lets go what is too old', (t) => {
  const path = file(
    t,
    Array.from({ length: 5000 }, (_, n) =>
      drift(NOW - 6000_000 + n * 1000, NOW - 6000_000 + n * 1000, { missing: `c${n}`, message: 'm'.repeat(3000) }),
    ).join(''),
  );
  const record = new DriftRecord(path, DAY);
  const told = whole(record);
  assert.equal(told.faults.length, 2000);
  assert.ok(
    told.faults.every(({ component, message }) => Number(component.slice(1)) >= 3000 && message.length <= 1000),
  );
  assert.ok(told.back > NOW - 6000_000, 'and says from when on it knows');
  assert.deepEqual(record.read(NOW + 2 * DAY, null).faults, []);
});

test('lines that anybody may have written hurt nothing', (t) => {
  const path = file(
    t,
    [
      '{"event":"wo_pipeline_drift"}\n',
      'wo_pipeline_\n',
      '[]\n',
      line(NOW, 'wo_pipeline_drift', { missing: 7 }),
      line(NOW, 'wo_pipeline_drift', { missing: 'n'.repeat(5000) }),
      line(NOW, 'wo_pipeline_recovered', { missing: '__proto__', since: 'never' }),
      'null\n',
    ].join(''),
  );
  assert.deepEqual(spans(whole(new DriftRecord(path, DAY))), ['__proto__ missing 0 0 0 recovered']);
});

test.run();
