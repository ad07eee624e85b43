import { askOf, atTerminal } from '../../support/deciding.ts';
import { decide, HELLO, ledgerOf, mission, missionStation, stepped, whyOf } from '../../support/missions.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: checkpoints', { needs: ['script'] });

const ESCALATED = [{ verdict: 'escalate' }, {}];

function waitsFor(s: TestStation, woId: string, what: string, why: RegExp): void {
  const { status, waiting_for: waits } = s.state(woId);
  assert.deepEqual([status, waits], ['parked', what], whyOf(s, woId));
  assert.match(whyOf(s, woId), why);
}

function isDone(s: TestStation, woId: string): void {
  assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
}

test('lessons 5, 7, 10, 12 and 34: two pauses, a SIGKILL and restarts, and no step is done twice', async (t) => {
  const { station: s, agents } = missionStation(t, HELLO, {
    policy: 'version: 1\nmissions: {chain: full, checkpoints: [build, packet]}\n',
  });
  const up = await s.up(t);
  s.drop(mission('WO-1'));
  await until(() => s.exists('state/orders/WO-1.json') && s.state('WO-1').status === 'parked', 'it asks');
  await up.stop('SIGKILL');
  waitsFor(s, 'WO-1', 'checkpoint', /before build/);
  s.drain();
  waitsFor(s, 'WO-1', 'checkpoint', /before build/);
  assert.equal(agents.steps().includes('build'), false, 'nothing goes on without an answer');
  const first = askOf(s, 'WO-1').ask;
  decide(s, 'WO-1');
  s.drain();
  waitsFor(s, 'WO-1', 'checkpoint', /before packet/);
  assert.notEqual(askOf(s, 'WO-1').ask, first, 'another question');
  // the answer to the first is none to the second
  assert.equal(s.waybill('approve', 'WO-1').code === 0, false, 'and not without a terminal');
  decide(s, 'WO-1');
  s.drain();
  isDone(s, 'WO-1');
  assert.deepEqual(stepped(s, 'WO-1'), [
    ...['hydrate', 'policy', 'design', 'design_review', 'plan', 'plan_review', 'build', 'review', 'packet', 'close'],
  ]);
  assert.deepEqual(
    agents.steps(),
    ['design', 'design_review', 'plan', 'plan_review', 'build', 'review'],
    'each agent was asked once',
  );
  const head = ledgerOf(s, 'WO-1').findLast(({ event }) => event === 'succeeded');
  assert.match(
    s.read('state/artifacts/terminal/TP_WO-1.yaml'),
    new RegExp(head?.hash ?? 'none'),
    "the ledger's own head",
  );
  assert.equal(s.waybill('verify').code, 0);
});

test('lessons 10 and 33: a denial ends it with the work kept; the first decision counts; a decided question is not asked again', (t) => {
  const { station: s } = missionStation(t, {
    'WO-NO/build': [{ write: { 'src/no.txt': 'no\n' } }],
    'WO-YES/build': [{ write: { 'src/yes.txt': 'yes\n' } }],
    'WO-CANCEL/build': [{ write: { 'src/cancel.txt': 'cancel\n' } }],
    review: [{ verdict: 'escalate' }],
  });
  s.drop(mission('WO-NO'));
  s.drop(mission('WO-YES'));
  s.drop(mission('WO-CANCEL'));
  s.drain();
  s.waybill('cancel', 'WO-CANCEL');
  decide(s, 'WO-NO', 'deny');
  decide(s, 'WO-YES');
  atTerminal(s, 'y\n', ['deny', 'WO-YES', '--reason', 'too late']);
  s.drain();
  assert.equal(s.state('WO-NO').last_error?.code, 'DENIED', whyOf(s, 'WO-NO'));
  assert.match(s.waybill('keep', 'show', 'WO-NO').stdout, /src\/no\.txt/, 'what it had made is kept');
  assert.match(s.read('state/artifacts/terminal/TP_WO-NO.yaml'), /^reason: DENIED$/m);
  assert.deepEqual(stepped(s, 'WO-NO').slice(-1), ['review'], 'nothing was done after it');
  assert.equal(s.state('WO-CANCEL').status, 'cancelled');
  assert.match(s.waybill('keep', 'show', 'WO-CANCEL').stdout, /src\/cancel\.txt/, 'and of the cancelled one');
  assert.match(s.read('state/artifacts/terminal/TP_WO-CANCEL.yaml'), /^outcome: CANCELLED$/m);
  isDone(s, 'WO-YES');
  assert.notEqual(atTerminal(s, 'y\n', ['approve', 'WO-NO']).code, 0);
  assert.notEqual(atTerminal(s, 'y\n', ['deny', 'WO-YES', '--reason', 'too late']).code, 0);
  const refused = s.leftovers();
  assert.equal(refused.length, 1, 'the second decision, with the reason');
  assert.match(refused[0] ?? '', /\.refused\.json$/);
});

