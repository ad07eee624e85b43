import fc from 'fast-check';
import type { HistoryEntry, Raise, Usage } from '../../../src/order/mission.ts';
import {
  accountingFault,
  BUDGET_KEYS,
  exhaustedText,
  limitsOf,
  raisesOf,
  reserve,
  type StepWants,
  spentOf,
} from '../../../src/policy/missions/budget.ts';
import type { BudgetLimits } from '../../../src/policy/missions/missions.ts';
import { missionRulesFor } from '../../../src/policy/missions/rules.ts';
import { assert, suite } from '../../support/suite.ts';
import { policyOf } from '../questions.ts';
import { decided, failed, lost, stepped, used } from './histories.ts';

/** Set aside before a step, measured after it; what nobody knows is never nothing. */
const test = suite('policy/missions/budget');

const NONE: BudgetLimits = { tokens: null, usd: null, seconds: null, attempts: null, diff_lines: null };
const limits = (some: Partial<BudgetLimits>): BudgetLimits => ({ ...NONE, ...some });
const AGENT: StepWants = { agent: true, tokens: null, usd: null, seconds: null };
const RUNNER: StepWants = { ...AGENT, agent: false };
const REQUIRED = { requireUsage: true };

const rulesOf = (lines: string) =>
  missionRulesFor(policyOf(lines), {
    root: '/r',
    lane: 'MAIN',
    requester: { uid: 1, user: null },
    scope: { kind: 'may', paths: null, diffLines: null },
  });

test('what the mission says counts, else what policy gives, and never more than it may ask for', () => {
  const rules = rulesOf('missions: {budget: {tokens: 500, usd: 3}}\nbudgets: {tokens: 400, seconds: 60, usd: 5}\n');
  assert.deepEqual(limitsOf(rules, null, []), { tokens: 400, usd: 3, seconds: 60, attempts: 50, diff_lines: 2000 });
  const own = limits({ tokens: 900, diff_lines: 10 });
  const all = { tokens: 900, usd: 3, seconds: 60, attempts: 50, diff_lines: 10 };
  assert.deepEqual(limitsOf(rules, own, []), all, 'more than `budgets` was approved at its start');
  const open = limitsOf(rulesOf(''), null, []);
  assert.deepEqual([open.tokens, open.usd, open.seconds], [null, null, 7200]);
});

test('a person raises a limit; nothing lowers one, and what is no amount raises nothing', () => {
  const rules = rulesOf('missions: {budget: {tokens: 100}}\n');
  const after = (...raises: unknown[]) => limitsOf(rules, null, raises as Raise[]).tokens;
  assert.equal(after({ tokens: 150 }), 150);
  assert.equal(after({ tokens: 150 }, { usd: 9 }, { tokens: 120 }), 150);
  for (const tokens of [50, Number.NaN, -1, Number.POSITIVE_INFINITY, true, '900', null])
    assert.equal(after({ tokens }), 100, String(tokens));
  assert.equal(limitsOf(rules, null, [{ usd: 5 }]).usd, null, 'what has no limit needs none');
  const history = [decided('budget', 'build', { tokens: 150 }), stepped('build'), decided('checkpoint', 'close')];
  assert.equal(limitsOf(rules, null, raisesOf(history)).tokens, 150);
});

test('every step counts: also one that failed, was cut short or lost; waiting for people does not', () => {
  const history = [
    stepped('design', { usage: used(100, 0.1), seconds: 10 }),
    failed('build', 'timeout', 'a', { usage: used(200, 0.2), seconds: 20, diff_lines: 7 }),
    decided('checkpoint', 'build'),
    stepped('build', { ok: false, usage: used(50, 0.05), seconds: 5, diff_lines: 9 }),
    lost('build', { tokens: 1000, usd: 1, seconds: 100 }),
    stepped('close', { role: null, agent: null, seconds: 1, diff_lines: 9 }),
  ];
  const spent = spentOf(history);
  assert.deepEqual([spent.tokens, spent.seconds, spent.attempts, spent.diff_lines], [1350, 136, 5, 9]);
  assert.ok(Math.abs(spent.usd - 1.35) < 1e-9);
  assert.equal(spent.complete, false, 'of a lost step nobody knows');
  assert.equal(spentOf(history.filter(({ kind }) => kind !== 'lost')).complete, true);
});

