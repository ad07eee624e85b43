import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { ANYTHING, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** What is large, through the real processors; `large-input.torture.test.ts` takes more of it. */

const test = suite('large input');

test('an order of a thousand files is one commit, and so is one that edits them all', (t) => {
  const s = testStation(t);
  const paths = Array.from({ length: 1000 }, (_, n) => `many/${n % 10}/${n}.txt`);
  s.drop({ wo_id: 'WO-MANY', files: paths.map((path) => ({ path, content: 'one\ntwo\n' })) });
  s.drain();
  const actions = paths.map((path) => ({ action: 'edit', path, find: 'two', replace: path }));
  s.drop({ wo_id: 'WO-EDITS', depends_on: ['WO-MANY'], actions });
  s.drain();
  for (const woId of ['WO-MANY', 'WO-EDITS']) {
    assert.deepEqual([s.result(woId).status, s.result(woId).files_touched?.length], ['done', 1000]);
    assert.equal(s.commitsOf(woId).length, 1);
  }
  assert.equal(s.read('many/9/999.txt'), 'one\nmany/9/999.txt\n');
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 10: a file that is too large to be kept fails its order, and the station goes on with the next', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({
    wo_id: 'WO-A',
    actions: [{ action: 'command', command: 'truncate -s 2200M made.bin', outputs: ['made.bin'] }],
  });
  writeFileSync(s.path('there.bin'), '');
  truncateSync(s.path('there.bin'), 2_300_000_000);
  s.drop({ wo_id: 'WO-B', actions: [{ action: 'append', path: 'there.bin', content: 'x' }] });
  s.drop({ wo_id: 'WO-C', files: [{ path: 'c.txt', content: 'c\n' }] });
  s.drain();
  for (const woId of ['WO-A', 'WO-B']) {
    const { status, error } = s.result(woId);
    assert.deepEqual([status, error?.code], ['failed', 'TOO_LARGE']);
    assert.match(error?.hint ?? '', /outputs/);
  }
  assert.deepEqual(s.result('WO-A').unrestored, ['made.bin']);
  assert.ok(existsSync(s.path('made.bin')), 'what a command made is its own to take back');
  assert.equal(s.result('WO-C').status, 'done');
  assert.deepEqual(s.leftovers(), []);
});

test('rule 10: half an order with megabytes of escapes is told where it ends', (t) => {
  const s = testStation(t);
  s.write(
    'bridge/inbox/MAIN/half.json',
    `{"wo_id":"WO-1","files":[{"path":"a","content":"${'line\\n'.repeat(800_000)}"}`,
  );
  s.drain();
  const [rejection] = s.rejections();
  assert.deepEqual([rejection?.error?.code, rejection?.error?.['line']], ['JSON_INVALID', 1]);
});

test.run();
