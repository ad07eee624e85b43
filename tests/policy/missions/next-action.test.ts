import fc from 'fast-check';
import { WaybillError } from '../../../src/order/error.ts';
import type { FailureClass, HistoryEntry } from '../../../src/order/mission.ts';
import { FAILURE_CLASSES } from '../../../src/policy/missions/missions.ts';
import { nextAction } from '../../../src/policy/missions/next-action.ts';
import { assert, suite } from '../../support/suite.ts';
import { policyOf } from '../questions.ts';
import { decided, failed, lost, stepped } from './histories.ts';

/** What follows a failed step; `retries: 2` is that the third failure in a row is the last. */
const test = suite('policy/missions/next-action');

const rulesOf = (lines = '') => policyOf(lines === '' ? '' : `missions: {${lines}}\n`).missions;
const verdict = (history: readonly HistoryEntry[], lines = '') => {
  const { action, code } = nextAction(history, rulesOf(lines));
  return `${action} ${code}`;
};
const OPEN = 'retries: {total: 100, per_class: 100}';

test('the third failure in a row of a class exhausts two retries, and no fourth comes', () => {
  const row = [failed('build', 'test_failure', 'a')];
  assert.equal(verdict(row), 'retry CHECK_FAILED');
  row.push(failed('build', 'test_failure', 'b'));
  assert.equal(verdict(row), 'retry CHECK_FAILED');
  row.push(failed('build', 'test_failure', 'c', { why: 'two tests fail' }));
  const { action, code, why } = nextAction(row, rulesOf());
  assert.deepEqual([action, code], ['terminate', 'RETRIES_EXHAUSTED']);
  assert.match(why, /build failed 3 times in a row \(test_failure\), and is tried again 2 times: .*two tests fail/);
  assert.equal(verdict([failed('build', 'timeout')], 'retries: {per_class: 0}'), 'terminate RETRIES_EXHAUSTED');
  assert.equal(verdict([failed('build', 'timeout')], 'retries: {total: 0}'), 'terminate RETRIES_EXHAUSTED');
});

test('another class or a success begins the row anew; a step that was cut short does neither', () => {
  const two = [failed('build', 'test_failure', 'a'), failed('build', 'test_failure', 'b')];
  const again = failed('build', 'test_failure', 'c');
  assert.equal(verdict([...two, failed('build', 'timeout'), again]), 'retry CHECK_FAILED');
  assert.equal(verdict([...two, stepped('build', { diff_sha256: 'x' }), again]), 'retry CHECK_FAILED');
  const cut = stepped('build', { ok: false, code: 'CANCELLED' });
  const reserved = { tokens: null, usd: null, seconds: null };
  assert.equal(verdict([...two, cut, lost('build', reserved), again]), 'terminate RETRIES_EXHAUSTED');
});

test('a class has its own number where policy gives one, and every class there is can be given', () => {
  const row = [failed('build', 'timeout'), failed('build', 'timeout')];
  assert.equal(verdict(row, 'retries: {classes: {timeout: 1}}'), 'terminate RETRIES_EXHAUSTED');
  assert.equal(verdict(row, 'retries: {classes: {test_failure: 1}}'), 'retry AGENT_TIMEOUT');
  for (const name of FAILURE_CLASSES) {
    if (name === 'governance_violation') continue;
    const lines = `retries: {classes: {${name}: 1}}, routing: {${name}: retry}`;
    const code = verdict([failed('x', name), failed('x', name)], lines);
    assert.equal(code, 'terminate RETRIES_EXHAUSTED', name);
  }
});

test('all failures together have a limit that neither another class, a success nor a person begins anew', () => {
  const history: HistoryEntry[] = [];
  const classes: FailureClass[] = ['timeout', 'test_failure'];
  for (let n = 0; n < 5; n++) {
    history.push(failed(`s${n}`, classes[n % 2] ?? 'timeout', `d${n}`));
    assert.match(verdict(history), /^retry/);
    history.push(stepped(`s${n}`), decided('checkpoint', `s${n}`));
  }
  history.push(failed('last', 'timeout'));
  assert.equal(verdict(history), 'terminate RETRIES_EXHAUSTED');
});