test('what nobody told is unknown, and what was set aside for it counts; it is never zero', () => {
  const reserved = { tokens: 500, usd: 2, seconds: 60 };
  const untold = spentOf([stepped('build', { usage: null, seconds: 3, reserved })]);
  assert.deepEqual([untold.tokens, untold.usd, untold.seconds], [500, 2, 3]);
  assert.deepEqual(untold.unknown, ['tokens', 'usd']);
  const zeros = spentOf([stepped('build', { usage: used(0, 0), reserved })]);
  assert.deepEqual([zeros.tokens, zeros.complete], [500, false], 'zeros are not real');
  const noMoney = spentOf([stepped('build', { usage: used(10), reserved })]);
  assert.deepEqual([noMoney.tokens, noMoney.usd, noMoney.unknown], [10, 2, ['usd']]);
  const runner = spentOf([stepped('close', { role: null, agent: null })]);
  assert.deepEqual([runner.tokens, runner.complete], [0, true], 'the runner uses no tokens');
});

test('a truth value, a text, less than nothing and no number at all are no usage', () => {
  for (const bad of [true, '5', -1, Number.NaN, Number.POSITIVE_INFINITY, null]) {
    const usage = { ...used(5, 1), tokens: bad } as unknown as Usage;
    const spent = spentOf([stepped('build', { usage, reserved: { tokens: 70, usd: null, seconds: null } })]);
    assert.deepEqual([spent.tokens, spent.complete], [70, false], String(bad));
    assert.notEqual(accountingFault(REQUIRED, limits({ tokens: 1 }), stepped('build', { usage })), null, String(bad));
    const seconds = spentOf([stepped('build', { usage: used(1), seconds: bad as number })]);
    assert.ok(seconds.seconds === 0 && seconds.unknown.includes('seconds'), String(bad));
  }
  // a sum that is less than its parts
  const short = { input: 10, cache_read: 20, cache_write: 0, output: 5, tokens: 12, usd: null };
  assert.equal(spentOf([stepped('build', { usage: short })]).tokens, 35);
});

test('exactly a limit is allowed, one more is not; and an agent needs something that is left', () => {
  const at = spentOf([stepped('build', { usage: used(100, 1), seconds: 10, diff_lines: 20 })]);
  const exact = limits({ tokens: 100, usd: 1, diff_lines: 20 });
  assert.equal(reserve(exact, at, RUNNER).ok, true, 'the runner can still close it');
  const none = reserve(exact, at, AGENT);
  assert.ok(!none.ok);
  assert.deepEqual(none.exhausted.map(exhaustedText), ['100 of 100 tokens', '1.00 of 1.00 usd']);
  const over = reserve(limits({ tokens: 99, diff_lines: 19, seconds: 9 }), at, AGENT);
  assert.ok(!over.ok);
  assert.deepEqual(over.exhausted.map(exhaustedText), ['100 of 99 tokens', '10 of 9 seconds', '20 of 19 diff lines']);
  assert.equal(reserve(limits({ diff_lines: 19 }), at, RUNNER).ok, false);
  assert.equal(reserve(limits({ seconds: 10 }), at, RUNNER).ok, false, 'no time is left');
});

test('so many steps may be begun, and no more', () => {
  const two = spentOf([stepped('a'), lost('b', { tokens: null, usd: null, seconds: null })]);
  assert.equal(reserve(limits({ attempts: 3 }), two, RUNNER).ok, true);
  const third = reserve(limits({ attempts: 2 }), two, RUNNER);
  assert.ok(!third.ok);
  assert.deepEqual(third.exhausted.map(exhaustedText), ['2 of 2 steps']);
});

