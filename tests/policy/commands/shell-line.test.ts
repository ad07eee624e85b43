import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { readShellLine, wordsOf } from '../../../src/policy/commands/shell-line.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('policy/commands/shell-line');

test('rule 8: a simple line is these words and no others', () => {
  const lines: [string, string[]][] = [
    ['npm test', ['npm', 'test']],
    ['  npm \t test  \n', ['npm', 'test']],
    [`git log "a b" 'c  d' e\\ f`, ['git', 'log', 'a b', 'c  d', 'e f']],
    [`x '' ""`, ['x', '', '']],
    [`x "a\\"b" "c\\d" "e\\\\f" '\\'`, ['x', 'a"b', 'c\\d', 'e\\f', '\\']],
    [`su""do 'l's`, ['sudo', 'ls']],
    ['\\sudo ls', ['sudo', 'ls']],
    ['git show HEAD~1 HEAD^ a~b c#d e!f g=h', ['git', 'show', 'HEAD~1', 'HEAD^', 'a~b', 'c#d', 'e!f', 'g=h']],
    [`echo '$x' '~' "*" \\; \\$x '{a,b}'`, ['echo', '$x', '~', '*', ';', '$x', '{a,b}']],
    ['x über 名前', ['x', 'über', '名前']],
  ];
  for (const [line, words] of lines) assert.deepEqual(wordsOf(line), words, line);
});

const NOT_SIMPLE = String.raw`
  a; b ¦ a; ¦ a |b ¦ a| ¦ a && b ¦ a & ¦ a& ¦ a || b ¦ a |& b ¦ a < b ¦ a > b ¦ a 2>&1 ¦ a >b ¦ (a) ¦ a() ¦ a $x ¦ a "$x" ¦ a x$ ¦ a $(b) ¦ a "$(b)"
  a * ¦ a ?.c ¦ a [b] ¦ a b* ¦ a {b,c} ¦ a {1..3} ¦ a { ¦ a } ¦ ~/a ¦ a ~ ¦ a ~/b ¦ a ~user ¦ a b=~/c ¦ a b:~/c ¦ a #b ¦ # a ¦ a ! b ¦ ! a ¦ a !b
  A=b c ¦ A= c ¦ A+=b c ¦ a=b ¦ 'A=b' c ¦ if a ¦ "if" a ¦ while a ¦ for a in b ¦ time a ¦ case a ¦ function a ¦ [[ a ]] ¦ [ a ] ¦ { a ¦ coproc a
  select a ¦ until a ¦ then ¦ a 'b ¦ a "b ¦ a "b\" ¦ a $'b' ¦ a $"b" ¦ a \ ¦ cd a ¦ exit 3 ¦ . a ¦ source a ¦ eval a ¦ exec a ¦ export A=b ¦ alias a=b
  command a ¦ builtin a ¦ set -e ¦ trap a EXIT ¦ \cd a ¦ '' a ¦ ^a^b ¦ a ^b ¦ %1 ¦ =ls ¦ a =ls ¦ gіt status`
  .split(/[¦\n]/)
  .map((line) => line.trim())
  .filter((line) => line !== '');

test('rule 7: whatever a shell might take for more than words is not simple', () => {
  const others = ['', ' ', '\n', 'a\nb', 'a\rb', 'a\0b', 'a \\\nb', 'a "b\nc"', 'a `b`', 'a "`b`"', 'a \x24{x}'];
  for (const line of [...NOT_SIMPLE, ...others]) assert.equal(wordsOf(line), null, JSON.stringify(line));
  assert.ok(NOT_SIMPLE.length > 70, String(NOT_SIMPLE.length));
});

test('rule 7: characters that nobody sees are never in a simple line, quoted or not', () => {
  const unseen = [
    0xa0, 0x85, 0xad, 0x200b, 0x200d, 0x200e, 0x202e, 0x2028, 0x2066, 0x2800, 0x3000, 0x3164, 0xfeff, 0xfe0f,
  ];
  for (const code of [...unseen, 0x1b, 0x07, 0x0b, 0x0c, 0x7f, 0xe000, 0xe0041, 0x1d173])
    for (const line of [`a b${String.fromCodePoint(code)}c`, `a 'b${String.fromCodePoint(code)}'`])
      assert.equal(wordsOf(line), null, code.toString(16));
  assert.equal(wordsOf('a \ud800'), null, 'half of a character');
});

test('every line that is not simple says why', () => {
  for (const line of NOT_SIMPLE) {
    const read = readShellLine(line);
    assert.ok('why' in read && read.why.length > 5, line);
  }
});

test('rule 8: /bin/sh agrees about the words of simple lines', () => {
  const part = fc.constantFrom(
    ...[
      'a',
      'b c',
      ' ',
      "'",
      '"',
      '\\',
      "'x y'",
      '"x y"',
      '\\ ',
      '~',
      '=',
      '!',
      '#',
      '^',
      '-',
      '%',
      ':',
      '@',
      '+',
      ',',
      '.',
    ],
    ...['$', '*', ';', '{', '}', '\\$', "'$x'", '"\\$"', '\t', '\\\\', '/', 'ü'],
  );
  const lines: string[] = [];
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const line = `printf ${parts.join('')}`;
      if (wordsOf(line) !== null) lines.push(line);
    }),
    { numRuns: 3000 },
  );
  assert.ok(lines.length > 300, `${lines.length} simple lines`);
  // A function in the program's place prints its words, each behind a sign that no part holds; one shell for all lines.
  const script = lines.map((line) => `x${line}\necho '|'`).join('\n');
  const out = execFileSync('/bin/sh', [
    '-c',
    `xprintf() { for w; do printf '<%s>\\n' "$w"; done; }\n${script}`,
  ]).toString('utf8');
  const told = out.split('|\n').slice(0, -1);
  lines.forEach((line, i) => {
    const words = wordsOf(line)?.slice(1) ?? [];
    assert.equal(told[i], words.map((word) => `<${word}>\n`).join(''), line);
  });
});

test.run();
