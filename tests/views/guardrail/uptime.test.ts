import fc from 'fast-check';
import {
  cells,
  type Looks,
  type Standing,
  standingOf,
  stretches,
  sums,
  type ToldFault,
} from '../../../src/views/guardrail/uptime.ts';
import { assert, suite } from '../../support/suite.ts';

/** How long a component was good, at fault, or looked after by nobody: computed by hand, and against a count of every millisecond. */

const test = suite('views/guardrail/uptime');

function fault(since: number, last: number, more: Partial<ToldFault> = {}): ToldFault {
  return { component: 'x', since, last, end: null, ended: null, isFirstLook: false, ...more };
}

const KNOWN: Looks = { faults: [], looks: [], missed: [], holdMs: 10 };

/** As text: `0-10 good, 10-20 bad`. */
function told(known: Partial<Looks>, component: string | null = 'x', to = 100): string {
  return stretches({ ...KNOWN, ...known }, component, { from: 0, to })
    .map((s) => `${s.from}-${s.to} ${s.standing}`)
    .join(', ');
}

const everyTen = (from: number, to: number) => Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + 10 * i);

test('by hand: looks hold for a while, and where nobody looked nothing is known', () => {
  assert.equal(told({}), '0-100 unknown');
  assert.equal(told({ looks: everyTen(0, 90) }), '0-100 good');
  assert.equal(told({ looks: [20, 25, 60] }), '0-20 unknown, 20-35 good, 35-60 unknown, 60-70 good, 70-100 unknown');
  // looked before the window begins
  assert.equal(told({ looks: [-5] }), '0-5 good, 5-100 unknown');
  assert.equal(
    told({ looks: everyTen(0, 90), missed: [{ from: 35, to: 62 }] }),
    '0-35 good, 35-62 unknown, 62-100 good',
  );
});

test('by hand: a fault lasts from when it was found to when it was seen over', () => {
  const looks = everyTen(0, 90);
  const over = fault(20, 40, { end: 47, ended: 'recovered' });
  assert.equal(told({ looks, faults: [over] }), '0-20 good, 20-47 bad, 47-100 good');
  assert.equal(told({ looks, faults: [over] }, 'y'), '0-100 good');
  assert.equal(told({ looks, faults: [over] }, null), '0-20 good, 20-47 bad, 47-100 good');
  // nobody told its end: the next look was silent of it
  assert.equal(told({ looks, faults: [fault(20, 40)] }), '0-20 good, 20-50 bad, 50-100 good');
  // it lasts, and nobody looks any more
  assert.equal(told({ looks: [0, 10], faults: [fault(10, 10)] }), '0-10 good, 10-20 bad, 20-100 unknown');
  // nobody looked in between: it was at fault before and after
  assert.equal(told({ looks: [10, 80], faults: [fault(10, 80)] }), '0-10 unknown, 10-90 bad, 90-100 unknown');
  // a machine that slept through it
  assert.equal(
    told({ looks: [10, 80], faults: [fault(10, 80)], missed: [{ from: 10, to: 80 }] }),
    '0-10 unknown, 10-90 bad, 90-100 unknown',
  );
});

test('by hand: what was no component yet, or is none any more, is not known to be good', () => {
  const looks = everyTen(0, 90);
  assert.equal(told({ looks, faults: [fault(30, 30, { isFirstLook: true })] }), '0-30 unknown, 30-40 bad, 40-100 good');
  assert.equal(
    told({ looks, faults: [fault(30, 40, { end: 45, ended: 'dropped' })] }),
    '0-30 good, 30-45 bad, 45-100 unknown',
  );
  // of all together that says nothing
  assert.equal(
    told({ looks, faults: [fault(30, 40, { end: 45, ended: 'dropped' })] }, null),
    '0-30 good, 30-45 bad, 45-100 good',
  );
});

test('by hand: cells begin at multiples of their length, and are called by the worst in them', () => {
  const looks = everyTen(0, 90);
  const all = stretches({ ...KNOWN, looks, faults: [fault(40, 40, { end: 42, ended: 'repaired' })] }, 'x', {
    from: 15,
    to: 105,
  });
  const found = cells(all, 30);
  assert.deepEqual(
    found.map((cell) => [cell.from, cell.to, cell.good, cell.bad, cell.unknown, standingOf(cell)]),
    [
      [15, 30, 15, 0, 0, 'good'],
      [30, 60, 28, 2, 0, 'bad'],
      [60, 90, 30, 0, 0, 'good'],
      [90, 105, 10, 0, 5, 'good'],
    ],
  );
  assert.deepEqual(
    [standingOf({ good: 1, bad: 0, unknown: 2 }), standingOf({ good: 0, bad: 0, unknown: 0 })],
    ['unknown', 'unknown'],
  );
});

