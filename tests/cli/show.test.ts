import type { StoryLine } from '../../src/views/story/story.ts';
import { ANYTHING, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** `waybill show`: a story, not a dump. The story itself: tests/views/story/. */

const test = suite('cli/show', { needs: ['git'], timeoutMs: 120_000 });

test('a headline, what happened with times and lengths, what stays, what to do; the patch only where it is asked for', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  const check = { name: 'slow', command: 'sleep 0.2; exit 4' };
  s.drop({ wo_id: 'WO-1', title: 'Write it', files: [{ path: 'a.txt', content: 'a\n' }], tests: [check] });
  s.drop({ wo_id: 'WO-2', title: 'Write that', files: [{ path: 'b.txt', content: 'b\n' }] });
  s.drain();
  const failed = s.waybill('show', 'WO-1');
  assert.equal(failed.code, 0);
  const [head = '', why = '', ...rest] = failed.stdout.split('\n');
  assert.equal(head, 'WO-1  failed  Write it');
  assert.match(why, /^WO-1 failed with CHECK_FAILED: check "slow" ended with 4/);
  const told = rest.join('\n');
  assert.match(told, /^\d{4}-\d\d-\d\d, UTC$/m);
  assert.match(told, /^ {2}\d\d:\d\d:\d\d {2}✗ check slow failed with exit code 4 {2}\(\d+ ms\)$/m);
  assert.match(told, /^ {2}evidence {6}state\/evidence\/WO-1$/m);
  assert.match(told, /^ {2}next .*: waybill retry WO-1$/m);
  assert.match(told, /^ {2}patch {9}\d+ lines: waybill show WO-1 --patch$/m);
  assert.doesNotMatch(told, /^\+a$/m);
  assert.match(s.waybill('show', 'WO-1', '--patch').stdout, /^\+a$/m);
  const done = s.waybill('show', 'WO-2').stdout;
  assert.match(done, /^ {2}file {10}b\.txt$/m);
  assert.match(done, new RegExp(`^ {2}commit {8}${s.git('rev-parse', 'HEAD')}$`, 'm'));
  assert.doesNotMatch(done, /^ {2}next/m, 'nothing is to be done');
});

test('--json keeps state and result, and adds the story', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'Write it', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  const told = JSON.parse(s.waybill('show', 'WO-1', '--json').stdout) as {
    v: number;
    ok: boolean;
    state: unknown;
    result: unknown;
    story: StoryLine[];
  };
  assert.deepEqual([told.v, told.ok, told.state, told.result], [1, true, s.state('WO-1'), s.result('WO-1')]);
  assert.deepEqual(
    told.story.map(({ kind }) => kind),
    ['came', 'work', 'landing', 'end'],
  );
  // a result that is none is passed over: it is a projection
  s.write('bridge/outbox/MAIN/WO-1.result.json', '{"v": 1}');
  assert.equal(s.waybill('show', 'WO-1').code, 0);
});

test('words of an order stay words: no control characters, one line each, cut where they are long', (t) => {
  const s = testStation(t);
  const title = `\u001b[2J\u202eevil\nWO-9  done  forged ${'y'.repeat(5000)}`;
  s.drop({ wo_id: 'WO-1', title, hold: true, files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  for (const command of ['show', 'why']) {
    const { stdout } = s.waybill(command, 'WO-1');
    assert.doesNotMatch(stdout, /[\u001b\u202e]|^WO-9/m);
    assert.ok(stdout.length < 4000, `${command}: ${stdout.length}`);
  }
});

test.run();
