import { choose, type Facts } from '../../src/backlog/choose.ts';
import { readMarkdown } from '../../src/backlog/read-markdown.ts';
import { overlapOf } from '../../src/backlog/scope.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('backlog/choose');

const NOTHING: Facts = { claims: new Map(), orders: new Map(), atWork: [], require: ['dod'] };
const choice = (text: string, facts: Partial<Facts> = {}) => {
  const { chosen, next, skipped } = choose(readMarkdown('BACKLOG.md', text).items, { ...NOTHING, ...facts });
  return {
    chosen: chosen?.key ?? null,
    next: next.map(({ key }) => key),
    skipped: skipped.map(({ item, code, why }) => [item.key, code, why]),
  };
};
const line = (id: string, more = '', box = ' ') => `- [${box}] Do ${id} — DoD: done — ID: ${id}${more}\n`;

test('by priority, then by the order of lines', () => {
  const text = `${line('a')}### P1\n${line('b')}${line('c')}### P0\n${line('d', '', 'x')}### P1\n${line('e')}`;
  assert.deepEqual(choice(text), { chosen: 'b', next: ['c', 'e', 'a'], skipped: [['d', 'DONE', 'done']] });
  assert.deepEqual(choice(''), { chosen: null, next: [], skipped: [] });
});

test('each item that is skipped has its reason', () => {
  const text = [
    line('done', '', 'x'),
    line('dropped', '', '-'),
    line('begun', ' — Scope: src/a', '/'),
    line('boxed', '', '!'),
    line('worded', ' — Context: waiting for the council'),
    line('claimed'),
    line('ordered'),
    line('undecided', ' — Decision: needed'),
    line('after', ' — Depends: begun'),
    line('after-nobody', ' — Depends: T-9'),
    line('after-itself', ' — Depends: after-itself'),
    '- [ ] No DoD — Owner: x — ID: no-dod\n',
    line('overlaps', ' — Scope: src/a/b.ts'),
    line('free', ' — Scope: src/ab'),
  ].join('');
  const facts = {
    claims: new Map([['claimed', { station: 'st-2', at: '2026-11-22T07:00:00.000Z', isOwn: false, isReadable: true }]]),
    orders: new Map([['ordered', { woId: 'BL-ordered', status: 'failed' as const, why: 'CHECK_FAILED' }]]),
  };
  assert.deepEqual(choice(text, facts), {
    chosen: 'free',
    next: [],
    skipped: [
      ['done', 'DONE', 'done'],
      ['dropped', 'DROPPED', 'dropped'],
      ['begun', 'IN_PROGRESS', 'in progress'],
      ['boxed', 'BLOCKED', 'blocked: its box says [!]'],
      ['worded', 'BLOCKED', 'blocked: waiting for the council'],
      ['claimed', 'CLAIMED', 'claimed by st-2 since 2026-11-22T07:00:00.000Z'],
      ['ordered', 'ORDERED', 'already BL-ordered (failed: CHECK_FAILED)'],
      ['undecided', 'NEEDS_DECISION', 'needs a decision by a person first'],
      ['after', 'DEPENDS', 'depends on begun (in progress)'],
      ['after-nobody', 'DEPENDS', 'depends on T-9, which is in no file of the backlog'],
      ['after-itself', 'DEPENDS', 'depends on itself'],
      ['no-dod', 'NO_DOD', 'no DoD: nobody could see that it is done'],
      ['overlaps', 'SCOPE_TAKEN', 'its scope src/a/b.ts meets that of begun, at work'],
    ],
  });
});

test('settings say what an item must say: an owner, nothing, or both', () => {
  const text = '- [ ] A — ID: a\n- [ ] B — DoD: x — ID: b\n- [ ] C — DoD: x — Owner: y/z — ID: c';
  assert.deepEqual(choice(text, { require: [] }).next, ['b', 'c']);
  assert.deepEqual(
    choice(text, { require: ['dod', 'owner'] }).skipped.map(([, code]) => code),
    ['NO_DOD', 'NO_OWNER'],
  );
});

test('a dependency is met by an item that is done, or by its order; by key, id, order or title', () => {
  const text = `${line('a', '', 'x')}${line('b')}`;
  for (const name of ['a', 'A', 'BL-a', 'do a', '**Do A**'])
    assert.deepEqual(choice(`${text}${line('c', ` — Depends: ${name}`)}`).next, ['c'], name);
  const after = `${text}${line('c', ' — Depends: b')}`;
  assert.equal(choice(after).skipped.at(-1)?.[2], 'depends on b (open)');
  const orders = new Map([['b', { woId: 'BL-b', status: 'done' as const, why: null }]]);
  assert.equal(choice(after, { orders }).chosen, 'c', 'its order is done, though it is not marked yet');
});

test("a station's own claim keeps nothing from it, and goes first: nobody else may begin that item", () => {
  const own = new Map([['b', { station: 'st-1', at: '2026-11-22T07:00:00.000Z', isOwn: true, isReadable: true }]]);
  assert.deepEqual(choice(line('a') + line('b'), { claims: own }), { chosen: 'b', next: ['a'], skipped: [] });
});

test('scopes meet where one path is the other or lies below it, at a /', () => {
  for (const [a, b] of [
    ['src', 'src'],
    ['src/', 'src/a.ts'],
    ['src/a/b', 'src/a'],
    ['src/**', 'src/x'],
    ['**/*.ts', 'docs'],
    ['./src/A', 'src/a'],
  ])
    assert.equal(overlapOf([a ?? ''], [b ?? '']), a, `${a} ${b}`);
  for (const [a, b] of [
    ['src/a', 'src/ab'],
    ['src', 'srcs/a'],
    ['docs/*.md', 'src'],
  ])
    assert.equal(overlapOf([a ?? ''], [b ?? '']), null, `${a} ${b}`);
  assert.equal(overlapOf([], ['src']), null);
  const text = line('a', ' — Scope: src/x') + line('b', ' — Scope: docs/');
  assert.deepEqual(choice(text, { atWork: [{ name: 'BL-z', scopePaths: ['src'] }] }).skipped, [
    ['a', 'SCOPE_TAKEN', 'its scope src/x meets that of BL-z, at work'],
  ]);
});

test.run();
