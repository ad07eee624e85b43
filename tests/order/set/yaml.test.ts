import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { assert, suite } from '../../support/suite.ts';
import { assertRefused, setIn } from './sets.ts';

const test = suite('order/set/yaml');

const set = (text: string, key: readonly (string | number)[], value: unknown) => setIn('yaml', text, key, value);

test('set: only the value changes; what is beside, above and below it stays', () => {
  const text = '# head\na:   1   # about a\n\n\nb:\n    # in b\n    c: "x" # about c\n    d: [1, 2]\n# foot\n';
  assert.equal(set(text, ['a'], 22), text.replace('1   #', '22   #'));
  assert.equal(set(text, ['b', 'c'], 'y'), text.replace('"x"', '"y"'));
  assert.equal(set(text, ['b', 'd', 1], 'q'), text.replace('2]', 'q]'));
});

test('set: text is quoted as it was, and always reads as the text it is', () => {
  assert.equal(set("a: 'x'\n", ['a'], "it's"), "a: 'it''s'\n");
  assert.equal(set('a: "x"\n', ['a'], 'y'), 'a: "y"\n');
  for (const value of [
    'true',
    'null',
    '~',
    '1',
    '1e3',
    '0x1F',
    '',
    ' x ',
    '- x',
    'a: b',
    '# c',
    '*x',
    '&x',
    '!t',
    '%a',
  ])
    assert.equal(parse(set('a: x\n', ['a'], value)).a, value, JSON.stringify(value));
  for (const value of ['two\nlines\n', 'tab\there', 'a\r\nb', '😀', 'x\u00a0', 'a, b', '[', '}'])
    for (const text of ['a: x\n', '{a: x}\n', 'a: |\n  x\n', "a: 'x'\n"])
      assert.equal(parse(set(text, ['a'], value)).a, value, JSON.stringify([text, value]));
});

test('set: a new key goes after the last of its mapping, before the comments that follow', () => {
  assert.equal(
    set('a:\n  # head\n  b: 1\n\n# foot\nc: 2\n', ['a', 'z'], { q: [1, { w: 2 }] }),
    'a:\n  # head\n  b: 1\n  z:\n    q:\n      - 1\n      - w: 2\n\n# foot\nc: 2\n',
  );
  assert.equal(set('a:\n    b:\n        c: 1\nd: 1\n', ['a', 'e'], 1), 'a:\n    b:\n        c: 1\n    e: 1\nd: 1\n');
  assert.equal(set('a: |\n  text\n', ['b'], 1), 'a: |\n  text\nb: 1\n');
  assert.equal(set('a: 1', ['b'], 2), 'a: 1\nb: 2\n', 'a last line without an end gets one');
  assert.equal(set('---\na: 1\n...\n', ['b'], 2), '---\na: 1\nb: 2\n...\n');
  assert.equal(set('a:\n  b: # why\n\nc: 1\n', ['a', 'd'], 1), 'a:\n  b: # why\n  d: 1\n\nc: 1\n');
});

test('set: a new entry of a list is written as the others are', () => {
  assert.equal(set('a:\n- 1\n- 2\nb: 1\n', ['a', 2], 3), 'a:\n- 1\n- 2\n- 3\nb: 1\n');
  assert.equal(
    set('a:\n  - x: 1\n    y: 2\n', ['a', 1], { x: 3, y: 4 }),
    'a:\n  - x: 1\n    y: 2\n  - x: 3\n    y: 4\n',
  );
  assert.equal(set('a:\n  - x: 1\n  - x: 2\n', ['a', 0, 'y'], 9), 'a:\n  - x: 1\n    y: 9\n  - x: 2\n');
  assert.equal(set('a:\n  - - 1\n', ['a', 0, 1], 2), 'a:\n  - - 1\n    - 2\n');
});

test('set: flow style stays flow style', () => {
  assert.equal(set('a: {x: 1, y: 2} # c\n', ['a', 'z'], 'w, v'), 'a: {x: 1, y: 2, z: "w, v"} # c\n');
  assert.equal(set('a: [1, 2, ]\n', ['a', 2], 3), 'a: [1, 2, 3 ]\n');
  assert.equal(set('a: {}\nb: []\n', ['a', 'x'], 1), 'a: {x: 1}\nb: []\n');
  assert.equal(set('a: {}\nb: []\n', ['b', 0], 1), 'a: {}\nb: [1]\n');
  assert.deepEqual(parse(set('{"a": 1, "b": {"c": 2}}', ['b', 'd'], 'x')), { a: 1, b: { c: 2, d: 'x' } });
});

test('set: a key without a value gets one, and what is missing on the way is made', () => {
  assert.equal(set('a:\nb: 1\n', ['a'], 1), 'a: 1\nb: 1\n');
  assert.deepEqual(parse(set('a:\nb: 1\n', ['a', 'x', 'y'], 1)), { a: { x: { y: 1 } }, b: 1 });
  assert.deepEqual(parse(set('a: ~\n', ['a', 'x'], 1)), { a: { x: 1 } });
  assert.equal(set('---\n', ['a'], 1), '---\na: 1\n');
  assert.equal(set('a:\n  - \n  - 2\n', ['a', 0], 1), 'a:\n  - 1\n  - 2\n');
});

