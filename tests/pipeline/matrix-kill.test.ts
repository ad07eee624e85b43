import { tryPointsByChance } from '../support/matrix.ts';
import { suite } from '../support/suite.ts';

/** Rules 1, 3, 4, 5 and 13 at points by chance: SIGKILL before an operation, or in the middle of it. `npm run torture` strikes at every one. */

const test = suite('the matrix: kills', { needs: ['git', 'ssh-keygen'], timeoutMs: 280_000 });

test('18 points: every order in one place, effects once or told, nothing left behind, verify green', (t) =>
  tryPointsByChance(t, ['kill', 'cut'], 18));

test.run();
