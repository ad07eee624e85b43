import { spawnSync } from 'node:child_process';
import { applySet } from '../../../src/order/set/set.ts';
import { assert, suite } from '../../support/suite.ts';
import { assertRefused, setIn } from './sets.ts';

const test = suite('order/set');

const SAME = {
  json: { text: '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}\n', mark: '\ufeff' },
  yaml: { text: 'a:\n  b:\n    - 1\n', mark: '\ufeff' },
  plist: {
    text: '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n\t<key>a</key>\n\t<dict>\n\t\t<key>b</key>\n\t\t<array>\n\t\t\t<integer>1</integer>\n\t\t</array>\n\t</dict>\n</dict>\n</plist>\n',
    mark: '\ufeff',
  },
} as const;
const FORMATS = Object.keys(SAME) as (keyof typeof SAME)[];

test('set: the same value set again changes nothing, in every format', () => {
  for (const format of FORMATS) {
    const { text } = SAME[format];
    assert.equal(setIn(format, text, ['a', 'b', 0], 1), text, format);
  }
});

test('set: a byte order mark stays, and every line end is kept as it is', () => {
  for (const format of FORMATS) {
    const { text, mark } = SAME[format];
    const windows = mark + text.replaceAll('\n', '\r\n');
    for (const [key, value] of [
      [['a', 'b', 0], 2],
      [['a', 'b', 1], 'x'],
      [['a', 'c'], { d: ['e'] }],
      [['z'], 'x'],
      [
        ['a', 'b'],
        ['p', 'q'],
      ],
      [['a'], 5],
    ] as const) {
      const after = setIn(format, windows, key, value);
      assert.ok(after.startsWith(mark) && !after.slice(1).includes(mark), `${format} ${key.join('.')}`);
      assert.doesNotMatch(after, /[^\r]\n/, `${format} ${key.join('.')}`);
    }
  }
});

test('set: a list has the positions that are there, and the next one', () => {
  for (const format of FORMATS) {
    const { text } = SAME[format];
    assertRefused(() => setIn(format, text, ['a', 'b', 2], 1), /a\.b\.2 .*1 entries/, format);
    assertRefused(() => setIn(format, text, ['a', 'b', 'first'], 1), /"first" is no position/, format);
  }
});

test('set: nothing is looked for below a value that holds nothing', () => {
  for (const format of FORMATS)
    assertRefused(() => setIn(format, SAME[format].text, ['a', 'b', 0, 'c'], 1), /stands where "c"/, format);
});

test('rule 8: keys that mean something to JavaScript are keys', () => {
  for (const format of FORMATS) {
    for (const key of ['__proto__', 'constructor', 'toString']) {
      const after = setIn(format, SAME[format].text, ['a', key, 'x'], 7);
      assert.ok(after.includes(key) && after.includes('7'), `${format} ${key}`);
      assert.notEqual(setIn(format, after, ['a', key, 'x'], 8), after);
    }
  }
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false);
});

test('rule 10: what cannot be read is refused, and says what it is', () => {
  const action = { action: 'set', path: 'f', key: ['a'], value: 1 } as const;
  for (const format of FORMATS) {
    const latin = Buffer.concat([Buffer.from(SAME[format].text), Buffer.from([0xe9])]);
    assertRefused(() => applySet(latin, { ...action, format }), /not valid UTF-8/, format);
  }
  assertRefused(() => applySet(Buffer.from('bplist00\x01'), { ...action, format: 'plist' }), /binary.*plutil/);
  for (const format of FORMATS) assertRefused(() => setIn(format, '', ['a'], 1), /./, `${format}, empty`);
  assertRefused(() => setIn('plist', SAME.json.text, ['a'], 1), /no XML/);
  assertRefused(() => setIn('json', SAME.plist.text, ['a'], 1), /no JSON/);
});

test('rule 10: a document nested without end is a refusal like any other', () => {
  const texts = { json: '['.repeat(200_000), yaml: '['.repeat(20_000), plist: `<plist>${'<array>'.repeat(20_000)}` };
  for (const format of FORMATS) assertRefused(() => setIn(format, texts[format], ['b'], 1), /./, format);
});

test('rule 10: aliases of aliases of aliases hold nobody up', () => {
  // in a process of its own: what never ends could not be ended from here
  const script = `
    import { applySet } from ${JSON.stringify(new URL('../../../src/order/set/set.ts', import.meta.url).href)};
    const lines = Array.from({ length: 30 }, (_, i) => 'a' + i + ': &a' + i + ' [' + ('*a' + (i - 1) + ', ').repeat(i && 9) + ']');
    const bytes = Buffer.from(lines.join('\\n') + '\\n');
    try {
      applySet(bytes, { action: 'set', path: 'f', key: ['b'], value: 1, format: 'yaml' });
    } catch (error) {
      if (error.code !== 'SET_FAILED') throw error;
    }`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { status, signal, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  assert.deepEqual([status, signal], [0, null], stderr);
});

test.run();