test('set: a block of text gives way as a whole, and nothing after it does', () => {
  for (const head of ['|', '|-', '|+', '>', '>-', '|2'])
    assert.equal(set(`a: ${head}\n  one\n  two\nb: 1 # c\n`, ['a'], 'x'), 'a: x\nb: 1 # c\n', head);
  assert.equal(set('a: |\n  one\n\n\n# c\nb: 1\n', ['a'], 'x'), 'a: x\n\n\n# c\nb: 1\n');
  assert.equal(set('a: |\n  one', ['a'], 'x'), 'a: x');
  assert.equal(set('a: one\n   two\nb: 1\n', ['a'], 'x'), 'a: x\nb: 1\n');
});

test('set: keys are found by what they mean, however they are written', () => {
  assert.equal(set('"a.b": 1\na: {b: 2}\n', ['a.b'], 3), '"a.b": 3\na: {b: 2}\n');
  assert.equal(set("'a b': 1\n", ['a b'], 2), "'a b': 2\n");
  assert.equal(set('? a\n: 1\n', ['a'], 2), '? a\n: 2\n');
  assert.equal(set('1: x\n', [1], 'y'), '1: "y"\n');
  assert.deepEqual(parse(set('a: 1\n', ['x.y: z'], 2)), { a: 1, 'x.y: z': 2 });
});

test('rule 7: a value that others share is not set, neither at its anchor nor through an alias', () => {
  for (const [text, key] of [
    ['a: &x 1\nb: *x\n', ['a']],
    ['a: &x 1\nb: *x\n', ['b']],
    ['a: &x {q: 1}\nb: *x\n', ['a', 'q']],
    ['a: &x {q: 1}\nb: *x\n', ['b', 'q']],
    ['a: &x {q: 1}\nb: *x\n', ['a', 'r']],
  ] as const)
    assertRefused(() => set(text, key, 2), /anchor|alias|safely/, `${text} ${key.join('.')}`);
  assert.equal(set('a: &x 1\nb: *x\nc: 1\n', ['c'], 2), 'a: &x 1\nb: *x\nc: 2\n', 'beside it is no harm');
  const merged = 'base: &x {q: 1}\nb:\n  <<: *x\n  r: 2\n';
  assert.equal(set(merged, ['b', 'r'], 3), merged.replace('r: 2', 'r: 3'));
});

test('rule 7: what cannot be changed without losing something is refused', () => {
  assertRefused(() => set('a: 1\n---\nb: 1\n', ['b'], 2), /several documents/);
  assertRefused(() => set('a: 1\na: 2\n', ['a'], 3), /twice/);
  assertRefused(() => set('a: !tag x\n', ['a'], 3), /safely/);
  assertRefused(() => set('a: [\n', ['a'], 3), /no YAML/);
  assertRefused(() => set('# nothing\n', ['a'], 3), /empty/);
  assertRefused(() => set('a:\n  # about x\n  x: 1\n', ['a'], 5), /safely/);
});

const key = fc.oneof(
  fc.stringMatching(/^[a-z][a-z_]{0,5}$/),
  fc.constantFrom('a.b', 'a b', '1', 'true', 'é', 'x: y', '# z', '-', '"q"', '<<<', 'null'),
);
const scalar = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('line\n', 'two\nlines', 'a: b', '# c', '', ' ', 'yes', '0o7', "it's", '"', 'x #y', '-', '?', '|'),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    scalar,
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

test('set: for any file, the value is there afterwards, and the lines of its neighbours are as they were', () => {
  fc.assert(
    fc.property(
      fc.dictionary(key, tree, { minKeys: 2, maxKeys: 4, noNullPrototype: true }),
      tree,
      fc.nat(),
      fc.boolean(),
      fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL'),
      fc.boolean(),
      (document, value, pick, fresh, style, flow) => {
        const text = Object.entries(document)
          .map(([k, v], i) => `# ${i}\n${written(k, v, style, flow)}`)
          .join('');
        const before = parse(text) as Record<string, unknown>;
        const all = ways(before).slice(1);
        const chosen = all[pick % all.length] ?? assert.fail();
        const way = fresh ? [...chosen.slice(0, -1), typeof chosen.at(-1) === 'number' ? 0 : 'fresh key'] : chosen;
        const after = set(text, way, value);
        assert.deepEqual(parse(after), withValue(before, way, value), `${text}=>\n${after}`);
        // what belongs to other keys at the top, each with the comment above it
        const keys = Object.keys(document);
        const parts = text.split(/^(?=# \d$)/m);
        const others = parts.filter((_, i) => keys[i] !== String(way[0]));
        for (const part of others) assert.ok(after.includes(part), `${text}=>\n${after}`);
      },
    ),
    { numRuns: 500 },
  );
});

function written(
  key: string,
  value: unknown,
  style: 'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE' | 'BLOCK_LITERAL',
  flow: boolean,
): string {
  const options = { lineWidth: 0, defaultStringType: style, defaultKeyType: 'PLAIN' } as const;
  if (!flow) return stringify({ [key]: value }, options);
  return `${stringify(key, { lineWidth: 0 }).trimEnd()}: ${stringify(value, { ...options, collectionStyle: 'flow', defaultStringType: 'QUOTE_DOUBLE' })}`;
}

function withValue(document: unknown, way: readonly (string | number)[], value: unknown): unknown {
  const expected = structuredClone(document);
  const holder = way.slice(0, -1).reduce<unknown>((v, k) => (v as Record<string, unknown>)[String(k)], expected);
  (holder as Record<string, unknown>)[String(way.at(-1))] = value;
  return expected;
}

test('formats: text that readers of YAML 1.1 take for something else is quoted', () => {
  for (const word of ['no', 'On', 'yes', '1:30', 'null', 'true'])
    assert.equal(setIn('yaml', 'a: 1\n', ['a'], word), `a: "${word}"\n`);
});

test.run();
