import fc from 'fast-check';
import { Sketch } from '../../../src/views/figures/sketch.ts';
import { assert, suite } from '../../support/suite.ts';

/** Percentiles of buckets, against those of all values. */

const test = suite('views/figures/sketch');

const seconds = fc.double({ min: 0.001, max: 3e7, noNaN: true });

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

test('a quantile is within a tenth of the value that so many are not above', () => {
  fc.assert(
    fc.property(
      fc.array(seconds, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (values, share) => {
        const exact = [...values].sort((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0;
        const told = sketchOf(values).quantile(share) ?? 0;
        return told <= exact * 1.1 && told >= exact / 1.1;
      },
    ),
  );
});

test('two that are merged are one of all values, in whatever order', () => {
  fc.assert(
    fc.property(fc.array(seconds), fc.array(seconds), (some, others) => {
      const [merged, whole] = [sketchOf(others), sketchOf([...some, ...others])];
      merged.merge(sketchOf(some));
      return (
        [0.01, 0.5, 0.9, 1].every((share) => merged.quantile(share) === whole.quantile(share)) && merged.n === whole.n
      );
    }),
  );
});

test('none, and values of no time and of all time, are told as such', () => {
  assert.equal(sketchOf([]).quantile(0.5), null);
  assert.equal(sketchOf([0, -1, Number.NaN]).quantile(0.5), 0);
  assert.ok((sketchOf([Number.POSITIVE_INFINITY]).quantile(0.5) ?? 0) > 1e9);
});

test.run();
