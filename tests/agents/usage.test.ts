import { type ToldTokens, usageOf } from '../../src/agents/usage.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('agents/usage');

const NONE: ToldTokens = { input: null, output: null, thought: null, cacheRead: null, cacheWrite: null, total: null };
const of = (told: Partial<ToldTokens>, usd: number | null = null) => usageOf({ ...NONE, ...told }, usd);
const parts = (told: Partial<ToldTokens>) => {
  const usage = of(told);
  return usage === null ? null : [usage.input, usage.cache_read, usage.cache_write, usage.output, usage.tokens];
};

test('rule 7: nothing, zero, and what is no count are unknown', () => {
  for (const told of [
    {},
    { input: 0, output: 0, total: 0 },
    { input: -1, output: 5 },
    { input: 1.5 },
    { output: Number.NaN },
  ])
    assert.equal(of(told), null);
  assert.equal(of({ input: 2 ** 60 }), null);
});

test('the total tells what stands in what', () => {
  // cached apart from input; thought apart from output
  assert.deepEqual(parts({ input: 160, output: 30, cacheRead: 40, thought: 8, total: 238 }), [160, 40, 0, 38, 238]);
  // cached in input, thought in output
  assert.deepEqual(parts({ input: 200, output: 38, cacheRead: 40, thought: 8, total: 238 }), [160, 40, 0, 38, 238]);
  // cached in input, thought apart
  assert.deepEqual(parts({ input: 200, output: 30, cacheRead: 40, thought: 8, total: 238 }), [160, 40, 0, 38, 238]);
  // cached apart, thought in output
  assert.deepEqual(parts({ input: 160, output: 38, cacheRead: 40, thought: 8, total: 238 }), [160, 40, 0, 38, 238]);
  assert.deepEqual(parts({ input: 100, output: 7, total: 107 }), [100, 0, 0, 7, 107]);
});

test('where no total tells, or it does not agree, the larger count holds, and the parts make up the whole', () => {
  assert.deepEqual(parts({ input: 160, output: 30, cacheRead: 40, thought: 8 }), [160, 40, 0, 38, 238]);
  assert.deepEqual(parts({ input: 10, output: 5, total: 1000 }), [995, 0, 0, 5, 1000]);
  assert.deepEqual(parts({ input: 10, output: 5, total: 3 }), [10, 0, 0, 5, 15]);
  assert.deepEqual(parts({ total: 50 }), [50, 0, 0, 0, 50]);
  assert.deepEqual(of({ input: 1, output: 1 }, 0.5)?.usd, 0.5);
});

test.run();
