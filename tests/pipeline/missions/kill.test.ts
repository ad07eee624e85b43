import { type Key, keyFor, seams, strikeAt } from '../../support/mission-kill.ts';
import { sampled } from '../../support/sample.ts';
import { assert, suite } from '../../support/suite.ts';

/** SIGKILL at some seams of a mission's life, each time others; at every one of them in kill.torture.test.ts. */

const test = suite('pipeline/missions: SIGKILL at a seam', { needs: ['ssh-keygen'], timeoutMs: 250_000 });
let key: Key;
let steps: string[] = [];

test.before((t) => {
  key = keyFor(t);
  steps = seams(t, key);
});

test('rules 1 and 4: whatever is struck, nothing is lost and nothing done twice', (t) => {
  assert.ok(steps.length > 60);
  const all = steps.map((name, at) => ({ name, n: at + 1 }));
  for (const { n } of sampled(all, 3, ({ name, n }) => `${n} ${name}`)) strikeAt(t, key, n);
});

test.run();
