import { type Key, keyFor, seams, strikeAt } from '../../support/mission-kill.ts';
import { assert, suite } from '../../support/suite.ts';

/** SIGKILL at every seam of a mission's life, or with WAYBILL_EVERY=n at every n-th. */

const test = suite('pipeline/missions: SIGKILL at every seam', {
  needs: ['ssh-keygen'],
  torture: true,
  timeoutMs: 3_600_000,
});
let key: Key;
let steps: string[] = [];

test.before((t) => {
  key = keyFor(t);
  steps = seams(t, key);
});

test('rules 1 and 4: whatever is struck, nothing is lost and nothing done twice', (t) => {
  assert.ok(steps.length > 60);
  const every = Number(process.env['WAYBILL_EVERY'] ?? 1);
  const bad: string[] = [];
  for (let n = Number(process.env['WAYBILL_FROM'] ?? 1); n <= steps.length; n += every) {
    try {
      strikeAt(t, key, n);
      console.log(`${n} ${steps[n - 1]}: well`);
    } catch (error) {
      bad.push(error instanceof Error ? error.message : String(error));
      console.log(`${n}: ${bad.at(-1)}`);
    }
  }
  assert.deepEqual(bad, [], bad.join('\n'));
});

test.run();