test('set aside is what the step may use at most, of what is left', () => {
  const spent = spentOf([stepped('a', { usage: used(60, 1), seconds: 10 })]);
  const found = reserve(limits({ tokens: 100, usd: 2, seconds: 100 }), spent, { ...AGENT, tokens: 30, seconds: 200 });
  assert.deepEqual(found, { ok: true, reserved: { tokens: 30, usd: 1, seconds: 90 } });
  const open = reserve(NONE, spent, { ...AGENT, seconds: 1800 });
  assert.deepEqual(open, { ok: true, reserved: { tokens: null, usd: null, seconds: 1800 } });
  const runner = reserve(limits({ tokens: 100, seconds: 100 }), spent, RUNNER);
  assert.deepEqual(runner, { ok: true, reserved: { tokens: null, usd: null, seconds: 90 } });
});

test('rule 7: where tokens or money are limited, usage that is missing or zero is refused', () => {
  const fault = (some: Partial<BudgetLimits>, usage: Usage | null, agent: string | null = 'mine') =>
    accountingFault(REQUIRED, limits(some), stepped('build', { usage, agent }))?.why ?? null;
  const untold = 'build: tokens are limited, and mine told nothing of what it used';
  assert.equal(fault({ tokens: 9 }, null), untold);
  assert.equal(fault({ tokens: 9 }, used(0, 0)), untold);
  assert.equal(fault({ tokens: 9 }, used(0, 1)), untold);
  assert.equal(fault({ tokens: 9 }, used(5)), null);
  assert.equal(fault({ usd: 9 }, null), 'build: money is limited, and mine told nothing of what it cost');
  assert.notEqual(fault({ usd: 9 }, used(5)), null, 'tokens say nothing of money');
  assert.notEqual(fault({ usd: 9 }, used(0, 0)), null);
  assert.equal(fault({ usd: 9 }, used(5, 0)), null, 'a model that costs nothing');
  assert.equal(fault({ seconds: 9 }, null), null, 'nothing that it would count against');
  assert.equal(fault({ tokens: 9 }, null, null), null, 'what the runner does uses none');
  assert.equal(accountingFault({ requireUsage: false }, limits({ tokens: 9 }), stepped('x', { usage: null })), null);
  assert.equal(rulesOf('').requireUsage, true, 'unless policy says otherwise');
});

test('whatever happens, what is spent only grows, and what is set aside never leads past a limit', () => {
  const amount = fc.nat(400);
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('works' as const), share: fc.nat(100), told: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('dies' as const), share: fc.nat(100), told: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('raise' as const), share: amount, told: fc.boolean() }) },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), amount, amount, fc.nat(30), (events, tokens, seconds, attempts) => {
      const history: HistoryEntry[] = [];
      const rules = { budget: limits({ tokens, seconds, attempts }) };
      for (const { do: what, share, told } of events) {
        const now = limitsOf(rules, null, raisesOf(history));
        const before = spentOf(history);
        const found = reserve(now, before, { ...AGENT, tokens: 50, seconds: 30 });
        if (what === 'raise') history.push(decided('budget', 'x', { tokens: tokens + share }));
        else if (!found.ok) assert.ok(found.exhausted.every(({ limit, spent }) => spent >= limit));
        else {
          const { reserved } = found;
          assert.ok((reserved.tokens ?? 0) > 0 && (reserved.seconds ?? 0) > 0);
          const part = (most: number | null) => ((most ?? 0) * share) / 100;
          const usage = told ? used(part(reserved.tokens)) : null;
          if (what === 'dies') history.push(lost('x', reserved));
          else history.push(stepped('x', { usage, seconds: part(reserved.seconds), reserved }));
        }
        const after = spentOf(history);
        for (const key of ['tokens', 'usd', 'seconds', 'attempts'] as const) assert.ok(after[key] >= before[key], key);
        // an agent that keeps to what was set aside never comes over a limit
        const most = limitsOf(rules, null, raisesOf(history));
        for (const key of BUDGET_KEYS) assert.ok(after[key] - (most[key] ?? after[key]) <= 1e-6, key);
      }
    }),
    { numRuns: 300 },
  );
});

test.run();
