import { ACTS, actAlone, actBeside, World } from '../support/destructive.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1, 4 and 6: all the git commands that throw things away, beside a station at work, beside an idle one, and with none. */

const test = suite('destructive git, in full', { torture: true });

for (const [beside, orders] of [
  ['a station at work', 6],
  ['an idle station', 0],
] as const)
  test(`beside ${beside}`, async (t) => {
    const w = new World(t);
    const up = await w.s.up(t);
    for (const act of ACTS) await actBeside(w, act, orders);
    await up.stop();
    assert.ok(w.refused.size <= w.dropped.length / 10, `refused: ${[...w.refused].join(' ')}`);
  });

test('with no station', async (t) => {
  const w = new World(t);
  for (const act of ACTS) await actAlone(w, act);
});

test.run();
