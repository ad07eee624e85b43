import { Nap } from '../../src/platform/nap.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 12, "idle is free", and rule 6: an event that came while the loop was busy is not missed. */

const test = suite('platform/nap', { timeoutMs: 10_000 });
const LONG = 60_000;

test('rule 6: a hint during a turn means that the loop does not sleep after it', async () => {
  const nap = new Nap(new AbortController().signal);
  nap.begin();
  nap.hint();
  await nap.sleep(LONG);
});

test('rule 6: a hint wakes whoever sleeps, and one of an earlier turn does not', async () => {
  const nap = new Nap(new AbortController().signal);
  nap.hint();
  nap.begin();
  let awake = false;
  const sleeping = nap.sleep(LONG).then(() => {
    awake = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(awake, false);
  nap.hint();
  await sleeping;
});

test('who is told to stop sleeps no more', async () => {
  const end = new AbortController();
  const nap = new Nap(end.signal);
  end.signal.addEventListener('abort', () => nap.hint());
  const sleeping = nap.sleep(LONG);
  end.abort();
  await sleeping;
  nap.begin();
  await nap.sleep(LONG);
});

test.run();
