import { contradictionText } from '../../src/documents/contradiction.ts';
import { readStatusFile, statusFaults } from '../../src/documents/status-file.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('documents: status file');

const NOW = '2026-11-22T12:00:00.000Z';
const GOOD = { generated_at_utc: '2026-11-22T11:00:00Z', repo_root: '.', facts: {}, contradictions: [], status: 'ok' };

function faults(change: object): string[] {
  const file = readStatusFile('status.json', Buffer.from(JSON.stringify({ ...GOOD, ...change })));
  return statusFaults('status.json', file, { now: NOW, maxAgeHours: 24 }).map(contradictionText);
}

test('section 17: its age is what it says itself', () => {
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ generated_at_utc: '2026-11-21T12:00:00Z' }), []);
  assert.deepEqual(faults({ generated_at_utc: '2026-11-21T13:59:59+02:00' }), [
    'block: status-old: the status file was written 2026-11-21T13:59:59+02:00, more than 24 hours ago (status.json)',
  ]);
  assert.deepEqual(faults({ generated_at_utc: '2020-01-01T00:00:00Z' }).length, 1);
  assert.deepEqual(faults({ generated_at_utc: '2026-11-22T12:04:00Z' }), []);
  assert.deepEqual(faults({ generated_at_utc: '2026-11-22T12:06:00Z' }), [
    'block: status-from-the-future: the status file was written 2026-11-22T12:06:00Z, which is yet to come (status.json)',
  ]);
});

test('section 17: contradictions count as text, as the generator has them, and as objects of others', () => {
  const text = contradictionText({
    id: 'task-open-and-done',
    severity: 'block',
    message: 'T-1 (x) is both',
    refs: ['a.md:1', 'b.md:2'],
  });
  assert.deepEqual(faults({ contradictions: [text] }), [text]);
  const warn = contradictionText({ id: 'commit-not-in-history', severity: 'warn', message: 'commit x', refs: [] });
  assert.deepEqual(faults({ contradictions: [warn] }), [`${warn} (status.json)`]);
  assert.deepEqual(faults({ contradictions: ['OpenClaw is installed, but the state says it is not'] }), [
    'block: status-contradiction: OpenClaw is installed, but the state says it is not (status.json)',
  ]);
  const other = { id: 'openclaw', severity: 'warn', message: 'differs', refs: ['a.md:1'], more: 1 };
  assert.deepEqual(faults({ contradictions: [other] }), ['warn: openclaw: differs (a.md:1)']);
  assert.deepEqual(faults({ contradictions: [{ severity: 'fatal', message: 'differs' }] }), [
    'block: status-contradiction: differs (status.json)',
  ]);
});

test('section 17: its own verdict fail counts, with the reasons that it gives', () => {
  assert.deepEqual(faults({ status: 'fail', reasons: ['warn: no backup', 'fail: ledger'] }), [
    'block: status-fail: the status file says fail: fail: ledger (status.json)',
  ]);
  assert.deepEqual(faults({ status: 'fail' }), ['block: status-fail: the status file says fail (status.json)']);
  assert.deepEqual(faults({ status: 'warn' }), []);
});

test('rule 7, rule 10: what is no status file is refused with its place', () => {
  const bad = ['', '{', '[]', 'null', '{"status": "ok"}', JSON.stringify({ ...GOOD, status: 'OK' })];
  bad.push(JSON.stringify({ ...GOOD, contradictions: [5] }), JSON.stringify({ ...GOOD, generated_at_utc: 'today' }));
  // a version is Waybill's own, and says more than the others
  bad.push(JSON.stringify({ ...GOOD, v: 2 }), JSON.stringify({ ...GOOD, v: 1 }));
  for (const text of bad)
    assert.throws(
      () => readStatusFile('status.json', Buffer.from(text)),
      (error) =>
        error instanceof WaybillError && error.code === 'STATUS_FILE_INVALID' && error.place.file === 'status.json',
      text,
    );
});

test.run();
