import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FailureClass, HistoryEntry, SteppedData, Verdict } from '../../src/order/mission.ts';
import { type Chain, isReview, parseChain, writes } from '../../src/spine/chain.ts';
import { type AfterFailure, type Next, nextStep } from '../../src/spine/next-step.ts';
import { assert, suite } from '../support/suite.ts';
import { stepped as entryOf } from './missions.ts';

const built = (name: string) =>
  parseChain(name, readFileSync(join(import.meta.dirname, `../../agents/chains/${name}.yaml`)));
const FULL = built('full');
const SHORT = built('short');
const RULES = { reviewers: 1, revisions: 2, checkpoints: [] as string[] };
const retry = (): AfterFailure => ({ action: 'retry', code: 'CHECK_FAILED', why: 'again' });

type Told = Partial<SteppedData>;

function stepped(step: string, told: Told = {}): HistoryEntry {
  return entryOf(1, step, { outputs: [], diff_sha256: null, ...told });
}

const decided = (at: string): HistoryEntry => ({ kind: 'decided', what: 'checkpoint', at, raise: {} });
const says = (step: string, verdict: Verdict) => stepped(step, { verdict });
const fails = (step: string, failure: FailureClass | null) =>
  stepped(step, { ok: false, failure, code: 'CHECK_FAILED', why: 'no' });

function at(
  chain: Chain,
  history: readonly HistoryEntry[],
  rules = RULES,
  after: (history: readonly HistoryEntry[]) => AfterFailure = retry,
): string {
  const next: Next = nextStep(chain, history, rules, after);
  if (next.do === 'step') return next.step.id;
  return next.do === 'checkpoint' ? `checkpoint ${next.at}` : `end ${next.code}`;
}

/** The whole way of a chain with every review approved. */
function way(chain: Chain): HistoryEntry[] {
  return chain.steps.map((step) => (isReview(step) ? says(step.id, 'approved') : stepped(step.id)));
}

const test = suite('spine/next-step');

test("seed 001's chain and the short one are walked in order", () => {
  for (const chain of [FULL, SHORT]) {
    const all = way(chain);
    const walked = chain.steps.map((_, n) => at(chain, all.slice(0, n)));
    assert.deepEqual(
      walked,
      chain.steps.map(({ id }) => id),
    );
  }
  assert.deepEqual(
    FULL.steps.map(({ id }) => id),
    ['hydrate', 'policy', 'design', 'design_review', 'plan', 'plan_review', 'build', 'review', 'packet', 'close'],
  );
});

test('lesson 7: completed steps are not done again, however often it is asked', () => {
  const history = way(SHORT).slice(0, 4);
  assert.equal(at(SHORT, history), 'review');
  assert.equal(at(SHORT, [...history]), 'review');
});

test('a revision goes back to the design, and everything after it is done again', () => {
  const history = [...way(SHORT).slice(0, 4), says('review', 'needs_revision')];
  assert.equal(at(SHORT, history), 'design');
  const again = [...history, stepped('design'), stepped('build')];
  assert.equal(at(SHORT, again), 'review', 'every revision is reviewed again');
});

test('after two revisions a person decides, and stands in for the review', () => {
  const round = [stepped('design'), stepped('build'), says('review', 'needs_revision')];
  const history = [stepped('hydrate'), stepped('policy'), ...round, ...round];
  assert.equal(at(SHORT, history), 'design');
  const third = [...history, ...round];
  assert.equal(at(SHORT, third), 'checkpoint review');
  assert.equal(at(SHORT, [...third, decided('review')]), 'steward');
});

test('lesson: a person who approves an escalated review satisfies it, and it is not run again', () => {
  const history = [...way(SHORT).slice(0, 4), says('review', 'escalate')];
  assert.equal(at(SHORT, history), 'checkpoint review');
  assert.equal(at(SHORT, [...history, decided('review')]), 'steward');
});

test('a rejection ends it', () => {
  assert.equal(at(SHORT, [...way(SHORT).slice(0, 4), says('review', 'rejected')]), 'end REVIEW_REJECTED');
});

test('lesson: a review without a verdict is no approval', () => {
  assert.equal(at(SHORT, [...way(SHORT).slice(0, 4), stepped('review')]), 'end REVIEW_REJECTED');
});

test('as many reviewers as policy wants have to approve, and the first other verdict decides', () => {
  const rules = { ...RULES, reviewers: 2 };
  const history = [...way(SHORT).slice(0, 4), says('review', 'approved')];
  assert.equal(at(SHORT, history, rules), 'review');
  assert.equal(at(SHORT, [...history, says('review', 'approved')], rules), 'steward');
  assert.equal(at(SHORT, [...history, says('review', 'needs_revision')], rules), 'design');
});

test('policy decides about a failure, and is obeyed', () => {
  const history = [...way(SHORT).slice(0, 3), fails('build', 'test_failure')];
  assert.equal(at(SHORT, history), 'build');
  const action = (what: AfterFailure['action']) => () => ({ action: what, code: 'RETRIES_EXHAUSTED', why: 'enough' });
  assert.equal(at(SHORT, history, RULES, action('terminate')), 'end RETRIES_EXHAUSTED');
  assert.equal(at(SHORT, history, RULES, action('escalate')), 'checkpoint build');
  assert.equal(at(SHORT, history, RULES, action('waive')), 'checkpoint build', 'nobody called it optional');
  assert.equal(at(SHORT, [...history, decided('build')], RULES, action('escalate')), 'build');
});

