import { eightAtOnce, flood, habits, savesAtLanding, takeover, vanishingLane } from '../support/races.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1 to 4 with many at once, in full size. */

const test = suite('races in full size', { torture: true, timeoutMs: 3_500_000 });

test('eight drop 250 each while eight try to be the station, five times', async (t) => {
  for (let n = 0; n < 5; n++) await eightAtOnce(t, 8, 250);
});

test('ten takeovers', async (t) => {
  const took = await takeover(t, 10);
  console.log(`takeovers took ${took.join(', ')} ms`);
  assert.ok(Math.max(...took) < 1000, `takeovers took ${took.join(', ')} ms`);
});

test('writers of every habit, 100 times', (t) => habits(t, 100));

test('twenty thousand at once while the handler is busy', (t) => flood(t, 20_000));

test('a lane that is taken away and made again, 200 times', async (t) => {
  const { taken, gone } = await vanishingLane(t, 200);
  console.log(`${taken} taken, ${gone} went with their lane`);
});

test('ten thousand saves at the instant of landing: none is lost', async (t) => {
  const sum = await savesAtLanding(t, 48, 10_000);
  console.log(JSON.stringify(sum));
  assert.deepEqual(sum.lost, []);
});

test.run();
