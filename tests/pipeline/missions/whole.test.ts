import { ledgerOf, MISSION, missionStation } from '../../support/missions.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: from one end to the other');

test('the short chain designs, builds, reviews, closes and lands', (t) => {
  const { station, agents } = missionStation(t);
  station.drop(MISSION);
  station.drain();
  const state = station.state('WO-M');
  assert.equal(state.status, 'done', JSON.stringify([state.last_error, state.progress]));
  assert.deepEqual(agents.steps(), ['design', 'build', 'review', 'steward']);
  assert.equal(station.read('src/hello.txt'), 'hello\n');
  assert.equal(station.commitsOf('WO-M').length, 1);
  assert.deepEqual(station.leftovers(), []);
  assert.equal(station.git('status', '--short'), '');
  const packet = station.read('state/artifacts/terminal/TP_WO-M.yaml');
  assert.match(packet, /^outcome: PASS$/m);
  assert.match(packet, new RegExp(station.commitsOf('WO-M')[0] ?? 'no commit'));
  assert.match(station.read('state/artifacts/review_packets/Review_Packet_WO-M_v1.0.md'), /hello/);
  assert.match(
    station.git('log', '-1', '--format=%B'),
    /It says hello\.\n\nWork-Order: WO-M\n[\s\S]*^Agents: own \(designer\), own \(builder\)/m,
  );
  const verified = station.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const events = ledgerOf(station, 'WO-M').map(({ event }) => event);
  assert.equal(events.filter((event) => event === 'step').length, 7);
  assert.equal(events.filter((event) => event === 'stepped').length, 7);
});

test('a mission that may not write hands in a branch and a patch, and the checked-out branch stays as it is', (t) => {
  const { station } = missionStation(t);
  const head = station.git('rev-parse', 'HEAD');
  station.drop({ ...MISSION, constraints: { ...MISSION.constraints, allow_write: false } });
  station.drain();
  assert.equal(station.state('WO-M').status, 'done', JSON.stringify(station.state('WO-M').last_error));
  assert.equal(station.git('rev-parse', 'HEAD'), head);
  assert.equal(station.exists('src/hello.txt'), false);
  assert.equal(station.git('show', 'waybill/WO-M:src/hello.txt'), 'hello');
  assert.match(station.read('state/evidence/WO-M/changes.patch'), /\+hello/);
  assert.match(station.read('state/artifacts/terminal/TP_WO-M.yaml'), /^outcome: PASS$/m);
});

test.run();
