import { runModel } from '../support/model.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1, 3 and 4 under random sequences, a new seed each time; `npm run torture` does ten thousand steps. */

const test = suite('random sequences', { needs: ['git', 'ssh-keygen'], timeoutMs: 400_000 });

test('drops, runs, kills, git commands, cancel, retry, hold, release, approve, deny and another policy: every order stands where the model allows', async (t) => {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}; WAYBILL_SEED=${seed} repeats it`);
  const done = await runModel(t, { seed, steps: 250 });
  console.log(JSON.stringify(done));
  assert.equal(done.steps, 250);
});

test.run();
