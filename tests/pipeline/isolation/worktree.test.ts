import { isolatedStation, strays, worktreeRecords } from '../../support/isolation.ts';
import { assert, suite } from '../../support/suite.ts';

const work = suite('an order in a worktree', { timeoutMs: 200_000 });

work('rule 14: what a command made lands, measured by the runner; the root was never touched', (t) => {
  const s = isolatedStation(t);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [
      {
        path: 'tool.sh',
        content:
          'echo new > new.txt; rm b.txt; sed -i s/one/ONE/ a.txt; mkdir ignored; echo i > ignored/i\n',
      },
    ],
    actions: [{ action: 'command', argv: ['sh', 'tool.sh'] }],
    tests: [{ name: 'it is there', command: 'cat new.txt', expected: 'new' }],
  });
  s.drain();
  const state = s.state('WO-1');
  assert.equal(state.status, 'done', JSON.stringify(state.last_error));
  assert.deepEqual(s.result('WO-1').files_touched.sort(), ['a.txt', 'b.txt', 'new.txt', 'tool.sh']);
  assert.equal(s.read('new.txt'), 'new\n');
  assert.ok(!s.exists('b.txt'));
  assert.match(s.read('a.txt'), /^ONE/);
  assert.ok(!s.exists('ignored'));
  assert.equal(s.git('status', '--porcelain'), '');
  assert.deepEqual(strays(s), []);
  assert.equal(worktreeRecords(s).length, 1);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
});

work.run();
