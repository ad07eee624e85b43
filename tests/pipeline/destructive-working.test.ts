import { ACTS, actBeside, pause, World } from '../support/destructive.ts';
import { until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1, 4 and 6: git commands that throw things away, in the middle of a stream of orders. */

const test = suite('destructive git beside a station at work', { timeoutMs: 170_000 });

test('after each of them nothing recorded is lost, nothing ran twice, and her bytes are hers', async (t) => {
  const w = new World(t);
  const up = await w.s.up(t);
  for (const act of ACTS) await actBeside(w, act, 6);
  await up.stop();
  console.log(`${w.dropped.length} orders, ${w.refused.size} refused because their file changed at that moment`);
  assert.ok(w.refused.size <= w.dropped.length / 10, `refused: ${[...w.refused].join(' ')}`);
});

test('a person who changes branches every two seconds does not starve an order', async (t) => {
  const w = new World(t);
  await w.s.up(t);
  await w.git('checkout', '--quiet', 'other');
  const going = { on: true, rounds: 0 };
  const switching = (async () => {
    for (; going.on; going.rounds++) {
      await pause(2000);
      await w.git('checkout', '--quiet', going.rounds % 2 === 0 ? 'main' : 'other');
    }
  })();
  t.defer(() => {
    going.on = false;
    return switching;
  });
  // a landing beside her, so that the station is polite from now on
  for (let n = 0; n < 6; n++) {
    const ids = [w.drop(), w.drop()];
    const begun = Date.now();
    await until(
      () => ids.every((id) => w.standing().get(id) === 'done'),
      `order ${n} lands between her switches`,
      60_000,
    );
    console.log(`done after ${Date.now() - begun} ms`);
  }
});

test.run();