test('the same changes after a failure are no progress; those of before the last are going in circles', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((diff) => failed('build', 'test_failure', diff));
  assert.ok(a && b && c);
  assert.equal(verdict([a, a], OPEN), 'terminate NO_PROGRESS');
  assert.equal(verdict([a, b], OPEN), 'retry CHECK_FAILED');
  assert.equal(verdict([a, b, a], OPEN), 'terminate OSCILLATION_DETECTED');
  assert.equal(verdict([a, b, c, a], OPEN), 'retry CHECK_FAILED', 'three back is outside of the window');
  assert.equal(verdict([a, b, c, a], `${OPEN}, progress: {oscillation: 4}`), 'terminate OSCILLATION_DETECTED');
  assert.equal(verdict([a, b, a], `${OPEN}, progress: {no_progress: 2}`), 'terminate NO_PROGRESS');
  // what was good enough once, and what other steps leave, is another matter
  assert.equal(verdict([stepped('build', { diff_sha256: 'a' }), a], OPEN), 'retry CHECK_FAILED');
  assert.equal(verdict([failed('other', 'test_failure', 'a'), a], OPEN), 'retry CHECK_FAILED');
});

test('one failure alone, and changes that are none, never are no progress', () => {
  const none = failed('design', 'test_failure', null);
  assert.equal(verdict([none], OPEN), 'retry CHECK_FAILED');
  assert.equal(verdict([none, none], OPEN), 'retry CHECK_FAILED');
  assert.equal(verdict([none, failed('design', 'test_failure', 'x'), none], OPEN), 'retry CHECK_FAILED');
  assert.equal(verdict([failed('build', 'test_failure', 'a')], OPEN), 'retry CHECK_FAILED');
});

test('a review leaves what it found, also where it fails twice, and is tried again', () => {
  const built = stepped('build', { diff_sha256: 'a' });
  const review = failed('review', 'timeout', 'a');
  assert.equal(verdict([built, review, review], OPEN), 'retry AGENT_TIMEOUT');
  // also after a person decided, and after the branch moved on
  assert.equal(verdict([built, review, decided('checkpoint', 'review'), review, review], OPEN), 'retry AGENT_TIMEOUT');
  const moved: HistoryEntry = { kind: 'rebased', base: 'b', changes: [], review: true };
  const after = failed('review', 'timeout', 'a2');
  assert.equal(verdict([built, review, moved, after, after], OPEN), 'retry AGENT_TIMEOUT');
});

test('an agent that did not come to its work says nothing about progress', () => {
  const built = failed('build', 'test_failure', 'a');
  assert.equal(verdict([built, failed('build', 'tool_invocation_error', 'a')], OPEN), 'retry AGENT_FAILED');
});

test('what was changed and may not be is for a person, before all else, and no policy can waive or retry it', () => {
  const bad = failed('build', 'governance_violation', 'a', { code: 'ENVELOPE_VIOLATION' });
  assert.equal(verdict([bad]), 'escalate ENVELOPE_VIOLATION');
  assert.equal(verdict([bad, bad], 'retries: {total: 0}'), 'escalate ENVELOPE_VIOLATION', 'before no progress');
  assert.equal(verdict([bad], 'routing: {governance_violation: terminate}'), 'terminate ENVELOPE_VIOLATION');
  for (const action of ['retry', 'waive'])
    assert.throws(() => rulesOf(`routing: {governance_violation: ${action}}`), WaybillError);
});

test('usage that cannot be counted is for a person, and is not tried again at more cost', () => {
  const code = 'TOKEN_ACCOUNTING_UNAVAILABLE';
  assert.equal(verdict([failed('build', 'tool_invocation_error', null, { code })]), `escalate ${code}`);
});

