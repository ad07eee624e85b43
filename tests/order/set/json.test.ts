import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { assert, suite } from '../../support/suite.ts';
import { assertRefused, setIn } from './sets.ts';

const test = suite('order/set/json');

const set = (text: string, key: readonly (string | number)[], value: unknown) => setIn('json', text, key, value);

test('set: only the value changes, with comments, gaps and trailing commas around it', () => {
  const text = '{\n  // about a\n  "a" : 1, // beside a\n\n\n  /* b */ "b": {"c": [1,2 , 3]},\n  "d": 1.0e5,\n}\n';
  assert.equal(set(text, ['a'], 'x'), text.replace(' 1,', ' "x",'));
  assert.equal(set(text, ['b', 'c', 1], true), text.replace('2 ,', 'true ,'));
  assert.equal(set(text, ['d'], null), text.replace('1.0e5', 'null'));
});

test('set: a new key comes last, indented as its neighbours', () => {
  assert.equal(set('{\n  "a": 1\n}\n', ['b'], 2), '{\n  "a": 1,\n  "b": 2\n}\n');
  assert.equal(
    set('{\n\t"a": {\n\t\t"x": 1\n\t}\n}\n', ['a', 'y'], [1]),
    '{\n\t"a": {\n\t\t"x": 1,\n\t\t"y": [\n\t\t\t1\n\t\t]\n\t}\n}\n',
  );
  assert.equal(
    set('{\n    "a": {\n        "x": 1\n    }\n}\n', ['a', 'y'], { z: 1 }),
    '{\n    "a": {\n        "x": 1,\n        "y": {\n            "z": 1\n        }\n    }\n}\n',
  );
  assert.equal(set('{\n  "a": [\n    1\n  ]\n}\n', ['a', 1], 2), '{\n  "a": [\n    1,\n    2\n  ]\n}\n');
});

test('set: what is missing on the way is made', () => {
  assert.deepEqual(JSON.parse(set('{}', ['a', 'b', 'c'], 1)), { a: { b: { c: 1 } } });
  assert.deepEqual(JSON.parse(set('{"a": null}', ['a', 'b'], 1)), { a: { b: 1 } });
  assert.deepEqual(JSON.parse(set('{"a": []}', ['a', 0, 'x'], 1)), { a: [{ x: 1 }] });
  assert.deepEqual(JSON.parse(set('[]', [0], 1)), [1]);
});

test('set: a comment stays on the line that it is about', () => {
  assert.equal(set('{\n  "a": 1 // about a\n}\n', ['b'], 2), '{\n  "a": 1, // about a\n  "b": 2\n}\n');
  assert.equal(set('{\n  "a": [\n    1 // one\n  ]\n}\n', ['a', 1], 2), '{\n  "a": [\n    1, // one\n    2\n  ]\n}\n');
});

test('set: what its author wrote on one line stays on one line', () => {
  assert.equal(set('{"a": 1}', ['b'], 2), '{"a": 1, "b": 2}');
  assert.equal(set('{\n  "a": {"x": 1},\n  "b": 2\n}\n', ['a', 'y'], 2).split('\n').length, 5);
  assert.equal(set('{\n  "a": [1, 2],\n  "b": 2\n}\n', ['a', 2], 3).split('\n').length, 5);
});

test('set: a key with a dot in it, and a key that is a number, are found by their names', () => {
  assert.equal(set('{"a.b": 1, "a": {"b": 2}}', ['a.b'], 3), '{"a.b": 3, "a": {"b": 2}}');
  assert.equal(set('{"0": 1}', [0], 2), '{"0": 2}');
  assert.equal(set('{"\\u0061": 1}', ['a'], 2), '{"\\u0061": 2}');
});

test('set: numbers that JavaScript cannot hold stay as written, beside what is set', () => {
  assert.equal(set('{"big": 12345678901234567890, "b": 1}', ['b'], 2), '{"big": 12345678901234567890, "b": 2}');
});

test('rule 7: a key that stands there twice is not set: nobody knows which one counts', () => {
  assertRefused(() => set('{"a": 1, "a": 2}', ['a'], 3), /"a" stands there twice/);
  assertRefused(() => set('{"a": {"b": 1}, "a": {"b": 1}}', ['a', 'b'], 3), /"a" stands there twice/);
});

test('rule 10: a file that is no JSON is refused with the line', () => {
  assertRefused(() => set('{\n  "a": 1,,\n}', ['a'], 2), /no JSON .*line 2/);
  assertRefused(() => set('{"a": 1} {}', ['a'], 2), /no JSON/);
  assertRefused(() => set("{'a': 1}", ['a'], 2), /no JSON/);
  assertRefused(() => set('// nothing\n', ['a'], 2), /no JSON|empty/);
});

const key = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** Every way to a value below the top. */
function ways(value: unknown, above: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [above];
  const entries = Array.isArray(value) ? value.map((v, i) => [i, v] as const) : Object.entries(value);
  return [above, ...entries.flatMap(([k, v]) => ways(v, [...above, k]))];
}

test('set: for any file, the value is there afterwards, and every other line is as it was', () => {
  fc.assert(
    fc.property(
      fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      tree,
      fc.nat(),
      fc.constantFrom('  ', '    ', '\t'),
      fc.boolean(),
      (document, value, pick, indent, windows) => {
        const plain = JSON.stringify(document, null, indent)
          .split('\n')
          .map((line, i) => `${line.replace(/^[\t ]*/, (gap) => `${gap}// ${i}\n${gap}`)}`)
          .join('\n');
        const text = windows ? plain.replaceAll('\n', '\r\n') : plain;
        const all = ways(document).slice(1);
        const way = all[pick % all.length] ?? assert.fail();
        const after = set(text, way, value);
        const { before, expected } = replaced(document, way, value);
        assert.deepEqual(parse(after), expected);
        // a value without lines of its own takes none away
        if (typeof before !== 'object' || before === null)
          assert.deepEqual(after.match(/\/\/ \d+$/gm), text.match(/\/\/ \d+$/gm));
        assert.equal(/[^\r]\n/.test(after), !windows);
      },
    ),
    { numRuns: 300 },
  );
});

function replaced(document: unknown, way: readonly (string | number)[], value: unknown) {
  const expected = structuredClone(document);
  const holder = way.slice(0, -1).reduce<unknown>((v, k) => (v as Record<string, unknown>)[String(k)], expected);
  const last = String(way.at(-1));
  const before = (holder as Record<string, unknown>)[last];
  Object.defineProperty(holder, last, { value, enumerable: true, writable: true, configurable: true });
  return { before, expected };
}

test('rule 10: a value with forty comments behind it is set at once', () => {
  // looking for the comma by a regular expression took twice as long with each comment
  const comments = '/* x */ '.repeat(40);
  assert.equal(setIn('json', `{"a": 1 ${comments}\n}`, ['b'], 2).replaceAll('/* x */ ', ''), '{"a": 1, \n"b": 2\n}');
});

test.run();
