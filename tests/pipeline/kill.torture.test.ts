import { allSteps, killAndRecover, PERSON } from '../support/kill-person.ts';
import { assert, suite } from '../support/suite.ts';

/** Every step of an order's life, with every thing a person may do after the kill. */

const test = suite('a kill at every step, whatever a person does', { torture: true });
let steps: string[] = [];

test.before((t) => {
  steps = allSteps(t);
});

for (const what of Object.keys(PERSON)) {
  test(`rules 1 and 4: she ${what}`, (t) => {
    assert.ok(steps.length > 20);
    for (const at of steps.keys()) killAndRecover(t, steps, at, what);
  });
}

test.run();
