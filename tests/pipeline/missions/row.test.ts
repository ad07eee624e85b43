import { keyFor } from '../../support/mission-kill.ts';
import { inARow } from '../../support/mission-row.ts';
import { suite } from '../../support/suite.ts';

/** Some missions in a row; fifty of them in row.torture.test.ts. */

const test = suite('pipeline/missions: some in a row', { needs: ['ssh-keygen'] });

test('rules 1, 3 and 4: a third of them is killed, and nothing is lost', (t) => inARow(t, keyFor(t), 4));

test.run();
