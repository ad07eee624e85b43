import fc from 'fast-check';
import { readInstant } from '../../src/order/instant.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/instant');

const iso = (value: unknown) => readInstant(value)?.iso ?? null;
const guess = (value: unknown) => readInstant(value)?.guess ?? null;

test('formats: an offset counts, in every spelling', () => {
  for (const [written, expected] of [
    ['2025-11-13T01:50:00Z', '2025-11-13T01:50:00.000Z'],
    ['2025-11-13T01:50:00+07:00', '2025-11-12T18:50:00.000Z'],
    ['2025-11-13T01:50:00+0700', '2025-11-12T18:50:00.000Z'],
    ['2025-11-13T01:50:00+07', '2025-11-12T18:50:00.000Z'],
    ['2025-11-13T01:50:00-05:30', '2025-11-13T07:20:00.000Z'],
    ['2025-11-13 01:50:00 +0700', '2025-11-12T18:50:00.000Z'],
    ['2025-11-13T01:50z', '2025-11-13T01:50:00.000Z'],
    ['2025-11-13 01:50:00 UTC', '2025-11-13T01:50:00.000Z'],
    ['2025-11-13t01:50:00.5GMT', '2025-11-13T01:50:00.500Z'],
    [' 2025-11-13T01:50:00,123456789Z ', '2025-11-13T01:50:00.123Z'],
    ['2026-01-01T00:00:00+01:00', '2025-12-31T23:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ] as const) {
    assert.equal(iso(written), expected, written);
    assert.equal(guess(written), null, written);
  }
});

test('formats: what was not written is assumed in UTC, and told', () => {
  assert.deepEqual(readInstant('2025-11-13T01:50:00'), {
    iso: '2025-11-13T01:50:00.000Z',
    guess: 'no zone, taken as UTC',
  });
  assert.deepEqual(readInstant('2025-11-13'), {
    iso: '2025-11-13T00:00:00.000Z',
    guess: 'no time of day, taken as midnight UTC',
  });
});

test('rule 15: the zone of the machine is never looked at', (t) => {
  const before = process.env['TZ'];
  t.defer(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
  for (const zone of ['Pacific/Kiritimati', 'America/New_York', 'UTC']) {
    process.env['TZ'] = zone;
    // the hour that summer time leaves out in New York
    assert.equal(iso('2026-03-08T02:30:00'), '2026-03-08T02:30:00.000Z', zone);
    assert.equal(iso('2025-11-13'), '2025-11-13T00:00:00.000Z', zone);
  }
});

test('formats: a day that no calendar has, an hour that no clock shows, is none', () => {
  for (const bad of [
    '2025-02-30',
    '2025-02-29T00:00:00Z',
    '2025-13-01',
    '2025-00-10',
    '2025-01-00',
    '2025-11-13T24:00:00Z',
    '2025-11-13T25:00:00Z',
    '2025-11-13T01:60:00Z',
    '2016-12-31T23:59:60Z',
    '2025-11-13T01:50:00+24:00',
    '2025-11-13T01:50:00+07:60',
  ])
    assert.equal(readInstant(bad), null, bad);
  assert.equal(iso('2024-02-29T12:00:00Z'), '2024-02-29T12:00:00.000Z');
  assert.equal(iso('2000-02-29'), '2000-02-29T00:00:00.000Z');
  assert.equal(readInstant('1900-02-29'), null);
});

test('formats: what is no date is none, whatever Date would make of it', () => {
  for (const bad of [
    '',
    'now',
    'tomorrow',
    '13.11.2025',
    '11/13/2025',
    '2025-1-3',
    '2025-11',
    '2025',
    '20251113',
    '1763000000',
    'Nov 13 2025',
    '2025-11-13T1:50',
    '2025-11-13T01:50:00 Europe/Berlin',
    '$(date)',
    '2025-11-13T01:50:00ZZ',
    '-000001-01-01',
  ])
    assert.equal(readInstant(bad), null, bad);
  for (const bad of [null, undefined, true, {}, [], new Date()]) assert.equal(readInstant(bad), null);
});

test('formats: a number is time since 1970, in seconds or milliseconds, and told as a guess', () => {
  assert.equal(iso(1_763_000_000), '2025-11-13T02:13:20.000Z');
  assert.equal(iso(1_763_000_000_123), '2025-11-13T02:13:20.123Z');
  assert.match(guess(1_763_000_000) ?? '', /1970/);
  for (const bad of [0, -1, 20251113, 5e11, 1e14, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(readInstant(bad), null, String(bad));
});

test('formats: every instant that JavaScript writes is read as it is', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
      (date) => {
        assert.deepEqual(readInstant(date.toISOString()), { iso: date.toISOString(), guess: null });
      },
    ),
    { numRuns: 300 },
  );
});

test.run();
