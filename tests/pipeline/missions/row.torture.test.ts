import { keyFor } from '../../support/mission-kill.ts';
import { inARow } from '../../support/mission-row.ts';
import { suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: fifty in a row', { needs: ['ssh-keygen'], torture: true, timeoutMs: 3_600_000 });

test('rules 1, 3 and 4: a third of them is killed, and nothing is lost', (t) => inARow(t, keyFor(t), 50));

test.run();
