import { WaybillError } from '../../src/order/error.ts';
import type { Invocation } from '../../src/order/order.ts';
import { assertCommandsAllowed, isAllowed } from '../../src/policy/commands.ts';
import { parseSettings } from '../../src/station/settings.ts';
import { orderOf } from '../order/plans.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('policy/commands');

const shell = (line: string): Invocation => ({ shell: line });
const argv = (...parts: string[]): Invocation => ({ argv: parts });

test('rule 7: without a rule nothing runs', () => {
  assert.equal(isAllowed(shell('true'), []), false);
  assert.equal(isAllowed(argv('true'), []), false);
  assert.deepEqual(parseSettings(Buffer.from('')).commands.allow, []);
});

test('rule 8: a shell line is allowed as a whole and by nothing else', () => {
  const allow = ['npm test'];
  assert.ok(isAllowed(shell('npm test'), allow));
  assert.ok(isAllowed(shell('  npm test\n'), allow), 'white space at both ends says nothing to a shell');
  for (const line of [
    'npm',
    'npm tes',
    'npm test2',
    'npm test; rm -rf /',
    'npm test && x',
    'npm test\nrm x',
    'x npm test',
    'npm  test',
    'NPM test',
    'npm test #',
    'npm$IFS test',
    '',
  ])
    assert.equal(isAllowed(shell(line), allow), false, line);
  assert.equal(isAllowed(argv('npm', 'test'), allow), false, 'a shell line allows no program');
  assert.equal(isAllowed(argv('npm test'), allow), false);
});

test('rule 8: a program is allowed by its first arguments, and never through a shell', () => {
  const allow = [{ argv: ['node', 'scripts/check.mjs'] }];
  assert.ok(isAllowed(argv('node', 'scripts/check.mjs'), allow));
  assert.ok(isAllowed(argv('node', 'scripts/check.mjs', '--all', '$(x)'), allow));
  for (const parts of [
    ['node'],
    ['node', '-e', 'x'],
    ['node', 'scripts/check.mjs2'],
    ['node', '--inspect', 'scripts/check.mjs'],
    ['/usr/bin/node', 'scripts/check.mjs'],
    [],
  ])
    assert.equal(isAllowed(argv(...parts), allow), false, parts.join(' '));
  assert.equal(isAllowed(shell('node scripts/check.mjs'), allow), false);
});

test('rule 7: "*" allows everything, and only when it stands alone', () => {
  for (const run of [shell('anything | at all'), argv('x')]) assert.ok(isAllowed(run, ['*']));
  for (const rule of ['npm *', '**', '* ']) assert.equal(isAllowed(shell('npm test'), [rule]), false, rule);
  assert.equal(isAllowed(argv('x'), [{ argv: ['*'] }]), false);
});

const order = orderOf({
  actions: [
    { action: 'command', command: 'make "all" # ünï: {x}\n\techo \\n' },
    { action: 'command', argv: ['node', '-e', 'it\'s: [a], {b}, "c"\n'] },
    { action: 'command', argv: ['yes'] },
  ],
  post_verify: ['true', '- dash: colon'],
  tests: [{ command: 'true' }, { argv: ['yes'] }],
});

function refusal(settings: string, of = order): WaybillError {
  try {
    assertCommandsAllowed(of, parseSettings(Buffer.from(settings)));
  } catch (error) {
    assert.ok(error instanceof WaybillError);
    return error;
  }
  throw new Error('allowed');
}

test('rule 10: a refusal names the first command and how many more, checks included', () => {
  const error = refusal('');
  assert.equal(error.code, 'COMMAND_NOT_ALLOWED');
  assert.match(error.message, /make.* and 6 more/);
  assert.match(refusal('commands: {allow: ["true"]}').message, /and 4 more/);
});

test('rule 10: the lines of the hint, pasted into settings as they are, allow exactly this order', () => {
  const { hint } = refusal('');
  const yaml = hint.slice(hint.indexOf('commands:'));
  assert.equal(yaml.split('\n').length, 2 + 5, 'each line once');
  const settings = parseSettings(Buffer.from(yaml));
  assert.doesNotThrow(() => assertCommandsAllowed(order, settings));
  assert.equal(isAllowed(shell('other'), settings.commands.allow), false);
});

test('rule 7: no hint ever suggests to allow everything', () => {
  for (const line of ['*', ' * ']) {
    const error = refusal('', orderOf({ actions: [{ action: 'command', command: line }], post_verify: ['true'] }));
    assert.equal(error.code, 'COMMAND_NOT_ALLOWED');
    assert.ok(!error.hint.includes('*'), error.hint);
  }
});

test('rule 7: an order without commands needs no rule', () => {
  const plain = orderOf({ files: [{ path: 'a', content: '' }] });
  assert.doesNotThrow(() => assertCommandsAllowed(plain, parseSettings(Buffer.from(''))));
});

test.run();
