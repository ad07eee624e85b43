import { allSteps, killAndRecover, PERSON } from '../support/kill-person.ts';
import { sampled } from '../support/sample.ts';
import { assert, suite } from '../support/suite.ts';

/**
 * The station dies at a step of landing, a person goes on working, and the station starts again (design.md, "recovery finds, with a landing
 * open"). Rules 1 and 4. Every other step of an order's life stands in kill.torture.test.ts.
 */

/** Where each of her doings can meet a different state of files, index, refs and locks; the other steps stand in the torture run. */
const STEPS: Record<string, RegExp> = {
  commits: /^(life 6: landing recorded|landing [134567]: .*)$/,
  'saves a target': /^(life 6: landing recorded|landing [134567]: .*)$/,
  'removes the lock and commits': /^landing [1345]: /,
  amends: /^(life 6: landing recorded|landing [3567]: .*)$/,
  resets: /^(life 6: landing recorded|landing [3567]: .*)$/,
};
const test = suite('a person works on after a kill', { timeoutMs: 250_000 });
let steps: string[] = [];

test.before((t) => {
  steps = allSteps(t);
});

for (const what of sampled(Object.keys(PERSON), 2, (name) => name)) {
  test(`rules 1 and 4: she ${what} after a kill at a step of landing`, (t) => {
    const places = [...steps.entries()].filter(([, step]) => STEPS[what]?.test(step)).map(([at]) => at);
    assert.ok(places.length >= 4, `only ${places.length} steps of landing were seen`);
    // every third one, begun by chance: npm test has to stay short
    for (let n = Math.floor(Math.random() * 3); n < places.length; n += 3)
      killAndRecover(t, steps, places[n] ?? 0, what);
  });
}

test.run();
