import { join } from 'node:path';
import type { Invocation } from '../../src/order/order.ts';
import { type GuardedPlace, whyNever } from '../../src/policy/commands/never.ts';
import { recognise } from '../../src/policy/commands/recognise.ts';
import { takesCode } from '../../src/policy/commands/takes-code.ts';
import { placeFor } from '../policy/commands/places.ts';
import { assert, suite } from '../support/suite.ts';
import { HARMLESS_COMMANDS, HARMLESS_LINES, HOSTILE_COMMANDS } from './commands.ts';

const test = suite('redteam/commands');

const ALLOWED = [
  ['git', 'status'],
  ['npm', 'test'],
];

/** As a policy that allows two programs by their first words, and asks about all others. */
function verdict(run: Invocation, place: GuardedPlace): 'safe' | 'ask' | 'never' {
  const found = recognise(run, place);
  if (whyNever(found, place) !== null) return 'never';
  if (found.kind !== 'program' || takesCode(found.argv)) return 'ask';
  const isAllowed = ALLOWED.some(
    (words) => found.program === join(place.path, words[0] ?? '') && words.every((word, i) => found.argv[i] === word),
  );
  return isAllowed ? 'safe' : 'ask';
}

test('rules 7 and 8: no hostile command is taken for an allowed one, and what is never is never', (t) => {
  const place = placeFor(t);
  const faults = HOSTILE_COMMANDS.map(({ run, expect, klass, name }) => ({
    got: verdict(run, place),
    expect,
    klass,
    name,
  }))
    .filter(({ got, expect }) => got === 'safe' || (expect === 'never' && got !== 'never'))
    .map(({ klass, name, got, expect }) => `${klass}: ${JSON.stringify(name)}: ${got}, not ${expect}`);
  assert.deepEqual(faults, []);
});

test('there are enough of them, of each class, each once', () => {
  assert.ok(HOSTILE_COMMANDS.length >= 150, String(HOSTILE_COMMANDS.length));
  const keys = HOSTILE_COMMANDS.map(({ run }) => JSON.stringify(run));
  assert.equal(new Set(keys).size, keys.length);
  const counts = new Map<string, number>();
  for (const { klass } of HOSTILE_COMMANDS) counts.set(klass, (counts.get(klass) ?? 0) + 1);
  for (const [klass, count] of counts) assert.ok(count >= 5, klass);
});

test('commands of any day are plain programs, and none of them is never', (t) => {
  const place = placeFor(t);
  const faults = HARMLESS_COMMANDS.flatMap((entry) => {
    const found = recognise(typeof entry === 'string' ? { shell: entry } : { argv: entry }, place);
    const why = found.kind === 'compound' ? found.why : whyNever(found, place);
    return why === null ? [] : [`${JSON.stringify(entry)}: ${why}`];
  });
  assert.deepEqual(faults, []);
  for (const run of [{ shell: 'git status --short' }, { shell: "npm test -- 'a;b'" }, { argv: ['npm', 'test'] }])
    assert.equal(verdict(run, place), 'safe', JSON.stringify(run));
});

test('lines of any day are asked about, and none of them is never', (t) => {
  const place = placeFor(t);
  for (const line of HARMLESS_LINES) assert.equal(whyNever(recognise({ shell: line }, place), place), null, line);
  for (const line of HARMLESS_LINES) assert.equal(recognise({ shell: line }, place).kind, 'compound', line);
});

test.run();
