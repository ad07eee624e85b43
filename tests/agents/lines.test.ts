import { Lines } from '../../src/agents/lines.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('agents/lines');

test('lines are the same wherever the stream is cut, also within a character', () => {
  const bytes = Buffer.from('one\nzwölf 文\n\nlast');
  for (let size = 1; size <= bytes.length; size++) {
    const lines = new Lines(100);
    const heard: (string | null)[] = [];
    for (let at = 0; at < bytes.length; at += size) heard.push(...lines.push(bytes.subarray(at, at + size)));
    assert.deepEqual([...heard, lines.end()], ['one', 'zwölf 文', '', 'last']);
    assert.equal(lines.end(), undefined);
  }
});

test('a line over the limit is dropped, and those after it are not', () => {
  const lines = new Lines(10);
  assert.deepEqual(lines.push(Buffer.from(`${'x'.repeat(11)}\nyes\n0123456789\n`)), [null, 'yes', '0123456789']);
  for (let n = 0; n < 1000; n++) assert.deepEqual(lines.push(Buffer.alloc(100, 'y')), []);
  assert.deepEqual(lines.push(Buffer.from('\nok')), [null]);
  assert.equal(lines.end(), 'ok');
});

test.run();
