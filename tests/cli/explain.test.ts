import { exampleOf } from '../../src/cli/explain.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/order/error.ts';
import { conforms } from '../../src/platform/schema.ts';
import { TestStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 10 and 15: every code has an example of the error file that an agent reads, and `waybill explain` shows it without a station. */

const test = suite('explain');

test('every code has an example that conforms to the error schema; examples with an order get their code by reading it', () => {
  let read = 0;
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { file, order, error } = exampleOf(code);
    assert.equal(error.code, code);
    assert.ok(conforms('error', error), code);
    if (order === null) continue;
    read++;
    assert.equal(error.file, file);
    assert.ok(code === 'EMPTY' || (error.line ?? 0) >= 1, `${code} has a place`);
  }
  assert.ok(read >= 15);
});

test('explain CODE shows meaning, hint, order and error file; explain alone lists every code', (t) => {
  const s = new TestStation(t.tempDir());
  const bad = s.waybill('explain', 'bad-id');
  assert.equal(bad.code, 0, bad.stderr);
  for (const part of ['BAD_ID', 'wo_id: WO 1/fix it', '"line": 1', 'WO-1-fix-it', 'exit code'])
    assert.ok(bad.stdout.includes(part), part);
  const all = s.waybill('explain').stdout;
  for (const code of Object.keys(ERROR_CODES)) assert.match(all, new RegExp(`^${code} `, 'm'));
  const json = JSON.parse(s.waybill('explain', 'SCHEMA_INVALID', '--json').stdout) as Record<string, unknown>;
  assert.deepEqual([json['v'], json['ok'], json['code'], json['exit_code']], [1, true, 'SCHEMA_INVALID', 65]);
  const unknown = s.waybill('explain', 'BAD_IDS');
  assert.equal(unknown.code, 64);
  assert.match(unknown.stderr, /did you mean BAD_ID\?/);
});

test.run();
