import { tryPointsByChance } from '../support/matrix.ts';
import { suite } from '../support/suite.ts';

/** Rules 1, 3, 4, 5 and 13 at points by chance: calls that fail, once or from then on, before or after git did its work. `npm run torture` strikes at every one. */

const test = suite('the matrix: faults', { needs: ['git', 'ssh-keygen'], timeoutMs: 280_000 });

test('18 points: every order in one place, effects once or told, nothing left behind, verify green', (t) =>
  tryPointsByChance(t, ['EIO', 'ENOSPC', 'EMFILE', 'EACCES'], 18));

test.run();