const instant = fc.integer({ min: -50, max: 250 });
const time = fc.tuple(instant, instant).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const toldFault = fc
  .record({
    component: fc.constantFrom('x', 'y'),
    at: fc.tuple(instant, instant, instant).map((all) => all.sort((a, b) => a - b)),
    ended: fc.constantFrom('recovered' as const, 'repaired' as const, 'dropped' as const, null),
    isFirstLook: fc.boolean(),
  })
  .map(({ component, at: [since = 0, last = 0, end = 0], ended, isFirstLook }): ToldFault => {
    return { component, since, last, end: ended === null ? null : end, ended, isFirstLook };
  });
const known = fc.record({
  faults: fc.array(toldFault, { maxLength: 8 }),
  looks: fc.array(instant, { maxLength: 20 }),
  missed: fc.array(time, { maxLength: 3 }),
  holdMs: fc.integer({ min: 1, max: 40 }),
});
const WINDOW = { from: 0, to: 200 };

test('property: stretches and cells are the whole window, without gap or overlap', () => {
  fc.assert(
    fc.property(
      known,
      fc.constantFrom('x', 'y', 'z', null),
      fc.integer({ min: 1, max: 90 }),
      (all, component, cellMs) => {
        const found = stretches(all, component, WINDOW);
        for (const parts of [found, cells(found, cellMs)]) {
          assert.equal(parts[0]?.from, 0);
          assert.equal(parts.at(-1)?.to, 200);
          for (const [n, part] of parts.entries()) {
            assert.ok(part.to > part.from);
            if (n > 0) assert.equal(part.from, parts[n - 1]?.to);
          }
        }
        const { good, bad, unknown } = sums(found);
        assert.equal(good + bad + unknown, 200);
        for (const cell of cells(found, cellMs)) {
          assert.equal(cell.good + cell.bad + cell.unknown, cell.to - cell.from);
          assert.ok(Math.floor((cell.to - 1) / cellMs) === Math.floor(cell.from / cellMs));
        }
        for (const standing of ['good', 'bad', 'unknown'] as const)
          assert.equal(
            cells(found, cellMs).reduce((sum, cell) => sum + cell[standing], 0),
            { good, bad, unknown }[standing],
          );
      },
    ),
    { numRuns: 500 },
  );
});

test('property: the order of what was told says nothing, nor does telling it twice', () => {
  fc.assert(
    fc.property(known, fc.constantFrom('x', null), (all, component) => {
      const other = {
        ...all,
        faults: [...all.faults, ...all.faults].reverse(),
        looks: [...all.looks, ...all.looks].reverse(),
        missed: [...all.missed, ...all.missed].reverse(),
      };
      assert.deepEqual(stretches(other, component, WINDOW), stretches(all, component, WINDOW));
    }),
    { numRuns: 300 },
  );
});

/** The same, slowly: each millisecond asked by itself. */
function at(ms: number, { faults, looks, missed, holdMs }: Looks, component: string | null): Standing {
  const mine = faults.filter((f) => component === null || f.component === component);
  const next = (from: number) => Math.min(Infinity, ...looks.filter((look) => look > from));
  if (mine.some((f) => ms >= f.since && ms < (f.end ?? Math.min(next(f.last), f.last + holdMs)))) return 'bad';
  if (missed.some((m) => ms >= m.from && ms < m.to)) return 'unknown';
  if (component !== null && mine.some((f) => f.isFirstLook && ms < f.since)) return 'unknown';
  const again = (end: number) => mine.some((f) => f.since >= end && f.since <= ms);
  if (component !== null && mine.some((f) => f.ended === 'dropped' && f.end !== null && ms >= f.end && !again(f.end)))
    return 'unknown';
  const back = mine.flatMap((f) => (f.end === null || f.ended === 'dropped' ? [] : [f.end]));
  const isSeen = looks.some((look) => ms >= look && ms < look + holdMs);
  const isBack = back.some((end) => ms >= end && ms < Math.min(next(end), end + holdMs));
  return isSeen || isBack ? 'good' : 'unknown';
}

test('property: it says what a count of every millisecond says', () => {
  fc.assert(
    fc.property(known, fc.constantFrom('x', 'z', null), (all, component) => {
      for (const { from, to, standing } of stretches(all, component, WINDOW))
        for (let ms = from; ms < to; ms++) assert.equal(standing, at(ms, all, component), `at ${ms}`);
    }),
    { numRuns: 200 },
  );
});

test.run();
