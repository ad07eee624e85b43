import { tryPointsByChance } from '../support/matrix.ts';
import { suite } from '../support/suite.ts';

/** Rules 1, 3, 4, 5 and 13 at points by chance: what was not synced is lost. `npm run torture` strikes at every one. */

const test = suite('the matrix: power losses', { needs: ['git', 'ssh-keygen'], timeoutMs: 280_000 });

test('18 points: every order in one place, effects once or told, nothing left behind, verify green', (t) =>
  tryPointsByChance(t, ['power'], 18));

test.run();
