import fc from 'fast-check';
import { readDocument } from '../../../src/order/document.ts';
import { WaybillError } from '../../../src/order/error.ts';
import { jsonFault } from '../../../src/order/json/json-fault.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('order/json-fault');

/** The fault stands where the marker ¶ is. */
function marked(text: string): void {
  const plain = text.replace('¶', '');
  assert.throws(() => JSON.parse(plain), SyntaxError, plain);
  assert.equal(jsonFault(plain).offset, text.indexOf('¶'), `${plain}: ${jsonFault(plain).what}`);
}

test('rule 10: every kind of fault in JSON is placed where it is', () => {
  for (const text of [
    '{"a": ¶x}',
    '{"a": 1,\n ¶}',
    '{"a": 1 ¶"b": 2}',
    '[1, 2¶',
    '{"a" ¶1}',
    '{¶a: 1}',
    "{¶'a': 1}",
    '[1 ¶2]',
    '[1,¶]',
    '[¶,1]',
    '{"a": ¶"open}',
    '{"a": ¶"tab\there"}',
    '{"a": ¶"\\x"}',
    '{"a": ¶"\\u12g4"}',
    '[¶01]',
    '[¶1.]',
    '[¶+1]',
    '[¶.5]',
    '[¶-]',
    '[¶NaN]',
    '[¶True]',
    '[¶nullx]',
    '{"a": 1¶]',
    '[1¶}',
    '{"a": 1}¶ x'.replace('¶ x', ' ¶x'),
    '{} ¶{}',
    '{"a": ¶}',
    '{"a": 1, ¶// comment\n "b": 2}',
    '{"a": 1} ¶/* x */',
    '¶]',
    '¶:',
    '[1]¶,',
  ])
    marked(text);
});

test('rule 10: a fault behind megabytes of escapes is placed too', () => {
  marked(`{"a": "${'line\\n'.repeat(500_000)}"¶]`);
  marked(`["${'\\u00e9\\"'.repeat(300_000)}"¶`);
  marked(`[¶"${'x\\\\'.repeat(500_000)}`);
});

test('rule 10: a JSON order names line and column of its fault, and what should stand there', () => {
  const text = Buffer.from('{\n  "wo_id": "WO-1",\n  "title": nope,\n  "x": 1\n}\n');
  assert.throws(
    () => readDocument(text, 'json', { maxBytes: 1000, maxDepth: 32 }),
    (error: unknown) => {
      assert.ok(error instanceof WaybillError);
      assert.deepEqual([error.code, error.place], ['JSON_INVALID', { line: 3, column: 12 }]);
      assert.equal(error.message, '"nope" stands where a value should come');
      return true;
    },
  );
});

test('rule 10: for any JSON cut short, the fault is at its end or at the text or word cut', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (text, n) => {
      const cut = text.slice(0, n % text.length);
      try {
        JSON.parse(cut);
      } catch {
        const { offset } = jsonFault(cut);
        assert.ok(offset === cut.length || /^("|-|[tfn]|\d)/.test(cut.slice(offset)), cut);
        assert.doesNotThrow(() => JSON.parse(`${JSON.stringify(cut.slice(0, offset))}`));
      }
    }),
    { numRuns: 500 },
  );
});

test('rule 10: for any JSON with one character changed, it finds a fault exactly when there is one', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...'{}[],:"\\ x0-.etn'), (text, n, char) => {
      const changed = text.slice(0, n % text.length) + char + text.slice((n % text.length) + 1);
      try {
        JSON.parse(changed);
      } catch {
        const { offset, what } = jsonFault(changed);
        assert.ok(offset <= changed.length && what.length > 0);
      }
    }),
    { numRuns: 500 },
  );
});

test('rule 10: the fault of a file of megabytes is found in time', () => {
  for (const text of [
    `{"a": "${'x'.repeat(8_000_000)}`,
    `[${'1,'.repeat(1_000_000)}x]`,
    `["${'\\n'.repeat(2_000_000)}"x]`,
  ]) {
    const begun = performance.now();
    jsonFault(text);
    assert.ok(performance.now() - begun < 3000, `${performance.now() - begun} ms`);
  }
});

test.run();