test('where nothing is built nothing is tried again: what a check or a gate says is the answer, and no policy is asked', () => {
  const checks = built('checks');
  const asked: number[] = [];
  const ask = (history: readonly HistoryEntry[]) => {
    asked.push(history.length);
    return retry();
  };
  assert.equal(at(checks, [stepped('hydrate'), stepped('policy')], RULES, ask), 'close');
  for (const failure of ['test_failure', 'test_timeout', 'unknown', 'environment_error'] as const)
    assert.equal(
      at(checks, [stepped('hydrate'), stepped('policy'), fails('close', failure)], RULES, ask),
      'end CHECK_FAILED',
    );
  assert.equal(at(checks, [fails('policy', 'validation_error')], RULES, ask), 'end CHECK_FAILED');
  assert.equal(at(checks, [stepped('hydrate'), fails('policy', null)], RULES, ask), 'policy', 'only cut short');
  assert.deepEqual(asked, []);
});

test('a step that was cut short is done again, and policy is not asked', () => {
  const never = () => assert.fail('nothing failed');
  assert.equal(at(SHORT, [...way(SHORT).slice(0, 3), fails('build', null)], RULES, never), 'build');
});

test('what does not pass the gates is built again, and reviewed again', () => {
  const history = [...way(SHORT).slice(0, 6), fails('close', 'test_failure')];
  assert.equal(at(SHORT, history), 'build');
  assert.equal(at(SHORT, [...history, stepped('build')]), 'review');
});

test('another gate that is not passed is asked again, and nothing is built for it', () => {
  const escalated = () => ({ action: 'escalate' as const, code: 'GATE_FAILED', why: 'evidence' });
  const history = [...way(SHORT).slice(0, 6), fails('close', 'unknown')];
  assert.equal(at(SHORT, history, RULES, escalated), 'checkpoint close');
  assert.equal(at(SHORT, [...history, decided('close')], RULES, escalated), 'close');
});

test('what a reviewer escalated about another base is no question any more', () => {
  const moved: HistoryEntry = { kind: 'rebased', base: 'x', changes: [], review: true };
  const history = [...way(SHORT).slice(0, 4), says('review', 'escalate'), moved];
  assert.equal(at(SHORT, history), 'review');
  assert.equal(at(SHORT, [...history, says('review', 'approved')]), 'steward');
});

test('a step can ask for a checkpoint, and the next one comes after it', () => {
  const history = [...way(SHORT).slice(0, 2), stepped('design', { checkpoint: 'two ways are possible' })];
  assert.equal(at(SHORT, history), 'checkpoint design');
  assert.equal(at(SHORT, [...history, decided('design')]), 'build');
});

test('policy asks before a step, once each time it is reached', () => {
  const rules = { ...RULES, checkpoints: ['build'] };
  const history = way(SHORT).slice(0, 3);
  assert.equal(at(SHORT, history, rules), 'checkpoint build');
  const passed = [...history, decided('build')];
  assert.equal(at(SHORT, passed, rules), 'build');
  const revised = [...passed, stepped('build'), says('review', 'needs_revision'), stepped('design')];
  assert.equal(at(SHORT, revised, rules), 'checkpoint build');
});

test('after a moved base the last review is done again where what it saw is other', () => {
  const moved = (review: boolean): HistoryEntry => ({ kind: 'rebased', base: 'x', changes: [], review });
  const history = way(SHORT).slice(0, 6);
  assert.equal(at(SHORT, [...history, moved(true)]), 'review');
  assert.equal(at(SHORT, [...history, moved(false)]), 'close');
});

test('rule 14: no history closes without an approval after the last build, by reviewers or by a person', () => {
  const verdict = fc.constantFrom<Verdict | null>('approved', 'needs_revision', 'rejected', 'escalate', null);
  const what = fc.record({
    ok: fc.boolean(),
    verdict,
    failure: fc.constantFrom<FailureClass | null>('test_failure', 'timeout', null),
    move: fc.constantFrom('step', 'step', 'step', 'step', 'lost', 'rebased'),
    action: fc.constantFrom<AfterFailure['action']>('retry', 'terminate', 'escalate', 'waive'),
  });
  let closed = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(FULL, SHORT),
      fc.integer({ min: 1, max: 3 }),
      fc.array(what, { maxLength: 60 }),
      (chain, reviewers, moves) => {
        const history: HistoryEntry[] = [];
        const rules = { ...RULES, reviewers };
        let votes = 0;
        for (const move of moves) {
          const after = () => ({ action: move.action, code: 'X', why: 'y' });
          const next = nextStep(chain, history, rules, after);
          if (next.do === 'end') return;
          if (next.do === 'checkpoint') {
            const step = chain.steps.find(({ id }) => id === next.at);
            if (step !== undefined && isReview(step) && move.ok) votes = reviewers;
            history.push(decided(next.at));
            continue;
          }
          if (next.step.run === 'close') {
            closed++;
            assert.ok(votes >= reviewers, 'it closes, and nobody approved what was built last');
          }
          if (move.move === 'rebased') {
            history.push({ kind: 'rebased', base: 'x', changes: [], review: true });
            votes = 0;
            continue;
          }
          if (move.move === 'lost') {
            const reserved = { tokens: null, usd: null, seconds: null };
            history.push({ kind: 'lost', n: 1, step: next.step.id, role: null, agent: null, reserved });
            continue;
          }
          // mostly on its way, or nothing would ever come as far as its close
          const isGood = move.ok || moves.length % 2 === 0;
          const said = isReview(next.step) ? (isGood ? 'approved' : move.verdict) : null;
          history.push(
            stepped(next.step.id, { ok: isGood, verdict: isGood ? said : null, failure: isGood ? null : move.failure }),
          );
          if (writes(next.step)) votes = 0;
          if (isReview(next.step) && next.step.takes.some(({ name }) => name === 'review_packet'))
            votes = isGood && said === 'approved' ? votes + 1 : votes;
        }
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(closed > 20, `only ${closed} came as far as their close`);
});

test.run();
