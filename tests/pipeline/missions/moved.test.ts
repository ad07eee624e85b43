import { decide, HELLO, mission, missionStation, stepped, whyOf } from '../../support/missions.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: what moves while one waits', { needs: ['script'] });

const TEN = Array.from({ length: 10 }, (_, n) => `${n}\n`).join('');
const OTHER_POLICY = 'echo "# other" >> "$WAYBILL_STATION/policy.yaml"';
const ESCALATED = [{ verdict: 'escalate' }, {}];

function waitsFor(s: TestStation, woId: string, what: string, why: RegExp): void {
  const { status, waiting_for: waits } = s.state(woId);
  assert.deepEqual([status, waits], ['parked', what], whyOf(s, woId));
  assert.match(whyOf(s, woId), why);
}

function isDone(s: TestStation, woId: string): void {
  assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
}

test('a base that moved while it waited is reviewed again; what both changed is merged, or waits for a person with both kept', (t) => {
  const edit = (path: string, text: string) => ({ write: { [path]: text } });
  const { station: s, agents } = missionStation(
    t,
    {
      'WO-OTHER/build': [edit('src/other.txt', 'mine\n')],
      'WO-SAME/build': [edit('src/ten.txt', TEN.replace('9', 'mine'))],
      'WO-CLASH/build': [edit('src/old.txt', 'mine\n')],
      review: ESCALATED,
    },
    { files: { 'src/ten.txt': TEN } },
  );
  const all = ['WO-OTHER', 'WO-SAME', 'WO-CLASH'];
  for (const woId of all) s.drop(mission(woId));
  s.drain();
  for (const woId of all) waitsFor(s, woId, 'checkpoint', /wants a person/);
  s.write('src/ten.txt', TEN.replace('0', 'theirs'));
  s.write('src/old.txt', 'theirs\n');
  s.write('beside.txt', 'theirs\n');
  s.commitAll('Somebody goes on');
  for (const woId of all) decide(s, woId);
  s.drain();
  for (const woId of ['WO-OTHER', 'WO-SAME']) {
    isDone(s, woId);
    const twice = agents.calls().filter(({ order, step }) => order === woId && step === 'review');
    assert.equal(twice.length, 2, `${woId}: what was approved stood on another commit`);
  }
  assert.equal(s.read('src/ten.txt'), TEN.replace('0', 'theirs').replace('9', 'mine'));
  waitsFor(s, 'WO-CLASH', 'hold', /does not fit/);
  assert.equal(s.read('src/old.txt'), 'theirs\n');
  assert.match(s.waybill('keep', 'show', 'WO-CLASH').stdout, /old\.txt/);
  assert.equal(s.git('status', '--short'), '');
});

test('lesson 9: a changed policy stops it with its work, asks by its name, and then counts; what it would let pass is asked too', (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    'WO-MID/design': [{ run: OTHER_POLICY }],
    'WO-MID/build': [{ write: { 'src/mid.txt': 'mid\n' } }],
    'WO-WAIT/review': ESCALATED,
    'WO-BOTH/review': [{ verdict: 'escalate', run: OTHER_POLICY }],
    'WO-NO/review': [{ verdict: 'rejected', run: OTHER_POLICY }],
  });
  s.drop(mission('WO-WAIT'));
  s.drop(mission('WO-MID'));
  s.drain();
  waitsFor(s, 'WO-MID', 'checkpoint', /POLICY_CHANGED_MID_RUN/);
  assert.deepEqual(stepped(s, 'WO-MID'), ['hydrate', 'policy', 'design'], 'looked at between steps');
  decide(s, 'WO-MID');
  s.drain();
  isDone(s, 'WO-MID');

  s.git('revert', '--no-edit', 'HEAD');
  s.drop(mission('WO-BOTH'));
  s.drop(mission('WO-NO'));
  s.drain();
  // one question for both: a yes to the policy alone must not pass for the review
  waitsFor(s, 'WO-BOTH', 'checkpoint', /review wants a person to decide; POLICY_CHANGED_MID_RUN/);
  assert.equal(s.state('WO-NO').last_error?.code, 'REVIEW_REJECTED', whyOf(s, 'WO-NO'));

  // the other one escalated under the first policy; by now another counts, which wants the full chain
  waitsFor(s, 'WO-WAIT', 'checkpoint', /wants a person/);
  s.write('policy.yaml', 'version: 1\nmissions: {chain: full}\n');
  s.commitAll('Be strict');
  decide(s, 'WO-WAIT');
  s.drain();
  waitsFor(s, 'WO-WAIT', 'checkpoint', /POLICY_CHANGED_MID_RUN/);
  assert.equal(s.commitsOf('WO-WAIT').length, 0);
  decide(s, 'WO-WAIT');
  s.drain();
  waitsFor(s, 'WO-WAIT', 'checkpoint', /the chain full, and it ran under short/);
  decide(s, 'WO-WAIT');
  s.drain();
  isDone(s, 'WO-WAIT');
  assert.equal(agents.calls().filter(({ order, step }) => order === 'WO-WAIT' && step === 'build').length, 1);
});

test('a policy that cannot be used holds a mission in the middle; it ends nothing', async (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    design: [{ run: 'echo "nonsense: [" > "$WAYBILL_STATION/policy.yaml"' }],
  });
  await s.up(t);
  s.drop(mission('WO-1'));
  await until(() => s.exists('state/orders/WO-1.json') && s.state('WO-1').status === 'parked', 'it waits');
  waitsFor(s, 'WO-1', 'hold', /no policy counts/);
  // no stop file is there, so nobody is told to remove one
  const told = JSON.parse(s.waybill('spine', 'status', 'WO-1', '--json').stdout) as { reason: string; next: string[] };
  assert.equal(told.reason, 'POLICY_INVALID');
  assert.match(told.next.join(), /Mend the line/);
  assert.match(s.waybill('why', 'WO-1').stdout, /Mend the line/);
  assert.doesNotMatch(told.next.join() + s.waybill('why', 'WO-1').stdout, /spine go/);
  s.write('policy.yaml', 'version: 1\n');
  await until(() => s.state('WO-1').status === 'done', 'it goes on');
  assert.equal(agents.steps().filter((step) => step === 'design').length, 1);
});

test.run();
