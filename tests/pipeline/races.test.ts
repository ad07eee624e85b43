import { eightAtOnce, flood, habits, savesAtLanding, takeover, vanishingLane } from '../support/races.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1 to 4 with many at once; `npm run torture` does the same in full size. */

const test = suite('races', { timeoutMs: 250_000 });

test('eight drop while eight try to be the station: one holds it, the others exit 69, each order is done once', (t) =>
  eightAtOnce(t, 8, 5));

test('a killed holder is followed within a second, a stopped one by nobody', async (t) => {
  const took = await takeover(t, 2);
  console.log(`takeovers took ${took.join(', ')} ms`);
  assert.ok(Math.min(...took) < 1000, `takeovers took ${took.join(', ')} ms`);
});

test('writers by rename, by editor, in pieces and in place: no order is half', (t) => habits(t, 1));

test('three hundred at once while the handler is busy', (t) => flood(t, 300));

test('a lane that is taken away and made again', async (t) => {
  const { taken, gone } = await vanishingLane(t, 12);
  console.log(`${taken} taken, ${gone} went with their lane`);
});

test('sixty saves at the instant of landing: none is lost', async (t) => {
  const sum = await savesAtLanding(t, 16, 60);
  console.log(JSON.stringify(sum));
  assert.deepEqual(sum.lost, []);
  assert.ok(sum.met > 0, 'some saves met a landing');
});

test.run();
