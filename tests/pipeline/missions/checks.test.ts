import { HELLO, ledgerOf, mission, missionStation, stepped, steps, whyOf } from '../../support/missions.ts';
import { until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: checks');

const POLICY = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n';
const SAYS = { name: 'says hello', command: 'echo looking; grep -qx hello src/hello.txt' };
const writes = (text: string) => ({ write: { 'src/hello.txt': `${text}\n` } });

test('rule 14: the builder is told why the checks failed, mends it, and is held to limits, progress and circles', (t) => {
  const { station: s, agents } = missionStation(
    t,
    {
      'WO-MENDS/build': [writes('hallo'), writes('hello')],
      'WO-STUCK/build': [writes('hallo')],
      'WO-CIRCLE/build': [writes('a'), writes('b'), writes('a')],
      'WO-EVER/build': [writes('1'), writes('2'), writes('3'), writes('4')],
    },
    { policy: POLICY },
  );
  for (const woId of ['WO-STUCK', 'WO-CIRCLE', 'WO-EVER', 'WO-MENDS']) s.drop(mission(woId, { tests: [SAYS] }));
  s.drain();
  assert.equal(s.state('WO-MENDS').status, 'done', whyOf(s, 'WO-MENDS'));
  assert.deepEqual(stepped(s, 'WO-MENDS').slice(2, 6), ['design', 'build!CHECK_FAILED', 'build', 'review']);
  const told = agents.calls().filter(({ order, step }) => order === 'WO-MENDS' && step === 'build')[1]?.prompt ?? '';
  assert.match(told, /CHECK_FAILED/);
  assert.match(told, /looking/, 'what the check said is told');
  assert.equal(s.read('src/hello.txt'), 'hello\n');
  const end = (woId: string) => [
    s.state(woId).last_error?.code,
    stepped(s, woId).filter((x) => /build/.test(x)).length,
  ];
  assert.deepEqual(end('WO-STUCK'), ['NO_PROGRESS', 2], whyOf(s, 'WO-STUCK'));
  assert.deepEqual(end('WO-CIRCLE'), ['OSCILLATION_DETECTED', 3], whyOf(s, 'WO-CIRCLE'));
  assert.deepEqual(end('WO-EVER'), ['RETRIES_EXHAUSTED', 3], whyOf(s, 'WO-EVER'));
  for (const woId of ['WO-STUCK', 'WO-CIRCLE', 'WO-EVER']) {
    assert.equal(s.commitsOf(woId).length, 0);
    assert.match(s.waybill('keep', 'show', woId).stdout, /hello\.txt/, 'what was built is kept');
    for (const { diff_sha256: diff, step } of steps(s, woId).slice(3)) assert.ok(diff, `${step} names its changes`);
  }
});

test('rule 14: what a check writes is no part of the work: it is not reviewed, blamed on nobody, and does not land', (t) => {
  const { station: s } = missionStation(t, { build: [writes('hello')] }, { policy: POLICY });
  const command = 'echo made > report.txt; echo other > src/hello.txt; echo made > src/made.txt';
  s.drop(mission('WO-M', { tests: [{ name: 'makes things', command }] }));
  s.drain();
  assert.equal(s.state('WO-M').status, 'done', whyOf(s, 'WO-M'));
  assert.deepEqual(
    stepped(s, 'WO-M').filter((step) => step.includes('!')),
    [],
    'nobody is blamed for it',
  );
  assert.equal(s.git('show', '--name-only', '--format=', 'HEAD'), 'src/hello.txt');
  assert.equal(s.git('show', 'HEAD:src/hello.txt'), 'hello', 'what was reviewed is what landed');
  assert.equal(s.waybill('verify').code, 0);
});

test('a check that runs too long is ended, and one that fails only on the clean checkout goes back to the builder', (t) => {
  const { station: s } = missionStation(
    t,
    {
      // .gitignore keeps the file out of the work, so the first look has it and the clean checkout does not
      'WO-CLEAN/build': [
        { write: { 'src/hello.txt': 'hello\n', 'ignored/there.txt': 'x\n' } },
        { write: { 'src/hello.txt': 'hello\n', 'src/there.txt': 'x\n' } },
      ],
      'WO-SLOW/build': [writes('slow')],
      'WO-NOTHING/build': [{ say: 'Done. Nothing was left to do.' }],
    },
    { policy: POLICY, files: { '.gitignore': 'ignored/\n' } },
  );
  const there = { name: 'it is there', command: 'ls ignored/there.txt src/there.txt | grep -q there' };
  s.drop(mission('WO-CLEAN', { tests: [there] }));
  s.drop(mission('WO-NOTHING'));
  s.drop(mission('WO-SLOW', { tests: [{ name: 'sleeps', command: 'sleep 30', timeout_seconds: 1 }] }));
  s.drain();
  assert.equal(s.state('WO-CLEAN').status, 'done', whyOf(s, 'WO-CLEAN'));
  assert.deepEqual(stepped(s, 'WO-CLEAN').slice(2), [
    ...['design', 'build', 'review', 'steward', 'close!CHECK_FAILED'],
    ...['build', 'review', 'steward', 'close'],
  ]);
  assert.equal(s.git('show', '--name-only', '--format=', 'HEAD'), 'src/hello.txt\nsrc/there.txt');
  const [, , , slow] = steps(s, 'WO-SLOW');
  assert.equal(slow?.failure, 'test_timeout');
  assert.equal(s.state('WO-SLOW').last_error?.code, 'NO_PROGRESS', whyOf(s, 'WO-SLOW'));
  assert.equal(s.state('WO-NOTHING').last_error?.code, 'NOTHING_CHANGED', whyOf(s, 'WO-NOTHING'));
  const ends = ledgerOf(s, 'WO-SLOW').filter(({ to }) => to === 'failed');
  assert.equal(ends.length, 1, 'one end');
});

test('a failure that ends a mission is not tried again by the order: every step would be done again, with a new budget', (t) => {
  const { station: s, agents } = missionStation(t, HELLO, {
    policy: `${POLICY}missions: {routing: {test_failure: terminate}}\n`,
  });
  s.drop(mission('WO-1', { retries: 2, tests: [{ name: 'never', command: 'false' }] }));
  s.drain();
  const { status, last_error: error } = s.state('WO-1');
  assert.deepEqual([status, error?.code], ['failed', 'CHECK_FAILED'], whyOf(s, 'WO-1'));
  assert.deepEqual(agents.steps(), ['design', 'build']);
});

test('rule 8: after a SIGKILL nothing that a check said is overwritten, and the builder is told what the failed step saw', async (t) => {
  const { station: s, agents } = missionStation(
    t,
    { build: [writes('hallo'), writes('held'), writes('hello')] },
    { policy: POLICY },
  );
  const hangs = `grep -q held src/hello.txt && { echo > ${s.path('.git/began')}; sleep 60; }; grep -qx hello src/hello.txt`;
  const up = await s.up(t);
  const says = { name: 'says', command: 'echo it saw "$(cat src/hello.txt)"' };
  s.drop(mission('WO-M', { tests: [says, { name: 'hangs', command: hangs }] }));
  await until(() => s.exists('.git/began'), 'the checks of the second build are at work');
  await up.stop('SIGKILL');
  s.drain();
  assert.equal(s.state('WO-M').status, 'done', whyOf(s, 'WO-M'));
  const told = agents.calls().filter(({ step }) => step === 'build')[2]?.prompt ?? '';
  assert.match(told, /it saw hallo/);
  assert.doesNotMatch(told, /it saw held/, 'that step was lost');
  const folder = 'state/evidence/WO-M/commands';
  const said = s.names(folder).filter((name) => name.endsWith('-says.stdout'));
  assert.deepEqual(
    said.map((name) => s.read(`${folder}/${name}`)),
    ['hallo', 'held', 'hello', 'hello'].map((text) => `it saw ${text}\n`),
  );
});

test.run();
