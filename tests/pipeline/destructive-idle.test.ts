import { ACTS, actBeside, World } from '../support/destructive.ts';
import { sampled } from '../support/sample.ts';
import { suite } from '../support/suite.ts';

/** Rules 1, 4 and 6: git commands that throw things away, beside a station that runs and has nothing to do. */

const test = suite('destructive git beside an idle station', { timeoutMs: 250_000 });

test('after seven of them, by chance, nothing recorded is lost, nothing ran twice, and her bytes are hers', async (t) => {
  const w = new World(t);
  const up = await w.s.up(t);
  for (const act of sampled(ACTS, 7, (act) => act.name)) await actBeside(w, act, 0);
  await up.stop();
});

test.run();
