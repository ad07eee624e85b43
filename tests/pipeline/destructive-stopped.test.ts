import { ACTS, actAlone, World } from '../support/destructive.ts';
import { sampled } from '../support/sample.ts';
import { suite } from '../support/suite.ts';

/** Rules 1 and 4: git commands that throw things away while no station runs; `waybill restore` brings the projections back. */

const test = suite('destructive git with no station', { timeoutMs: 250_000 });

test('after three of them, by chance, restore is enough: nothing recorded is lost, nothing ran twice, and her bytes are hers', async (t) => {
  const w = new World(t);
  for (const act of sampled(ACTS, 3, (act) => act.name)) await actAlone(w, act);
});

test.run();
