import { ACTS, actBeside, pause, World } from '../support/destructive.ts';
import { sampled } from '../support/sample.ts';
import { until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1, 4 and 6: git commands that throw things away, in the middle of a stream of orders. */

const test = suite('destructive git beside a station at work', { timeoutMs: 250_000 });

test('after four of them, by chance, nothing recorded is lost, nothing ran twice, and her bytes are hers', async (t) => {
  const w = new World(t);
  const up = await w.s.up(t);
  for (const act of sampled(ACTS, 4, (act) => act.name)) await actBeside(w, act, 5);
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
      // she commits, too: so the station is polite, and waits before it lands
      await w.git('commit', '--quiet', '--allow-empty', '-m', 'Hers');
    }
  })();
  t.defer(() => {
    going.on = false;
    return switching;
  });
  const open = new Map<string, number>();
  const took: number[] = [];
  const look = () => {
    const standing = w.standing();
    for (const [woId, at] of open)
      if (standing.get(woId) === 'done') {
        took.push(Date.now() - at);
        open.delete(woId);
      }
    return open.size === 0;
  };
  for (const end = Date.now() + 12_000; Date.now() < end; await pause(400)) {
    open.set(w.drop(), Date.now());
    look();
  }
  await until(look, 'all orders land between her switches', 60_000).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${[...open.keys()].join(' ')}`);
  });
  console.log(`${took.length} orders took at most ${Math.max(...took)} ms`);
});

test.run();
