import { asWaybillError, ERROR_CODES, type ErrorCode, errorBody, WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/error');

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

test('rule 10: every code has a meaning and a hint, as sentences', () => {
  assert.ok(codes.length > 40);
  for (const code of codes) {
    const { what, hint } = ERROR_CODES[code];
    assert.match(code, /^[A-Z][A-Z0-9_]*$/);
    assert.match(what, /^\S.*\S\.$/s, `${code}: what`);
    assert.match(hint, /^\S.*\S[.`]$/s, `${code}: hint`);
    assert.ok(!/TODO|FIXME|undefined/.test(what + hint), code);
  }
});

test('rule 10: an error takes the hint of its code unless it has a better one', () => {
  assert.equal(new WaybillError('NO_ID', 'x').hint, ERROR_CODES.NO_ID.hint);
  assert.equal(new WaybillError('NO_ID', 'x', { hint: 'Do y.' }).hint, 'Do y.');
});

test('rule 10: a place is added, and the more exact one that is already there wins', () => {
  const error = new WaybillError('YAML_INVALID', 'x', { hint: 'h', place: { line: 3, column: 2 }, cause: 'c' });
  const placed = error.at({ file: 'a.yaml', line: 1 });
  assert.deepEqual(placed.place, { file: 'a.yaml', line: 3, column: 2 });
  assert.deepEqual([placed.code, placed.message, placed.hint, placed.cause], ['YAML_INVALID', 'x', 'h', 'c']);
  assert.deepEqual(errorBody(placed, '2026-01-01T00:00:00.000Z'), {
    code: 'YAML_INVALID',
    message: 'x',
    hint: 'h',
    file: 'a.yaml',
    line: 3,
    column: 2,
    at: '2026-01-01T00:00:00.000Z',
  });
});

test('rule 10: whatever is thrown becomes an error with a code', () => {
  const own = new WaybillError('EMPTY', 'x');
  assert.equal(asWaybillError(own), own);
  const fault = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  assert.deepEqual([asWaybillError(fault).code, asWaybillError(fault).cause], ['IO_ERROR', fault]);
  const argument = Object.assign(new Error('bad'), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.equal(asWaybillError(argument).code, 'INTERNAL');
  for (const thrown of [new TypeError('t'), 'text', null, undefined, { a: 1 }])
    assert.equal(asWaybillError(thrown).code, 'INTERNAL');
});

test('order states: only failures that may go away by themselves are retryable', () => {
  const retryable = codes.filter((code) => new WaybillError(code, 'x').retryable);
  assert.deepEqual(retryable.sort(), [
    'AGENT_FAILED',
    'AGENT_TIMEOUT',
    'AGENT_UNAVAILABLE',
    'BACKLOG_CLAIMS_UNREACHABLE',
    'CHECK_FAILED',
    'COMMAND_FAILED',
    'COMMAND_TIMEOUT',
    'DIRTY_TARGET',
    'GIT_FAILED',
    'IO_ERROR',
    'TARGET_CHANGED',
  ]);
});

test.run();