test('routing decides by class; what nobody knows is for a person', () => {
  assert.equal(verdict([failed('design', 'validation_error')]), 'terminate PACKET_INVALID');
  assert.equal(verdict([failed('design', 'environment_error')]), 'escalate IO_ERROR');
  assert.equal(verdict([failed('design', 'unknown')]), 'escalate INTERNAL');
  assert.equal(verdict([failed('design', 'meteor' as FailureClass)]), 'escalate INTERNAL');
  assert.equal(verdict([failed('design', 'timeout')], 'routing: {timeout: escalate}'), 'escalate AGENT_TIMEOUT');
});

test('a waiver is for one failure of one step and class, and for nothing else', () => {
  const waive = 'routing: {test_failure: waive, timeout: waive}';
  const first = failed('extra', 'test_failure', 'a');
  assert.equal(verdict([first], waive), 'waive CHECK_FAILED');
  const second = nextAction([first, stepped('build'), failed('extra', 'test_failure', 'b')], rulesOf(waive));
  assert.deepEqual([second.action, second.code], ['escalate', 'CHECK_FAILED']);
  assert.match(second.why, /one such failure was waived before/);
  assert.equal(verdict([first, failed('other', 'test_failure')], waive), 'waive CHECK_FAILED', 'another step');
  assert.equal(verdict([first, failed('extra', 'timeout')], waive), 'waive AGENT_TIMEOUT', 'another class');
  assert.equal(verdict([first, failed('extra', 'governance_violation')], waive), 'escalate ENVELOPE_VIOLATION');
});

test('a person who said that it goes on after a failure begins rows and changes anew; other decisions do not', () => {
  const a = failed('build', 'test_failure', 'a');
  assert.equal(verdict([a, decided('checkpoint', 'build'), a], OPEN), 'retry CHECK_FAILED');
  assert.equal(verdict([a, decided('budget', 'build', { tokens: 9 }), a], OPEN), 'terminate NO_PROGRESS');
  const planned = [a, stepped('plan'), decided('checkpoint', 'build'), a];
  assert.equal(verdict(planned, OPEN), 'terminate NO_PROGRESS');
});

test('it is never asked where nothing failed', () => {
  for (const history of [[], [stepped('build')], [failed('build', 'timeout'), decided('checkpoint', 'build')]])
    assert.throws(
      () => nextAction(history, rulesOf()),
      (e: unknown) => e instanceof WaybillError && e.code === 'INTERNAL',
    );
});

test('whatever fails in whatever order, it ends: never more retries than policy has in all and in a row', () => {
  const entry = fc.record({
    step: fc.constantFrom('design', 'build', 'review'),
    failure: fc.option(fc.constantFrom(...FAILURE_CLASSES), { nil: null, freq: 6 }),
    diff: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: null }),
  });
  const routing = fc.constantFrom('retry', 'retry', 'terminate', 'escalate', 'waive');
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 60 }),
      fc.nat(6),
      fc.nat(4),
      fc.tuple(routing, routing, routing),
      (entries, total, perClass, [a, b, c]) => {
        const rules = rulesOf(
          `retries: {total: ${total}, per_class: ${perClass}}, routing: {test_failure: ${a}, timeout: ${b}, validation_error: ${c}}`,
        );
        const history: HistoryEntry[] = [];
        let retries = 0;
        let waived = 0;
        for (const { step, failure, diff } of entries) {
          history.push(failure === null ? stepped(step, { diff_sha256: diff }) : failed(step, failure, diff));
          if (failure === null) continue;
          const found = nextAction(history, rules);
          assert.deepEqual(nextAction([...history], rules), found, 'the same after a restart');
          assert.ok(found.why.length > 0 && found.code.length > 0);
          if (failure === 'governance_violation') assert.equal(found.action, 'escalate');
          if (found.action === 'retry') retries++;
          if (found.action === 'waive') waived++;
          // what ends the mission ends it; a person who lets it go on says so in the history
          if (found.action === 'terminate') break;
          if (found.action === 'escalate') history.push(decided('checkpoint', step));
        }
        assert.ok(retries <= total, `${retries} retries, and policy has ${total}`);
        assert.ok(waived <= 3 * FAILURE_CLASSES.length);
      },
    ),
    { numRuns: 500 },
  );
});

test.run();
