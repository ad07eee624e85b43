import { plain } from '../../src/views/words.ts';
import { assert, suite } from '../support/suite.ts';

/** Other people's text on a terminal and on a page. */

const test = suite('views/words');

test('what nobody would see stands there as a sign of its own', () => {
  const unseen = [
    ...['\u001b', '\r', '\u0085', '\u200b', '\u2060', '\ufeff', '\u202e', '\u2066'],
    ...['\u200c', '\u200d', '\u00ad', '\u2061', '\u2064', '\u{e0001}', '\u{e0061}', '\u{e007f}'],
    ...['\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0'],
  ];
  for (const sign of unseen) assert.equal(plain(`rm${sign} x`), 'rm\ufffd x', `U+${sign.codePointAt(0)?.toString(16)}`);
});

test('what can be read stays as it is', () => {
  for (const text of ['a\n\tb', 'Zürich, naïve, 東京, العربية, हिन्दी', '😀 €5', 'a  b'])
    assert.equal(plain(text), text);
});

test.run();
