// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a shell expands these, and JavaScript must not
import { commandsOfLine } from '../../../src/policy/commands/line-commands.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('policy/commands/line-commands');

/** The commands of a line, as words parted by spaces. */
function commands(line: string, ...positional: string[]): string[] {
  return commandsOfLine(line, '/home/ann', positional).map(({ words }) => words.join(' '));
}

test('each command position of a line is found', () => {
  const lines: [string, string[]][] = [
    ['a; b & c && d || e | f |& g', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    ['a\nb\r\nc', ['a', 'b', 'c']],
    ['(a; b) && { c; }', ['a', 'b', 'c']],
    ['if a; then b; elif c; then d; else e; fi', ['a', 'b', 'c', 'd', 'e', 'fi']],
    ['! a', ['a']],
    ['x "$(a; b)" `c`', ['a', 'b', 'c', 'x ']],
    ['x $(a ")"); b', ['a )', 'x', 'b']],
    ['x "$(a "$(b ")")" c)"; d', ['b )', 'a  c', 'x ', 'd']],
    ['x "a\\nb" "c\\"d"', ['x a\\nb c"d']],
    ['x <(a) >(b)', ['a', 'b', 'x /dev/fd/63 /dev/fd/63']],
    ['f() { a; }; f', ['f', 'a', 'f']],
    ['A=1 B=2 c d', ['c d']],
    ['a \'b; c\' "d | e" f\\;g', ['a b; c d | e f;g']],
    ['a # b; c\nd', ['a', 'd']],
    ['a b\\\nc', ['a bc']],
    ['', []],
  ];
  for (const [line, found] of lines) assert.deepEqual(commands(line), found, line);
});

test('words are what a shell would make of them, as far as the line tells', () => {
  const lines: [string, string][] = [
    ['x=b; a $x ${x}c "$x d"', 'a b bc b d'],
    ['a$IFS$9b', 'a b'],
    ['a$unset"b"', 'ab'],
    ['a ~ ~/b ~bob/c x=~/d', 'a /home/ann /home/ann/b /home/bob/c x=/home/ann/d'],
    ['a $HOME/b', 'a /home/ann/b'],
    ["a $'\\x62\\143\\n'", 'a bc\n'],
    ['a {b,c}', 'a b c'],
    ['a x{b,c}', 'a xb xc'],
    ['a ${y:-b} ${y:+c} ${HOME:+d}', 'a b d'],
    ['a {} {b}', 'a {} {b}'],
  ];
  for (const [line, words] of lines) assert.equal(commands(line).at(-1), words, line);
  assert.deepEqual(commands('$(echo a) b'), ['echo a', 'a b']);
  assert.deepEqual(commands('"$@" c', '_', 'a', 'b'), ['a b c']);
  assert.deepEqual(commands('$1 c', '_', 'a', 'b'), ['a c']);
});

test('files that output goes to stand apart from those that are read', () => {
  const [piece] = commandsOfLine('a <b >c 2>>d >|e 2>&1 f', '/h');
  assert.deepEqual(piece?.words, ['a', 'f']);
  assert.deepEqual(piece?.writes, ['c', 'd', 'e', '1']);
  assert.deepEqual(piece?.names, ['b']);
  assert.deepEqual(commandsOfLine('>a', '/h')[0]?.writes, ['a'], 'without a command');
});

test('what comes in is known where the line says it', () => {
  const input = (line: string) => commandsOfLine(line, '/h').at(-1)?.input;
  assert.equal(input('a <<E\nb\nc\nE\n'), 'b\nc');
  assert.equal(input('a <<-E\n\tb\n\tE\n'), '\tb');
  assert.equal(input('a <<E | b\nc\nE\n'), 'c');
  assert.equal(input('a <<< b'), 'b');
  assert.equal(input('echo "b c" | a'), 'b c');
  assert.equal(input('echo b | cat | a'), 'b');
  assert.deepEqual(commands('a <<E\nb\nE\nc'), ['a', 'c'], 'a document is no command');
  assert.deepEqual(commands('a <<E\n$(b)\nE\nc'), ['b', 'a', 'c'], 'but what is run within it is one');
  assert.deepEqual(commands("a <<'E'\n$(b)\nE\nc"), ['a', 'c'], 'unless it is quoted');
});

test.run();
