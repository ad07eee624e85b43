import { fuzz } from '../support/fuzz.ts';
import { suite } from '../support/suite.ts';

/** Rules 1 and 10 under mutated orders: a sample with a seed of its own each time; `npm run torture` does ten thousand. */

const test = suite('mutated orders', { timeoutMs: 250_000 });

test('four hundred mutated orders leave the station alive, and every file accounted for', async (t) => {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}; WAYBILL_SEED=${seed} repeats it`);
  await fuzz(t, { seed, files: 400, atOnce: 100, grownBytes: 4e6 });
});

test.run();
