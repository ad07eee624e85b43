import { allSteps, killAndRecover, PERSON } from '../support/kill-person.ts';
import { assert, suite } from '../support/suite.ts';

/**
 * The station dies at a step of landing, a person goes on working, and the station starts again (design.md, "recovery finds, with a landing
 * open"). Rules 1 and 4. Every other step of an order's life stands in kill.torture.test.ts.
 */

const LANDING = /^(life 6: landing recorded|landing [1-8]: .*)$/;
const test = suite('a person works on after a kill', { timeoutMs: 170_000 });
let steps: string[] = [];

test.before((t) => {
  steps = allSteps(t);
});

for (const what of Object.keys(PERSON)) {
  test(`rules 1 and 4: she ${what} after a kill at any step of landing`, (t) => {
    let tried = 0;
    for (const [at, step] of steps.entries()) {
      if (!LANDING.test(step)) continue;
      killAndRecover(t, steps, at, what);
      tried++;
    }
    assert.ok(tried >= 9, `only ${tried} steps of landing were seen`);
  });
}

test.run();
