import { execFileSync } from 'node:child_process';
import { missionOrder } from '../../../src/torture/mission-agent.ts';
import { strays } from '../../support/isolation.ts';
import {
  assertAddsUp,
  assertEndedWell,
  assertNothingLeft,
  type Key,
  keyFor,
  packetOf,
  strikeStation,
  toTheEnd,
} from '../../support/mission-kill.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** However a mission is ended, no process of its agents outlives it: neither one that is deaf to TERM, nor one that left its process group. */

const test = suite('pipeline/missions: processes of agents', { needs: ['ssh-keygen'] });
let key: Key;

test.before((t) => {
  key = keyFor(t);
});

/** The builder hangs, with a grandchild in a session of its own, until the file `go` is there. */
const HANGS = `case $WAYBILL_PACKET_NAME in build_report)
  if [ ! -e "$WAYBILL_STATION/runs/go" ]; then
    trap '' TERM
    setsid sh -c 'sleep 76541; sleep 1' &
    echo half > made/half.txt
    touch "$WAYBILL_STATION/runs/hangs"
    sleep 76542
  fi ;;
esac`;

const SETTINGS = 'commands: {stop_seconds: 0.2, kill_grace_seconds: 1}\n';

const living = () =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('sleep 7654'));

async function hanging(t: TestContext): Promise<{ s: TestStation; up: Awaited<ReturnType<TestStation['up']>> }> {
  const s = strikeStation(t, key, { checkpoints: [], first: HANGS, settings: SETTINGS });
  const up = await s.up(t);
  s.drop(missionOrder('WO-M') as { wo_id: string });
  await until(() => s.exists('runs/hangs') && living().length === 2, 'the agent hangs');
  return { s, up };
}

function goesOn(s: TestStation): void {
  s.write('runs/go', '');
  toTheEnd(s, key, ['WO-M']);
  assertEndedWell(s, 'WO-M', 1, 'gone on');
  assertNothingLeft(s, 'gone on');
}

test('rule 4: SIGKILL of the station: the next start ends them before anything else, and does the step again', async (t) => {
  const { s, up } = await hanging(t);
  await up.stop('SIGKILL');
  assert.equal(living().length, 2, 'they outlive the station');
  goesOn(s);
  assert.deepEqual(living(), []);
  // what was half made is kept, and in no commit (rule 1)
  assert.ok(!s.exists('made/half.txt'));
  assert.match(s.waybill('keep', 'show', 'WO-M', 'made/half.txt').stdout, /half/);
  assert.equal(packetOf(s, 'WO-M').steps.filter(({ outcome }) => outcome === 'lost').length, 1);
});

test('an orderly stop ends them, and the step is lost as by a kill', async (t) => {
  const { s, up } = await hanging(t);
  assert.equal(await up.stop('SIGTERM'), 0);
  assert.deepEqual(living(), []);
  assert.equal(s.state('WO-M').status, 'ready');
  goesOn(s);
});

test('waybill cancel ends them, and the mission', async (t) => {
  const { s, up } = await hanging(t);
  assert.equal(s.waybill('cancel', 'WO-M').code, 0);
  await until(() => s.state('WO-M').status === 'cancelled', 'it is cancelled');
  assert.deepEqual(living(), []);
  await up.stop();
  assert.deepEqual(strays(s), []);
  assert.equal(packetOf(s, 'WO-M').outcome, 'CANCELLED');
  assertAddsUp(s, 'WO-M', 'cancelled');
  assertNothingLeft(s, 'cancelled');
});

test('a station that is asked to stop begins no further step', async (t) => {
  const first = `case $WAYBILL_PACKET_NAME in build_packet) touch "$WAYBILL_STATION/runs/begun"; while [ ! -e "$WAYBILL_STATION/runs/go" ]; do sleep 0.05; done ;; esac`;
  const s = strikeStation(t, key, { checkpoints: [], first, settings: 'commands: {stop_seconds: 60}\n' });
  const up = await s.up(t);
  s.drop(missionOrder('WO-M') as { wo_id: string });
  await until(() => s.exists('runs/begun'), 'the designer works');
  const ended = up.stop('SIGTERM');
  await new Promise((done) => setTimeout(done, 300));
  s.write('runs/go', '');
  assert.equal(await ended, 0);
  assert.equal(s.state('WO-M').status, 'ready');
  assert.equal(s.read('runs/WO-M'), 'design\n');
  toTheEnd(s, key, ['WO-M']);
  assertEndedWell(s, 'WO-M', 0, 'gone on');
  assertNothingLeft(s, 'gone on');
});

test.run();
