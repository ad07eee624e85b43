import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Row, resultOf } from '../../bench/row.ts';
import { assertDelivered } from '../../bench/scene.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** `npm run bench` as a smoke test: everything is delivered, once; how fast is no matter of a test. */

const ROOT = resolve(import.meta.dirname, '../..');
const test = suite('bench', { timeoutMs: 200_000 });

test('--quick measures, and delivers each order once', (t) => {
  const args = ['--import', 'tsx', join(ROOT, 'bench/run.ts'), '--quick', '--dir', t.tempDir(), 'at once', 'idle'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: ROOT });
  assert.equal(status, 0, stdout + stderr);
  assert.match(
    stdout,
    /^(met {3}|missed) {2}throughput, 1,000 orders at once: [\d.]+ orders\/s, [\d.]+ orders\/s .*; ratio [\d.]+, goal at least 0\.7$/m,
  );
  assert.match(stdout, /one order \(p50\): [\d.]+ ms/);
});

test('what was not delivered, or does not verify, is no measurement', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  assertDelivered(s.root, 1);
  assert.throws(() => assertDelivered(s.root, 2), /2 orders, but 1 commits, of 1 orders in all, and 1 done/);
  s.write('state/evidence/WO-1/receipt.json', '{}');
  assert.throws(() => assertDelivered(s.root, 1), /verify/);
});

test('medians and ranges are of the ratios of each run, and a goal is met by the median', () => {
  const row: Row = {
    name: 'x',
    against: 'y',
    unit: 'ms',
    goal: { at: 'most', ratio: 2 },
    quick: 1,
    measure: () => Promise.reject(new Error('not called')),
  };
  const runs = [
    { ours: 10, theirs: 10 },
    { ours: 90, theirs: 30 },
    { ours: 20, theirs: 10 },
  ];
  const { ratio, ours, met } = resultOf(row, runs, '2026-11-21');
  assert.deepEqual(ratio, { median: 2, least: 1, most: 3 });
  assert.deepEqual(ours, { median: 20, least: 10, most: 90 });
  assert.ok(met);
  assert.ok(!resultOf({ ...row, goal: { at: 'least', ratio: 2.1 } }, runs, '').met);
});

test.run();
