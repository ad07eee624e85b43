import { decide, HELLO, mission, missionStation, stepped, whyOf } from '../../support/missions.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: reviews', { needs: ['script'] });

const REVISE = (what: string) => ({ verdict: 'needs_revision', required: [what] });

function isDone(s: TestStation, woId: string): void {
  assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
  assert.equal(s.commitsOf(woId).length, 1);
}

test('lessons 3 and 18: a revision goes back to the design at most twice, each is reviewed again, and then a person decides', (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    'WO-ONCE/review': [REVISE('say it politely'), {}],
    'WO-EVER/review': [REVISE('say it twice'), REVISE('say it thrice'), REVISE('say it four times')],
  });
  s.drop(mission('WO-ONCE'));
  s.drop(mission('WO-EVER'));
  s.drain();
  isDone(s, 'WO-ONCE');
  const round = ['design', 'build', 'review'];
  assert.deepEqual(stepped(s, 'WO-ONCE'), ['hydrate', 'policy', ...round, ...round, 'steward', 'close']);
  const again = agents.calls().filter(({ order, step }) => order === 'WO-ONCE' && step === 'design')[1];
  assert.match(again?.prompt ?? '', /say it politely/, 'the designer is told what to revise');

  assert.equal(s.state('WO-EVER').waiting_for, 'checkpoint', whyOf(s, 'WO-EVER'));
  assert.deepEqual(stepped(s, 'WO-EVER'), ['hydrate', 'policy', ...round, ...round, ...round]);
  assert.equal(s.commitsOf('WO-EVER').length, 0, 'a review is never assumed');
  s.git('revert', '--no-edit', 'HEAD');
  decide(s, 'WO-EVER');
  s.drain();
  // the branch moved on meanwhile, so what the person stood in for is reviewed again, and asks again
  assert.equal(s.state('WO-EVER').waiting_for, 'checkpoint', whyOf(s, 'WO-EVER'));
  decide(s, 'WO-EVER');
  s.drain();
  isDone(s, 'WO-EVER');
  assert.deepEqual(stepped(s, 'WO-EVER').slice(-3), ['review', 'steward', 'close'], 'the yes stands in for the review');
});

test('lessons 5 and 6: an escalation parks; approved it is not reviewed again; a rejection ends with the work kept', (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    'WO-NO/build': [{ write: { 'src/no.txt': 'no\n' } }],
    'WO-NO/review': [{ verdict: 'rejected' }],
    'WO-UP/review': [{ verdict: 'escalate' }],
  });
  s.drop(mission('WO-NO'));
  s.drop(mission('WO-UP'));
  s.drain();
  assert.equal(s.state('WO-NO').last_error?.code, 'REVIEW_REJECTED', whyOf(s, 'WO-NO'));
  assert.equal(s.commitsOf('WO-NO').length, 0);
  assert.ok(
    s.kept().some((name) => name.startsWith('WO-NO')),
    s.kept().join(),
  );
  assert.match(s.waybill('keep', 'show', 'WO-NO').stdout, /src\/no\.txt/);
  assert.match(s.read('state/artifacts/terminal/TP_WO-NO.yaml'), /^reason: REVIEW_REJECTED$/m);

  assert.equal(s.state('WO-UP').waiting_for, 'checkpoint', whyOf(s, 'WO-UP'));
  const shown = JSON.parse(s.waybill('approvals', 'WO-UP', '--json').stdout) as {
    approvals: [{ subject: { stage: string; mission: { at: string; why: string; policy_sha256: string } } }];
  };
  const [{ subject }] = shown.approvals;
  assert.equal(subject.stage, 'checkpoint');
  assert.equal(subject.mission.at, 'review');
  assert.match(subject.mission.policy_sha256, /^sha256:/, 'the policy that it ran under is a part of the question');
  assert.equal(s.exists('src/hello.txt'), false, 'nothing lands while it asks');
  decide(s, 'WO-UP');
  s.drain();
  isDone(s, 'WO-UP');
  const reviews = agents.calls().filter(({ order, step }) => order === 'WO-UP' && step === 'review');
  assert.equal(reviews.length, 1, 'the person decided, and the reviewer is not asked again');
});

test('as many reviewers as policy wants approve, each another one where there are others, and one no is a no', (t) => {
  const { station: s, agents } = missionStation(
    t,
    { ...HELLO, 'WO-SPLIT/review': [{}, REVISE('not yet'), {}, {}] },
    { policy: 'version: 1\nmissions: {reviewers: 2}\n' },
    (role) => (role === 'reviewer' ? ['first', 'second'] : ['own']),
  );
  s.drop(mission('WO-TWO'));
  s.drain();
  s.git('revert', '--no-edit', 'HEAD');
  s.drop(mission('WO-SPLIT'));
  s.drain();
  isDone(s, 'WO-TWO');
  isDone(s, 'WO-SPLIT');
  const by = (woId: string) =>
    agents.calls().flatMap(({ order, step, agent }) => (order === woId && step === 'review' ? [agent] : []));
  assert.deepEqual(by('WO-TWO'), ['first', 'second']);
  assert.deepEqual(by('WO-SPLIT'), ['first', 'second', 'first', 'second'], 'after a no, all of them look again');
  assert.match(s.read('state/artifacts/review_packets/Review_Packet_WO-TWO_v1.0.md'), /second/);
});

test.run();
