import fc from 'fast-check';
import { assert, suite } from '../../support/suite.ts';
import { assertRefused, setIn } from './sets.ts';

const test = suite('order/set/plist');

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n';
const plist = (body: string) => `${HEAD}${body}\n</plist>\n`;
const AGENT = `<dict>
	<!-- not <key>Label</key> -->
	<key>Label</key>
	<string>com.example.a &amp; b</string>
	<key>RunAtLoad</key><true/> <!-- beside -->
	<key>ProgramArguments</key>
	<array>
		<string>/bin/sh</string>
	</array>
	<key>Since</key>
	<date>2026-01-01T00:00:00Z</date>
	<key>Nice</key>
	<integer>5</integer>
</dict>`;

/** Sets a key of the body, and gives the body that came out. */
function set(body: string, key: readonly (string | number)[], value: unknown): string {
  const after = setIn('plist', plist(body), key, value);
  assert.ok(after.startsWith(HEAD) && after.endsWith('\n</plist>\n'));
  return after.slice(HEAD.length, -'\n</plist>\n'.length);
}

test('set: only the element changes; comments, dates and layout stay', () => {
  assert.equal(
    set(AGENT, ['Label'], 'a < "b" & c > d'),
    AGENT.replace('com.example.a &amp; b', 'a &lt; "b" &amp; c &gt; d'),
  );
  assert.equal(set(AGENT, ['RunAtLoad'], false), AGENT.replace('<true/>', '<false/>'));
  assert.equal(set(AGENT, ['Nice'], -1), AGENT.replace('>5<', '>-1<'));
  assert.equal(set(AGENT, ['Nice'], 0.5), AGENT.replace('<integer>5</integer>', '<real>0.5</real>'));
  assert.equal(set(AGENT, ['ProgramArguments', 0], ''), AGENT.replace('>/bin/sh<', '><'));
  assert.equal(set(AGENT, ['ProgramArguments'], []), AGENT.replace(/<array>.*<\/array>/s, '<array/>'));
});

test('set: a new key comes last, indented as its neighbours', () => {
  assert.equal(
    set(AGENT, ['New', 'x'], [1, { y: true }]),
    AGENT.replace(
      '</dict>',
      '\t<key>New</key>\n\t<dict>\n\t\t<key>x</key>\n\t\t<array>\n\t\t\t<integer>1</integer>\n\t\t\t<dict>\n\t\t\t\t<key>y</key>\n\t\t\t\t<true/>\n\t\t\t</dict>\n\t\t</array>\n\t</dict>\n</dict>',
    ),
  );
  assert.equal(
    set(AGENT, ['ProgramArguments', 1], '-c'),
    AGENT.replace('\n\t</array>', '\n\t\t<string>-c</string>\n\t</array>'),
  );
  for (const empty of ['<dict/>', '<dict></dict>', '<dict>\n</dict>'])
    assert.equal(set(empty, ['a'], 'b'), '<dict>\n\t<key>a</key>\n\t<string>b</string>\n</dict>');
});

test('set: what is added is indented with what the file is indented with', () => {
  const spaces = '<dict>\n  <key>a</key>\n  <string>x</string>\n</dict>';
  assert.equal(
    set(spaces, ['b'], { c: 1 }),
    '<dict>\n  <key>a</key>\n  <string>x</string>\n  <key>b</key>\n  <dict>\n    <key>c</key>\n    <integer>1</integer>\n  </dict>\n</dict>',
  );
});

test('set: a comment is never lost, also where it is all that a dict holds', () => {
  assert.match(set('<dict>\n\t<!-- nothing yet -->\n</dict>', ['a'], 1), /<!-- nothing yet -->/);
  assert.match(set('<dict>\n\t<key>a</key><array><!-- none --></array>\n</dict>', ['a', 0], 1), /<!-- none -->/);
});

test('set: elements are found where they stand, whatever looks like them', () => {
  const string = (inner: string) => `<dict>\n\t<key>a</key>\n\t<string>${inner}</string>\n</dict>`;
  assert.equal(set(string('<![CDATA[<string>x</string>]]>'), ['a'], 'y'), string('y'));
  assert.equal(set(string('😀 &lt;string&gt;'), ['a'], 'y'), string('y'));
  assert.equal(set(string(' a '), ['a'], ' b\n '), string(' b\n '));
  const nested = '<dict><key>dict</key><dict><key>dict</key><dict/></dict></dict>';
  assert.equal(set(nested, ['dict', 'dict'], 1), nested.replace('<dict/>', '<integer>1</integer>'));
});

test('set: the number is one that property lists know', () => {
  const number = (value: number) => set('<dict><key>a</key><true/></dict>', ['a'], value);
  assert.match(number(9007199254740991), /<integer>9007199254740991</);
  // <integer> takes digits only
  assert.doesNotMatch(number(1e21), /<integer>[^<]*e/);
});

test('rule 7: dates and data are not overwritten by text, and no value is null', () => {
  assertRefused(() => set(AGENT, ['Since'], 'x'), /<date> cannot be set/);
  assertRefused(() => set('<dict><key>a</key><data>AAA=</data></dict>', ['a'], 'x'), /<data> cannot be set/);
  assertRefused(() => set(AGENT, ['Since', 'date'], 'x'), /stands where "date"/);
  assertRefused(() => set(AGENT, ['Nice'], null), /no null/);
  assertRefused(() => set(AGENT, ['New'], [null]), /no null/);
});

test('rule 7: text that XML cannot hold is refused, not bent', () => {
  for (const text of ['\0', 'a\u0008', '\ufffe', 'x\r\ny']) assertRefused(() => set(AGENT, ['Label'], text), /./);
});

test('rule 10: what is no property list is refused, and says why', () => {
  assertRefused(() => setIn('plist', '<plist></plist>', ['a'], 1), /no property list/);
  assertRefused(() => setIn('plist', '<html><dict/></html>', ['a'], 1), /no property list/);
  assertRefused(() => setIn('plist', '<plist><dict></plist>', ['a'], 1), /no XML/);
  assertRefused(() => set('<dict><key>a</key><true/><key>a</key><true/></dict>', ['a'], 1), /"a" stands there twice/);
  assertRefused(() => set('<dict><true/><key>a</key></dict>', ['a'], 1), /no key where one must be/);
  // nothing outside the file is fetched, and nothing in it is expanded
  const entity =
    '<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/passwd">]><plist><dict><key>a</key><string>&x;</string></dict></plist>';
  assertRefused(() => setIn('plist', entity, ['a'], 1), /no XML/);
});

test('set: for any text, what was set is there, and everything around it is as it was', () => {
  const text = fc
    .string({ unit: 'grapheme' })
    // XML has no such characters, and reads a lone CR as LF
    .filter((s) => !/[\p{Cc}\p{Surrogate}\ufffe\uffff]/u.test(s));
  fc.assert(
    fc.property(text, text, text, (key, before, after) => {
      const body = set('<dict>\n\t<!-- c -->\n\t<key>z</key>\n\t<true/>\n</dict>', [key === 'z' ? 'y' : key], before);
      const again = set(body, [key === 'z' ? 'y' : key], after);
      const [one, two] = [body, again].map((b) => b.split('\n'));
      assert.deepEqual(two?.slice(0, 5), one?.slice(0, 5));
      assert.deepEqual(two?.at(-1), '</dict>');
      assert.equal(set(again, [key === 'z' ? 'y' : key], before), body, 'and back again');
    }),
    { numRuns: 200 },
  );
});

test.run();
