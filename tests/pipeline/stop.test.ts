import { execFileSync } from 'node:child_process';
import { ANYTHING, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** SIGTERM, as launchd, systemd and people send it: the station ends within its time, and tells the truth about what it cut short. */
const test = suite('pipeline/stop');

const settings = (stop: number) => `commands:\n  stop_seconds: ${stop}\n  kill_grace_seconds: 1\nlanes:\n  MAIN: {}\n`;

const order = (wo_id: string, script: string, more: object = {}) => ({
  wo_id,
  title: 'Work',
  actions: [
    { action: 'write', path: `${wo_id}.txt`, content: 'begun\n' },
    { action: 'command', command: script, ...more },
  ],
});

const living = (mark: string) =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(mark) && !line.includes('ps -eo'));

test('a command that ends in time is waited for, and its order is done (rule 4)', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: settings(60) });
  const { stop } = await s.up(t);
  s.drop(order('WO-1', 'touch ../begun-1; while [ ! -e ../go ]; do sleep 0.05; done'));
  await until(() => s.exists('../begun-1'), 'the command runs');
  const ended = stop();
  s.write('../go', '');
  assert.equal(await ended, 0);
  assert.equal(s.state('WO-1').status, 'done');
});

test('one that does not is ended with all it started; its file actions are taken back, and it runs again (rules 1, 4)', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: settings(0.2) });
  const { stop } = await s.up(t);
  // deaf to TERM, and with a child that left its process group
  s.drop(
    order('WO-1', `trap '' TERM; [ -e ../go ] || { setsid sleep 5431 & touch ../begun; sleep 5432; }`, {
      idempotent: true,
    }),
  );
  await until(() => s.exists('../begun'), 'the command runs');
  assert.ok(s.exists('WO-1.txt'));
  assert.equal(await stop(), 0);
  assert.deepEqual(living('sleep 543'), []);
  assert.ok(!s.exists('WO-1.txt'));
  assert.equal(s.state('WO-1').status, 'ready');
  assert.match(s.waybill('log', 'WO-1').stdout, /the station was stopped before its effects; it runs again/);
  assert.equal(s.waybill('verify').code, 0);
  s.write('../go', '');
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
});

test('one that is not declared idempotent is reported as unknown, not run again (rule 4)', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: settings(0) });
  const { stop } = await s.up(t);
  s.drop(order('WO-1', 'touch ../begun; sleep 5433'));
  await until(() => s.exists('../begun'), 'the command runs');
  assert.equal(await stop(), 0);
  assert.deepEqual(living('sleep 5433'), []);
  const { status, last_error } = s.state('WO-1');
  assert.equal(status, 'failed');
  assert.equal(last_error?.code, 'EFFECT_UNVERIFIED');
  assert.match(last_error?.message ?? '', /the station was stopped while a command of WO-1 ran/);
  assert.ok(!s.exists('WO-1.txt'));
  assert.equal(s.waybill('verify').code, 0);
});

test.run();
