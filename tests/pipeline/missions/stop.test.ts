import { rmSync } from 'node:fs';
import { withEnvironment } from '../../../src/platform/processes.ts';
import { HELLO, mission, missionStation, stepped, whyOf } from '../../support/missions.ts';
import { until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: the stop file', { needs: ['linux'] });

const POLICY = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n';

test('the stop file ends an agent at work and a check at work, leaves no process, and what it stopped goes on without it', async (t) => {
  const { station: s, agents } = missionStation(
    t,
    {
      ...HELLO,
      'WO-LATE/build': [{ write: { 'src/late.txt': 'late\n' } }],
      'WO-CHECK/build': [{ write: { 'src/check.txt': 'check\n' } }],
      'WO-AGENT/design': [{ write: { 'half.txt': 'half\n' }, run: 'sleep 61 & sleep 60' }, {}],
    },
    { policy: POLICY },
  );
  s.write('.git/slow', '');
  const slow = `test -e ${s.path('.git/slow')} && { echo > ${s.path('.git/began')}; sleep 60; }; true`;
  await s.up(t);
  s.drop(mission('WO-AGENT'));
  await until(() => agents.steps().length === 1, 'the agent is at work');
  s.write('STOP_MISSIONS', '');
  await until(() => stepped(s, 'WO-AGENT').includes('design!MISSION_STOPPED'), 'it stops long before its end', 30_000);
  await until(() => s.state('WO-AGENT').status === 'parked', 'it waits');
  assert.equal(s.state('WO-AGENT').waiting_for, 'hold');
  assert.match(whyOf(s, 'WO-AGENT'), /STOP_MISSIONS/);
  assert.deepEqual(withEnvironment('WAYBILL_STATION', s.root), [], 'the agent is gone, with all that it started');
  // dropped while the file is there: it does not even begin
  s.drop(mission('WO-LATE'));
  await until(() => s.exists('state/orders/WO-LATE.json') && s.state('WO-LATE').status === 'parked', 'it waits too');
  assert.deepEqual(stepped(s, 'WO-LATE'), []);
  s.drop(mission('WO-CHECK', { tests: [{ name: 'slow', command: slow }], constraints: { paths: ['src/**'] } }));

  rmSync(s.path('STOP_MISSIONS'));
  await until(() => s.exists('.git/began'), 'a check is at work');
  s.write('STOP_MISSIONS', '');
  await until(
    () => stepped(s, 'WO-CHECK').includes('build!MISSION_STOPPED'),
    'the check is stopped, long before its end',
    30_000,
  );
  rmSync(s.path('.git/slow'));
  rmSync(s.path('STOP_MISSIONS'));
  for (const woId of ['WO-AGENT', 'WO-LATE', 'WO-CHECK'])
    await until(() => ['done', 'failed'].includes(s.state(woId).status), `${woId} ends`);
  assert.equal(s.state('WO-AGENT').status, 'done', whyOf(s, 'WO-AGENT'));
  assert.equal(s.exists('half.txt'), false, 'what the stopped agent had begun does not land');
  assert.match(s.waybill('keep', 'show', 'WO-AGENT').stdout, /half\.txt/, 'and is kept');
  assert.deepEqual(
    agents.calls().filter(({ order, step }) => order === 'WO-CHECK' && step === 'design').length,
    1,
    'what was done is not done again',
  );
});

test('a mission that is cancelled at work ends with its agent, its work kept, and what was set aside counted', async (t) => {
  const { station: s, agents } = missionStation(t, {
    build: [{ write: { 'src/half.txt': 'half\n' }, run: 'sleep 60' }],
  });
  await s.up(t);
  s.drop(mission('WO-1', { constraints: { paths: ['src/**'], budget: { tokens: 5000 } } }));
  await until(() => agents.steps().includes('build'), 'the builder is at work');
  await until(() => withEnvironment('WAYBILL_STATION', s.root).length > 1, 'and has begun to wait');
  s.waybill('cancel', 'WO-1');
  await until(() => s.state('WO-1').status === 'cancelled', 'it is cancelled, long before the agent is done', 40_000);
  await until(() => withEnvironment('WAYBILL_STATION', s.root).length === 0, 'nothing lives of it');
  assert.match(s.waybill('keep', 'show', 'WO-1').stdout, /half\.txt/);
  const packet = s.read('state/artifacts/terminal/TP_WO-1.yaml');
  assert.match(packet, /^outcome: CANCELLED$/m);
  assert.match(packet, /reserved_tokens: 4890$/m);
  assert.equal(s.commitsOf('WO-1').length, 0);
});

test('the stop file ends a look at an agent that never answers, and nothing of it is left', async (t) => {
  const deaf = 'version: 1\nuse: [{name: deaf, adapter: acp, command: [/bin/sh, -c, "sleep 62"], mode: default}]\n';
  const { station: s } = missionStation(t, HELLO, { files: { 'agents/designer/agent.yaml': deaf } });
  const looking = () => withEnvironment('WAYBILL_RUN', `WO-M.probe.${s.heartbeatPid()}`);
  await s.up(t);
  s.drop(mission('WO-M'));
  await until(() => looking().length > 0, 'the agent is looked at');
  s.write('STOP_MISSIONS', '');
  // a look that nobody ends takes half a minute
  await until(() => s.state('WO-M').status === 'parked', 'it waits', 15_000);
  assert.equal(s.state('WO-M').waiting_for, 'hold', whyOf(s, 'WO-M'));
  assert.deepEqual(looking(), []);
  assert.deepEqual(stepped(s, 'WO-M'), ['hydrate', 'policy']);
});

test.run();
