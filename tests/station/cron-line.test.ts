import fc from 'fast-check';
import { nextTimeOf } from '../../src/platform/schedule.ts';
import { cronFault } from '../../src/station/cron-line.ts';
import { assert, suite } from '../support/suite.ts';

/** Cron lines are read without the library that keeps the schedule: what is accepted here must be accepted there. */

const test = suite('station/cron-line');

const isAccepted = (line: string) => {
  try {
    nextTimeOf(line);
    return true;
  } catch {
    return false;
  }
};

test('lines as people write them', () => {
  for (const line of ['0 6 * * 1', '*/5 * * * * *', '0 6 * * mon-fri', '15,45 8-18/2 1 jan,JUL *', '  0 0 29 2 *  ']) {
    assert.equal(cronFault(line), null, line);
    assert.ok(isAccepted(line), line);
  }
});

test('lines that are none are told with what is wrong', () => {
  const bad: Record<string, RegExp> = {
    '0 6 * *': /4 fields/,
    '0 6 * * 1 2027 x': /7 fields/,
    '60 6 * * 1': /60 is no minute/,
    '0 24 * * 1': /24 is no hour/,
    '0 6 0 * 1': /0 is no day of the month/,
    '0 6 * 13 1': /13 is no month/,
    '0 6 * * 8': /8 is no day of the week/,
    '*/0 6 * * 1': /\*\/0 is no minute/,
    '5/10 6 * * 1': /5\/10 is no minute/,
    '9-5 6 * * 1': /9-5 is no minute/,
    '0 6 30 feb *': /day 30/,
    '0 6 31 2,4 *': /day 31/,
    'a b c d e': /a is no minute/,
    '- 6 * * 1': /- is no minute/,
    '1, 6 * * 1': /1, is no minute/,
  };
  for (const [line, why] of Object.entries(bad)) assert.match(cronFault(line) ?? '', why, line);
});

test('what is accepted here node-cron accepts, and what node-cron refuses is refused here', () => {
  const number = fc.integer({ min: 0, max: 61 }).map(String);
  const word = fc.constantFrom('*', 'mon', 'sun', 'jan', 'feb', 'Dec', '?', 'L', '');
  const range = fc.oneof(
    number,
    word,
    fc.tuple(number, number).map(([a, b]) => `${a}-${b}`),
  );
  const part = fc.oneof(
    range,
    fc.tuple(range, number).map(([a, b]) => `${a}/${b}`),
  );
  const field = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('*', '1', '2', '*/2', '30', '31', '29') },
    { weight: 2, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')) },
  );
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(field, { minLength: 5, maxLength: 6 }), (fields) => {
      const line = fields.join(' ');
      if (cronFault(line) !== null) return;
      accepted++;
      assert.ok(isAccepted(line), line);
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 100, `only ${accepted} lines were accepted`);
});

test.run();
