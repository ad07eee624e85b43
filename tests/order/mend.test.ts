import { readDocument } from '../../src/order/document.ts';
import { asWaybillError, WaybillError } from '../../src/order/error.ts';
import { mendingHint } from '../../src/order/mend.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/mend');

const LIMITS = { maxBytes: 99_999, maxDepth: 32 };

function parse(format: 'yaml' | 'json', text: string): WaybillError | null {
  try {
    readDocument(Buffer.from(text), format, LIMITS);
    return null;
  } catch (error) {
    return asWaybillError(error);
  }
}

function hintFor(format: 'yaml' | 'json', text: string): string | null {
  const error = parse(format, text) ?? assert.fail(`nothing is wrong with ${text}`);
  return mendingHint(text, format, `WO-1.${format}`, error, (again) => parse(format, again));
}

test('rule 10: the slips that authors make most are mended by one line', () => {
  for (const [text, hint] of [
    ['a: 1\nb: x: y\n', 'Write line 2 as `b: "x: y"`'],
    ['a: "x\n', 'Write line 1 as `a: "x"`'],
    ['a:\n\tb: 1\n', 'Write line 2 as `  b: 1`'],
    ['a: 1\na: 1\n', 'Remove line 2.'],
    ['a: @x\n', 'Write line 1 as `a: "@x"`'],
    ['a:1\nb: 2\n', 'Write line 1 as `a: 1`'],
    ['l:\n  - `x`\n', 'Write line 2 as `  - "`x`"`'],
  ] as const)
    assert.equal(hintFor('yaml', text), hint, JSON.stringify(text));
  for (const [text, hint] of [
    ['{\n "a": 1,\n}', 'Write line 2 as ` "a": 1`'],
    ['{\n "a": 1\n "b": 2\n}', 'Write line 2 as ` "a": 1,`'],
    ["{'a': 'b'}", 'Write line 1 as `{"a": "b"}`'],
    ['{a: 1}', 'Write line 1 as `{"a": 1}`'],
    ['{"a": True}', 'Write line 1 as `{"a": true}`'],
    ['{"a": "x = None", "b": False}', 'Write line 1 as `{"a": "x = None", "b": false}`'],
    ['{"a": 1', 'Write line 1 as `{"a": 1}`'],
    ['{"a": 1 // why\n}', 'Write line 1 as `{"a": 1`'],
  ] as const)
    assert.equal(hintFor('json', text), hint, JSON.stringify(text));
  // nobody can tell which of two was meant, and nothing may be guessed
  assert.equal(hintFor('yaml', 'a: 1\na: 2\n'), null);
});

test('rule 10: a hint is only given when it is known to work', () => {
  for (const text of ['{{{{\n', '}\n{\n']) assert.equal(hintFor('yaml', text), null, JSON.stringify(text));
  const error = new WaybillError('SCHEMA_INVALID', 'hold: must be boolean', { place: { line: 1, column: 1 } });
  assert.equal(
    mendingHint('hold: maybe\n', 'yaml', 'a.yaml', error, () => error),
    null,
    'nothing that is tried helps',
  );
});

test('rule 10: what cannot be mended quickly is not tried: reading again and again would hold everybody up', () => {
  let tries = 0;
  const count = (error: WaybillError) => () => {
    tries++;
    return error;
  };
  const fault = (line: number) => new WaybillError('YAML_INVALID', 'broken', { place: { line, column: 1 } });
  mendingHint(`${'# x\n'.repeat(9000)}a: b: c\n`, 'yaml', 'a.yaml', fault(9001), count(fault(9001)));
  mendingHint(`a: b: ${'c'.repeat(400)}\n`, 'yaml', 'a.yaml', fault(1), count(fault(1)));
  assert.equal(tries, 0);
  mendingHint(
    Array.from({ length: 30 }, (_, i) => `k${i}: - [x`).join('\n'),
    'yaml',
    'a.yaml',
    fault(30),
    count(fault(30)),
  );
  assert.ok(tries > 0 && tries <= 40, String(tries));
});

test('rule 10: an id is made of the name of the file', () => {
  const error = new WaybillError('NO_ID', 'the order has no wo_id', { place: { line: 1, column: 1 } });
  const hint = (text: string, format: 'yaml' | 'json', file: string) =>
    mendingHint(text, format, file, error, (again) => (again.includes('wo_id') ? null : error));
  assert.equal(hint('title: t\n', 'yaml', 'fix it.yaml'), 'Add this as the first line: `wo_id: fix-it`');
  assert.equal(hint('---\ntitle: t\n', 'yaml', 'a.yml'), 'Add this after line 1: `wo_id: a`');
  assert.equal(hint('{"title": "t"}', 'json', 'a.json'), 'Write line 1 as `{"wo_id": "a", "title": "t"}`');
  assert.equal(hint('title: t\n', 'yaml', '文.yaml'), 'Add this as the first line: `wo_id: WO-1`');
});

test('rule 7: no hint takes away a line that says what is to be checked, or what bounds hold', () => {
  for (const line of [
    'post_verify: 7',
    'tests: no',
    'constraints: x',
    'approval: yes',
    'hold: maybe',
    'not_before: soon',
    'timeout_seconds: x',
  ]) {
    const error = new WaybillError('SCHEMA_INVALID', `${line.split(':')[0]}: must be something else`, {
      place: { line: 2, column: 1 },
    });
    const hint = mendingHint(`wo_id: WO-1\n${line}\n`, 'yaml', 'a.yaml', error, (again) =>
      again.includes(line.split(':')[0] ?? '') ? error : null,
    );
    assert.equal(hint, null, line);
  }
});

test.run();
