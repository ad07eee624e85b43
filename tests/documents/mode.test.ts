import { modeOf } from '../../src/documents/mode.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('documents: mode');

const NOTHING = {
  asked: null,
  variable: null,
  setting: 'warn',
  blockFrom: null,
  now: '2026-11-22T23:59:59.999Z',
} as const;

test('section 17: the day in settings turns warn into block by itself, in UTC, and of itself only', () => {
  const on = (blockFrom: string, now: string) => modeOf({ ...NOTHING, blockFrom, now }).mode;
  assert.equal(on('2026-11-23', '2026-11-22T23:59:59.999Z'), 'warn');
  assert.equal(on('2026-11-23', '2026-11-23T00:00:00.000Z'), 'block');
  assert.equal(on('2026-11-23', '2027-01-01T00:00:00.000Z'), 'block');
  assert.equal(modeOf({ ...NOTHING, setting: 'off', blockFrom: '2026-01-01' }).mode, 'off');
  assert.equal(modeOf({ ...NOTHING, variable: 'warn', blockFrom: '2026-01-01' }).mode, 'block');
  assert.equal(modeOf({ ...NOTHING, asked: 'warn', blockFrom: '2026-01-01' }).mode, 'warn');
});

test('the command line counts before the variable, the variable before the setting', () => {
  assert.deepEqual(modeOf(NOTHING), { mode: 'warn', by: 'documents.mode' });
  assert.deepEqual(modeOf({ ...NOTHING, variable: ' Block ' }), { mode: 'block', by: 'LIFEOS_DOC_FRESHNESS_MODE' });
  assert.deepEqual(modeOf({ ...NOTHING, variable: '' }), { mode: 'warn', by: 'documents.mode' });
  assert.deepEqual(modeOf({ ...NOTHING, variable: 'block', asked: 'off' }), { mode: 'off', by: '--mode' });
});

test('section 17, rule 7: a word that is no mode is an error, wherever it stands', () => {
  const isUsage = (error: unknown) => error instanceof WaybillError && error.code === 'USAGE';
  for (const word of ['blok', 'on', 'false', '0', 'warning'])
    for (const given of [{ asked: word }, { variable: word }])
      assert.throws(() => modeOf({ ...NOTHING, ...given }), isUsage);
  assert.throws(() => modeOf({ ...NOTHING, asked: '' }), isUsage);
  assert.throws(() => modeOf({ ...NOTHING, asked: 'warn', variable: 'bogus' }), isUsage);
  assert.throws(() => modeOf({ ...NOTHING, asked: 'bogus', variable: 'warn' }), isUsage);
});

test.run();
