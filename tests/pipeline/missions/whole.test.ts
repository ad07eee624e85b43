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
  const verified = station.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const events = ledgerOf(station, 'WO-M').map(({ event }) => event);
  assert.equal(events.filter((event) => event === 'step').length, 7);
  assert.equal(events.filter((event) => event === 'stepped').length, 7);
});

test.run();
