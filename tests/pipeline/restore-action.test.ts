import { createHash } from 'node:crypto';
import { chmodSync, rmSync, statSync } from 'node:fs';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The action `restore`: brings back what is missing or damaged on disk, and nothing that a commit or a person made (rule 1). */

const test = suite('restore', { timeoutMs: 120_000 });

const FILES = { 'tool.sh': '#!/bin/sh\necho whole\n', 'other.txt': 'other\n' };
const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function restore(s: TestStation, woId: string, found: string | null, more: object = {}): void {
  const content = FILES['tool.sh'];
  s.drop({
    wo_id: woId,
    title: 'Bring it back',
    actions: [{ action: 'restore', path: 'tool.sh', content, found, ...more }],
  });
  s.drain();
}

test('a file that is gone comes back as HEAD has it, without a commit, and says which commit has it', (t) => {
  const s = testStation(t, { files: FILES });
  const head = s.git('rev-parse', 'HEAD');
  rmSync(s.path('tool.sh'));
  restore(s, 'WO-REPAIR-1', null);
  assert.equal(s.state('WO-REPAIR-1').status, 'done');
  assert.equal(s.read('tool.sh'), FILES['tool.sh']);
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.deepEqual(s.result('WO-REPAIR-1').commits, [head]);
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 1: what stood in its place is kept in the journal, byte for byte', (t) => {
  const s = testStation(t, { files: FILES });
  s.write('tool.sh', '#!/bin/sh\nec');
  restore(s, 'WO-REPAIR-1', hash('#!/bin/sh\nec'));
  assert.equal(s.read('tool.sh'), FILES['tool.sh']);
  const journal =
    s
      .git('for-each-ref', '--format=%(refname)', 'refs/waybill')
      .split('\n')
      .find((r) => r.endsWith('/journal')) ?? '';
  const kept =
    s
      .git('ls-tree', '-r', '--name-only', journal)
      .split('\n')
      .find((p) => p.endsWith('/before/tool.sh')) ?? '';
  assert.equal(s.git('show', `${journal}:${kept}`), '#!/bin/sh\nec');
});

test('a lost mode comes back', (t) => {
  const s = testStation(t, { files: FILES });
  chmodSync(s.path('tool.sh'), 0o755);
  s.commitAll('Make it executable');
  chmodSync(s.path('tool.sh'), 0o644);
  restore(s, 'WO-REPAIR-1', hash(FILES['tool.sh']), { mode: '0755' });
  assert.equal(statSync(s.path('tool.sh')).mode & 0o777, 0o755);
  assert.equal(s.git('status', '--porcelain'), '');
});

test('where HEAD has nothing it comes back with a commit', (t) => {
  const s = testStation(t, { files: { 'other.txt': 'other\n' } });
  restore(s, 'WO-REPAIR-1', null, { mode: '0755' });
  assert.equal(s.commitsOf('WO-REPAIR-1').length, 1);
  assert.equal(s.git('ls-files', '--stage', 'tool.sh').slice(0, 6), '100755');
});

test('a damaged file that git never had is mended with a commit', (t) => {
  const s = testStation(t, { files: { 'other.txt': 'other\n' } });
  s.write('tool.sh', '#!/bin');
  restore(s, 'WO-REPAIR-1', hash('#!/bin'));
  assert.equal(s.state('WO-REPAIR-1').status, 'done', JSON.stringify(s.state('WO-REPAIR-1').last_error));
  assert.equal(s.commitsOf('WO-REPAIR-1').length, 1);
  assert.equal(s.git('status', '--porcelain'), '');
});

test('a file that is already whole is left as it is', (t) => {
  const s = testStation(t, { files: FILES });
  restore(s, 'WO-REPAIR-1', null);
  assert.equal(s.state('WO-REPAIR-1').status, 'done');
  assert.deepEqual(s.result('WO-REPAIR-1').files_touched, []);
});

test('what is there and was not told of is never overwritten', (t) => {
  const s = testStation(t, { files: FILES });
  s.write('tool.sh', 'hers, not committed\n');
  restore(s, 'WO-REPAIR-1', null);
  assert.equal(s.state('WO-REPAIR-1').last_error?.code, 'TARGET_CHANGED');
  assert.equal(s.read('tool.sh'), 'hers, not committed\n');
});

test('a committed change is never reverted', (t) => {
  const s = testStation(t, { files: FILES });
  s.write('tool.sh', '#!/bin/sh\necho newer\n');
  s.commitAll('Change it');
  rmSync(s.path('tool.sh'));
  restore(s, 'WO-REPAIR-1', null);
  assert.equal(s.state('WO-REPAIR-1').last_error?.code, 'TARGET_CHANGED');
  assert.equal(s.exists('tool.sh'), false);
});

test('a deletion that somebody staged is hers', (t) => {
  const s = testStation(t, { files: FILES });
  s.git('rm', '--quiet', 'tool.sh');
  restore(s, 'WO-REPAIR-1', null);
  assert.equal(s.state('WO-REPAIR-1').last_error?.code, 'DIRTY_TARGET');
  assert.equal(s.git('status', '--porcelain'), 'D  tool.sh');
});

test('with a check that fails, what stood there stands there again', (t) => {
  const s = testStation(t, { files: FILES, policy: ANYTHING });
  s.write('tool.sh', '#!/bin');
  const actions = [{ action: 'restore', path: 'tool.sh', content: FILES['tool.sh'], found: hash('#!/bin') }];
  s.drop({ wo_id: 'WO-REPAIR-1', title: 'x', actions, tests: [{ name: 'no', command: 'false' }] });
  s.drain();
  assert.equal(s.state('WO-REPAIR-1').last_error?.code, 'CHECK_FAILED');
  assert.equal(s.read('tool.sh'), '#!/bin');
});

test('an order that writes a file that is gone from the disk brings it back, with the mode it had', (t) => {
  const s = testStation(t, { files: FILES });
  chmodSync(s.path('tool.sh'), 0o755);
  s.commitAll('Make it executable');
  rmSync(s.path('tool.sh'));
  rmSync(s.path('other.txt'));
  s.drop({
    wo_id: 'WO-REBUILD',
    title: 'Rebuild',
    files: [
      { path: 'tool.sh', content: FILES['tool.sh'] },
      { path: 'other.txt', content: 'newer\n' },
    ],
  });
  s.drain();
  assert.equal(s.state('WO-REBUILD').status, 'done', JSON.stringify(s.state('WO-REBUILD').last_error));
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(statSync(s.path('tool.sh')).mode & 0o777, 0o755);
  assert.equal(s.git('show', 'HEAD:other.txt'), 'newer');
  assert.equal(s.commitsOf('WO-REBUILD').length, 1);
  assert.equal(s.waybill('verify').code, 0);
});

test('an edit of a file that is gone is refused: nobody knows what it would have been made of', (t) => {
  const s = testStation(t, { files: FILES });
  rmSync(s.path('other.txt'));
  s.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'append', path: 'other.txt', content: 'more\n' }] });
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'DIRTY_TARGET');
});

test.run();