test('rule 13: a document that was altered while it waited ends it as MISSION_ALTERED, before anything is done with it', (t) => {
  const { station: s, agents } = missionStation(
    t,
    { ...HELLO, 'WO-VERDICT/review': ESCALATED },
    {
      policy: 'version: 1\nmissions: {checkpoints: [build]}\n',
    },
  );
  const altered = ['WO-PACKET', 'WO-CHAIN', 'WO-VERDICT'];
  for (const woId of altered) s.drop(mission(woId));
  s.drain();
  decide(s, 'WO-VERDICT');
  s.drain();
  waitsFor(s, 'WO-VERDICT', 'checkpoint', /wants a person/);
  const edit = (woId: string, path: string, from: string, to: string) => {
    const file = `.git/waybill/claimed/${askOf(s, woId).claim}/.mission/${path}`;
    assert.ok(s.read(file).includes(from), file);
    s.write(file, s.read(file).replace(from, to));
  };
  edit('WO-PACKET', '03-design/build_packet.json', 'says hello', 'says goodbye');
  edit('WO-CHAIN', 'chain.yaml', 'run: close', 'run: close ');
  edit('WO-VERDICT', '05-review/verdict.json', 'escalate', 'approved');
  for (const woId of altered) decide(s, woId);
  s.drain();
  for (const woId of altered) {
    assert.equal(s.state(woId).last_error?.code, 'MISSION_ALTERED', whyOf(s, woId));
    assert.equal(s.commitsOf(woId).length, 0);
  }
  assert.deepEqual(
    agents.calls().filter(({ order, step }) => order !== 'WO-VERDICT' && step === 'build'),
    [],
  );
  s.waybill('retry', 'WO-PACKET');
  s.drain();
  waitsFor(s, 'WO-PACKET', 'checkpoint', /before build/);
});

test('rule 13: a mission that asks before it begins does not begin by being held and released', (t) => {
  const { station: s, agents } = missionStation(t, HELLO, { policy: 'version: 1\nbudgets: {tokens: 10}\n' });
  s.drop(mission('WO-1', { constraints: { paths: ['src/**'], budget: { tokens: 100_000 } } }));
  s.drain();
  waitsFor(s, 'WO-1', 'approval', /tokens/);
  s.waybill('hold', 'WO-1');
  s.drain();
  s.waybill('release', 'WO-1');
  s.drain();
  waitsFor(s, 'WO-1', 'approval', /tokens/);
  assert.deepEqual(agents.calls(), []);
  decide(s, 'WO-1');
  s.drain();
  isDone(s, 'WO-1');
});

test('rule 13: a slip in settings holds a mission that waits, and ends nothing that was paid for', (t) => {
  const { station: s, agents } = missionStation(t, HELLO, { policy: 'version: 1\nmissions: {checkpoints: [build]}\n' });
  const slip = (role: string) => {
    const file = `agents/${role}/agent.yaml`;
    const right = s.read(file);
    s.write(file, `${right}timeout_second: 5\n`);
    return () => s.write(file, right);
  };
  s.drop(mission('WO-1', { chain: 'short', retries: 2 }));
  s.drain();
  waitsFor(s, 'WO-1', 'checkpoint', /before build/);
  // the role whose work is done, and the chain that it began with
  slip('designer');
  s.write('policy.yaml', 'version: 1\nmissions: {chain: full, chains: [full]}\n');
  s.commitAll('Want the full chain only');
  decide(s, 'WO-1');
  s.drain();
  waitsFor(s, 'WO-1', 'checkpoint', /POLICY_CHANGED_MID_RUN/);
  const mend = slip('builder');
  decide(s, 'WO-1');
  s.drain();
  waitsFor(s, 'WO-1', 'agent', /timeout_second: is not a known key/);
  mend();
  s.waybill('release', 'WO-1');
  s.drain();
  waitsFor(s, 'WO-1', 'checkpoint', /the chain full, and it ran under short/);
  decide(s, 'WO-1');
  s.drain();
  isDone(s, 'WO-1');
  assert.deepEqual(agents.steps(), ['design', 'build', 'review', 'steward']);
});

test.run();
