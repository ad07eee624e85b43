import { runModel } from '../support/model.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1, 3 and 4 under ten thousand random steps. */

const test = suite('ten thousand random steps', { torture: true, needs: ['git', 'ssh-keygen'], timeoutMs: 3_500_000 });

test('every order stands where the model allows', async (t) => {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}; WAYBILL_SEED=${seed} repeats it`);
  const done = await runModel(t, { seed, steps: 10_000 });
  console.log(JSON.stringify(done));
  assert.equal(done.steps, 10_000);
  for (const [what, count] of Object.entries(done)) assert.ok(count > 0, `nothing was ${what}`);
});

test.run();
