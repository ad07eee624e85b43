import fc from 'fast-check';
import { readDocument } from '../../src/order/document.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/document');

const LIMITS = { maxBytes: 16 * 1024 * 1024, maxDepth: 32 };
const bytes = (text: string | Buffer) => (typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
const yaml = (text: string | Buffer) => readDocument(bytes(text), 'yaml', LIMITS).value;
const json = (text: string | Buffer) => readDocument(bytes(text), 'json', LIMITS).value;

/** Expects a refusal with this code, and the place as `line:column` where one is given. */
function refused(call: () => unknown, code: string, place?: string, message = /./): void {
  assert.throws(call, (error: unknown) => {
    assert.ok(error instanceof WaybillError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(error.hint.length > 0);
    if (place !== undefined) assert.equal(`${error.place.line}:${error.place.column}`, place, error.message);
    return true;
  });
}

test('formats: plain YAML 1.2, where yes, no, 0755 and 12:30 are what they look like', () => {
  assert.deepEqual(yaml('a: yes\nb: no\nc: "0755"\nd: 12:30\ne: 2026-01-01\nf: null\ng: 1\nh: 1.5\ni: true\n'), {
    a: 'yes',
    b: 'no',
    c: '0755',
    d: '12:30',
    e: '2026-01-01',
    f: null,
    g: 1,
    h: 1.5,
    i: true,
  });
});

test('rule 8: text stays text, whatever it looks like', () => {
  assert.deepEqual(yaml("a: $(date)\nb: '`id`'\nc: '$HOME'\n<<: x\n"), {
    a: '$(date)',
    b: '`id`',
    c: '$HOME',
    '<<': 'x',
  });
});

test('formats: a byte order mark, CRLF and both document markers are accepted', () => {
  assert.deepEqual(yaml('\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n'), { a: 1, b: 'x\ny\n' });
  assert.deepEqual(yaml('---\na: 1\n...\n'), { a: 1 });
  assert.deepEqual(json('\ufeff{"a":1}\r\n'), { a: 1 });
});

test('rule 10: emptiness in every form is EMPTY', () => {
  for (const text of ['', ' \n\t\n', '\ufeff', '# only a comment\n', '---\n', '...\n', '---\n...\n', 'null\n', '~\n'])
    refused(() => yaml(text), 'EMPTY', undefined);
  refused(() => json(' \n'), 'EMPTY');
});

test('rule 10: lists and scalars are read; saying that they are no order is the next stage', () => {
  assert.deepEqual(yaml('- 1\n- a\n'), [1, 'a']);
  assert.equal(json('5'), 5);
});

test('rule 10: bytes that are no UTF-8 name the line and column of the first bad one', () => {
  refused(() => yaml(Buffer.concat([bytes('a: 1\nbé: '), Buffer.from([0xff, 0x0a])])), 'NOT_UTF8', '2:5');
  refused(() => yaml(Buffer.from([0xff])), 'NOT_UTF8', '1:1');
  refused(() => json(Buffer.concat([bytes('{\n"a": "'), Buffer.from([0xc3]), bytes('"}')])), 'NOT_UTF8', '2:7');
  const cut = bytes('a: 1\nb: é');
  refused(() => yaml(cut.subarray(0, cut.length - 1)), 'NOT_UTF8', '2:4');
  refused(() => yaml(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a: 1\n', 'utf16le')])), 'NOT_UTF8', '1:1');
});

test('rule 10: a replacement character that is really in the file is no bad byte', () => {
  const text = Buffer.concat([bytes('a: \ufffd\nb: 1\nc: '), Buffer.from([0xff, 0x0a])]);
  refused(() => yaml(text), 'NOT_UTF8', '3:4');
  assert.deepEqual(yaml('a: \ufffd\n'), { a: '\ufffd' });
});

test('rule 10: the place of a bad byte is found however far down it stands, and whatever characters lie around it', () => {
  for (const before of ['a', 'é', '€', '😀'])
    for (const length of [65_533, 65_536, 65_537, 131_073])
      for (const bad of [[0xff], [0xe2, 0x82], [0xe2, 0x28], [0x80], [0xf0, 0x9f, 0x98]]) {
        const good = before.repeat(Math.ceil(length / Buffer.byteLength(before)));
        const text = Buffer.concat([Buffer.from(good), Buffer.from(bad), Buffer.from('x\nyz')]);
        refused(() => yaml(text), 'NOT_UTF8', `1:${good.length + 1}`);
      }
});

test('limits: a text longer than the engine can hold is TOO_LARGE, whatever settings allow', () => {
  const limits = { maxBytes: 2 ** 30, maxDepth: 32 };
  refused(() => readDocument(new Uint8Array(2 ** 29), 'json', limits), 'TOO_LARGE', undefined, /536870912 bytes/);
});

test('limits: a JSON document may be too long to find places in; it is told what is wrong all the same', () => {
  const many = Array.from({ length: 120_000 }, (_, i) => `{"p":${i}}`).join(',');
  const { locate } = readDocument(bytes(`{"a":[${many}]}`), 'json', { maxBytes: 2 ** 24, maxDepth: 32 });
  assert.deepEqual(locate(['a', 3]), {});
  refused(() => json(`{"a":[${many},{"p":1,"p":2}]}`), 'JSON_INVALID', undefined, /twice/);
});

test('limits: a file over the limit is TOO_LARGE, one at the limit is read', () => {
  const text = bytes(`a: ${'x'.repeat(97)}`);
  assert.doesNotThrow(() => readDocument(text, 'yaml', { maxBytes: 100, maxDepth: 32 }));
  refused(() => readDocument(text, 'yaml', { maxBytes: 99, maxDepth: 32 }), 'TOO_LARGE', undefined, /100 bytes.*99/);
});

test('limits: an alias bomb is refused at its first alias', () => {
  const bomb = ['a: &a [x, x, x, x]', ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a, *a, *a]`)].join(
    '\n',
  );
  refused(() => yaml(bomb), 'YAML_INVALID', '2:10', /alias/);
  refused(() => yaml('a: &x 1\nb: *x\n'), 'YAML_INVALID', '2:4', /\*x/);
  refused(() => yaml('a: *nowhere\n'), 'YAML_INVALID');
  assert.deepEqual(yaml('a: &unused 1\n'), { a: 1 });
});

test('limits: nesting at the limit is read, one more is TOO_DEEP', () => {
  const flow = (n: number) => `${'['.repeat(n)}1${']'.repeat(n)}`;
  const block = (n: number) => `${Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:`).join('\n')} 1\n`;
  for (const make of [flow, block, (n: number) => `${'- '.repeat(n)}x`]) {
    assert.doesNotThrow(() => yaml(make(32)));
    refused(() => yaml(make(33)), 'TOO_DEEP', undefined, /32/);
  }
  assert.doesNotThrow(() => json(flow(32)));
  refused(() => json(flow(33)), 'TOO_DEEP');
});

test('rule 10: no depth of nesting ends the process: it is refused at once, with its place', () => {
  for (const text of [
    '['.repeat(1_000_000),
    '{"a":'.repeat(200_000),
    '- '.repeat(500_000),
    '? '.repeat(500_000),
    '[{'.repeat(100_000),
  ]) {
    const begun = performance.now();
    refused(() => yaml(text), 'TOO_DEEP');
    assert.ok(performance.now() - begun < 1000, `${text.slice(0, 4)}: ${performance.now() - begun} ms`);
  }
  refused(() => yaml(`a: 1\nb: ${'['.repeat(5000)}`), 'TOO_DEEP', '2:37');
  refused(() => json(`${'['.repeat(200_000)}${']'.repeat(200_000)}`), 'TOO_DEEP');
  refused(() => json('['.repeat(200_000)), 'JSON_INVALID');
});

test('rule 10: many keys cost no square of their number', () => {
  const text = Array.from({ length: 40_000 }, (_, i) => `key${i}: 1`).join('\n');
  const begun = performance.now();
  assert.equal(Object.keys(yaml(text) as object).length, 40_000);
  assert.ok(performance.now() - begun < 5000, `${performance.now() - begun} ms`);
});

test('rule 7: a key that stands twice is refused at the second, in YAML and in JSON', () => {
  refused(() => yaml('a: 1\nb: 2\na: 3\n'), 'YAML_INVALID', '3:1', /"a"/);
  refused(() => yaml('x:\n  - {k: 1, k: 2}\n'), 'YAML_INVALID', '2:12');
  refused(() => yaml('1: a\n"1": b\n'), 'YAML_INVALID', '2:1');
  refused(() => json('{"a": 1,\n "a": 2}'), 'JSON_INVALID', '2:2');
  refused(() => json('{"a": 1, "\\u0061": 2}'), 'JSON_INVALID', '1:10');
  refused(() => json('{"x": [{"a": "b", "c": {"a": 1}}, {"a": "\\\\", "b": 1, "a": 2}]}'), 'JSON_INVALID', '1:55');
  for (const good of [
    '{"a": {"a": {"a": 1}}, "b": ["a", "a", {"a": "a"}]}',
    '{"a\\"": 1, "a": ",", "b": "\\"a\\":"}',
    '{"a": "a", "": ""}',
  ])
    assert.deepEqual(json(good), JSON.parse(good));
});

test('rule 7: several documents, %YAML and unknown tags are refused', () => {
  refused(() => yaml('a: 1\n---\nb: 2\n'), 'YAML_INVALID', '2:1', /2 documents/);
  refused(() => yaml('%YAML 1.1\n---\na: yes\n'), 'YAML_INVALID', '1:1', /%YAML/);
  refused(() => yaml('%TAG !! tag:evil,2000:\n---\na: !!str 1\n'), 'YAML_INVALID', '3:4');
  refused(() => yaml('a: !ruby/object x\n'), 'YAML_INVALID', '1:4', /ruby/);
  refused(() => yaml('a: !<tag:x,1:y> x\n'), 'YAML_INVALID', '1:4');
  for (const tag of ['binary aGk=', 'set {a}', 'omap [a: 1]', 'timestamp 2026-01-01', 'js/function x', 'merge x'])
    refused(() => yaml(`a: !!${tag}\n`), 'YAML_INVALID', undefined, /tag/i);
  assert.deepEqual(yaml('a: !!str 5\nb: !!int "5"\n'), { a: '5', b: 5 });
});

test('rule 10: tabs and other faults of YAML name line and column', () => {
  refused(() => yaml('a:\n\tb: 1\n'), 'YAML_INVALID', '2:1', /[Tt]ab/);
  refused(() => yaml('a: 1\nb: [1, 2\nc: 3\n'), 'YAML_INVALID');
  refused(() => yaml('a: "open\n'), 'YAML_INVALID');
  refused(() => yaml('a: 1\n b: 2\n'), 'YAML_INVALID', '1:4');
  refused(() => yaml('a: x: y\n'), 'YAML_INVALID', '1:4');
});

test('rule 7: numbers that would lose digits, .nan and .inf are refused where they stand', () => {
  refused(() => yaml('a: 1\nb: 123456789012345678901\n'), 'SCHEMA_INVALID', '2:1', /^b:/);
  refused(() => yaml('b: [1, 9007199254740993]\n'), 'SCHEMA_INVALID', '1:8', /^b\.1:/);
  for (const word of ['.nan', '.inf', '-.inf', '1e999']) refused(() => yaml(`a: ${word}\n`), 'SCHEMA_INVALID', '1:1');
  refused(() => json('{\n "a": 12345678901234567890\n}'), 'SCHEMA_INVALID', '2:2');
  assert.deepEqual(yaml('a: 9007199254740991\n'), { a: 9007199254740991 });
});

test('rule 8: half a character is refused, because a file could not hold it; whole ones pass', () => {
  refused(() => json('{\n"a": ["\\ud83d"]}'), 'SCHEMA_INVALID', '2:7', /surrogate/);
  refused(() => yaml('a: "\\udc00"\n'), 'SCHEMA_INVALID', '1:1');
  assert.deepEqual(json('{"a": "\\ud83d\\ude00"}'), { a: '😀' });
});

test('rule 8: __proto__ is a key like any other', () => {
  for (const value of [yaml('__proto__:\n  polluted: 1\n'), json('{"__proto__": {"polluted": 1}}')]) {
    assert.deepEqual(Object.keys(value as object), ['__proto__']);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  }
});

test('rule 8: a NUL in a value is kept, for the stage that may not have one to refuse it', () => {
  assert.deepEqual(json('{"a": "x\\u0000y"}'), { a: 'x\0y' });
  assert.deepEqual(yaml('a: "x\\0y"\n'), { a: 'x\0y' });
});

test('formats: a value is located by its key, one that is not there by the nearest above', () => {
  const { locate } = readDocument(bytes('a: 1\nfiles:\n  - path: x\n    content: y\n'), 'yaml', LIMITS);
  assert.deepEqual(locate(['files', 0, 'content']), { line: 4, column: 5 });
  assert.deepEqual(locate(['files', 0]), { line: 3, column: 5 });
  assert.deepEqual(locate(['files', 0, 'mode']), { line: 3, column: 5 });
  assert.deepEqual(locate(['files', 7]), { line: 2, column: 1 });
  assert.deepEqual(locate([]), { line: 1, column: 1 });
});

const isExact = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).every(isExact)
    : typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value);

test('formats: for any value, in JSON of any layout, what comes out is what went in', () => {
  const value = fc.jsonValue({ maxDepth: 4 }).filter((v) => isExact(v) && v !== null);
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, 4, '\t'), (v, indent) => {
      const text = JSON.stringify(v, null, indent);
      const expected: unknown = JSON.parse(text);
      assert.deepEqual(json(text), expected);
      assert.deepEqual(yaml(JSON.stringify(v)) ?? null, expected);
    }),
    { numRuns: 300 },
  );
});

test.run();
