import { WaybillError } from '../../src/order/error.ts';
import type { OrderDocument } from '../../src/order/generated.ts';
import { planOrder, targetsOf } from '../../src/order/plan.ts';
import { assert, suite } from '../support/suite.ts';
import { type Files, orderOf, outcome, planOf } from './plans.ts';

const test = suite('order/plan');

type Actions = NonNullable<OrderDocument['actions']>;
const run = (files: Files, ...actions: Actions) => outcome(files, { actions });
const code =
  (expected: string, message = /./) =>
  (error: unknown) =>
    error instanceof WaybillError && error.code === expected && message.test(error.message);

test('plan: write creates or replaces, and keeps the mode unless one is given', () => {
  const tool = { mode: '100755' as const, bytes: Buffer.from('old') };
  const kept = planOf({ 'tool.sh': tool }, { files: [{ path: 'tool.sh', content: 'new' }] });
  assert.deepEqual(kept.changes[0]?.after, { mode: '100755', bytes: Buffer.from('new') });
  const given = planOf({ 'tool.sh': tool }, { files: [{ path: 'tool.sh', content: 'new', mode: '0644' }] });
  assert.equal(given.changes[0]?.after?.mode, '100644');
  const fresh = planOf({}, { files: [{ path: 'tool.sh', content: 'new' }] });
  assert.deepEqual([fresh.changes[0]?.before, fresh.changes[0]?.after?.mode], [null, '100644']);
});

test('plan: a mode alone is a change', () => {
  const plan = planOf({ a: 'x' }, { files: [{ path: 'a', content: 'x', mode: '0755' }] });
  assert.deepEqual(
    plan.changes.map((c) => [c.before?.mode, c.after?.mode]),
    [['100644', '100755']],
  );
});

test('plan: what is already there is no change, but still a target', () => {
  const plan = planOf({ a: 'x' }, { files: [{ path: 'a', content: 'x' }] });
  assert.deepEqual([plan.changes, plan.targets], [[], ['a']]);
  assert.deepEqual(run({ a: 'x' }, { action: 'append', path: 'a', content: '' }), {});
  const back = run(
    { a: 'x' },
    { action: 'write', path: 'a', content: 'y' },
    { action: 'write', path: 'a', content: 'x' },
  );
  assert.deepEqual(back, {});
  const gone = run({}, { action: 'write', path: 'a', content: 'y' }, { action: 'delete', path: 'a' });
  assert.deepEqual(gone, {});
});

test('plan: append and prepend create what is missing and keep the mode of what is there', () => {
  assert.deepEqual(run({ a: '1\n' }, { action: 'append', path: 'a', content: '2\n' }), { a: '1\n2\n' });
  assert.deepEqual(run({ a: '1\n' }, { action: 'prepend', path: 'a', content: '0\n' }), { a: '0\n1\n' });
  assert.deepEqual(run({}, { action: 'append', path: 'a', content: '2\n' }), { a: '2\n' });
  assert.deepEqual(run({}, { action: 'prepend', path: 'a', content: '2\n' }), { a: '2\n' });
  const tool = { mode: '100755' as const, bytes: Buffer.from('1') };
  const plan = planOf({ t: tool }, { actions: [{ action: 'append', path: 't', content: '2' }] });
  assert.equal(plan.changes[0]?.after?.mode, '100755');
});

test('plan: files come before actions, and actions in their order', () => {
  const after = outcome(
    {},
    {
      files: [{ path: 'a', content: 'one' }],
      actions: [
        { action: 'edit', path: 'a', find: 'one', replace: 'two' },
        { action: 'append', path: 'a', content: ' three' },
        { action: 'move', path: 'a', to: 'b' },
        { action: 'write', path: 'a', content: 'again' },
      ],
    },
  );
  assert.deepEqual(after, { a: 'again', b: 'two three' });
});

test('rule 10: what needs a file says TARGET_MISSING when there is none', () => {
  for (const action of [
    { action: 'edit', path: 'a', find: 'x', replace: 'y' },
    { action: 'delete', path: 'a' },
    { action: 'move', path: 'a', to: 'b' },
  ] as Actions)
    assert.throws(() => run({}, action), code('TARGET_MISSING', /^a /), action.action);
  assert.throws(
    () => run({ a: 'x' }, { action: 'delete', path: 'a' }, { action: 'delete', path: 'a' }),
    code('TARGET_MISSING'),
  );
});

test('rule 1: a move never overwrites: TARGET_EXISTS', () => {
  assert.throws(() => run({ a: '1', b: '2' }, { action: 'move', path: 'a', to: 'b' }), code('TARGET_EXISTS', /^b /));
  const freed = run({ a: '1', b: '2' }, { action: 'delete', path: 'b' }, { action: 'move', path: 'a', to: 'b' });
  assert.deepEqual(freed, { a: null, b: '1' });
});

test('plan: a move carries mode and bytes', () => {
  const tool = { mode: '100755' as const, bytes: Buffer.from([0, 255]) };
  const plan = planOf({ a: tool }, { actions: [{ action: 'move', path: 'a', to: 'b' }] });
  assert.deepEqual(plan.changes.find((c) => c.path === 'b')?.after, tool);
  assert.equal(plan.changes.find((c) => c.path === 'a')?.after, null);
});

test('rule 9: two spellings of one file are one file', () => {
  const order = orderOf({
    files: [
      { path: 'link/a', content: '1' },
      { path: 'real/a', content: '2' },
    ],
  });
  const resolve = new Map([
    ['link/a', 'real/a'],
    ['real/a', 'real/a'],
  ]);
  const plan = planOrder(order, resolve, new Map([['real/a', null]]));
  assert.deepEqual(
    plan.changes.map((c) => [c.path, c.after?.bytes.toString()]),
    [['real/a', '2']],
  );
  assert.deepEqual(plan.targets, ['real/a']);
});

test('rule 9: every path an order names is a target: files, both ends of a move, patches, outputs', () => {
  const order = orderOf({
    files: [{ path: 'f', content: '' }],
    actions: [
      { action: 'move', path: 'm1', to: 'm2' },
      {
        action: 'patch',
        patch: '--- a/p1\n+++ b/p1\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/p2\n@@ -0,0 +1 @@\n+x\n',
      },
      { action: 'patch', patch: 'diff --git a/r1 b/r2\nsimilarity index 100%\nrename from r1\nrename to r2\n' },
      { action: 'command', argv: ['make'], outputs: ['out/o'] },
    ],
  });
  assert.deepEqual(targetsOf(order).sort(), ['f', 'm1', 'm2', 'out/o', 'p1', 'p2', 'r1', 'r2']);
});

test('rule 13: the plan hash covers content, mode, pre-image, commands and checks, and nothing else', () => {
  const base: Partial<OrderDocument> = { files: [{ path: 'a', content: '1' }] };
  const hash = (files: Files, doc: Partial<OrderDocument>) => planOf(files, doc).sha256;
  assert.match(hash({}, base), /^sha256:[0-9a-f]{64}$/);
  assert.equal(hash({}, base), hash({}, { ...base, title: 'other', summary: 'other', tags: ['x'], priority: 'P0' }));
  const others = [
    hash({ a: '0' }, base),
    hash({}, { files: [{ path: 'a', content: '2' }] }),
    hash({}, { files: [{ path: 'a', content: '1', mode: '0755' }] }),
    hash({}, { ...base, wo_id: 'WO-2' }),
    hash({}, { ...base, actions: [{ action: 'command', argv: ['make'] }] }),
    hash({}, { ...base, actions: [{ action: 'command', command: 'make', idempotent: true }] }),
    hash({}, { ...base, tests: [{ command: 'true' }] }),
    hash({}, { ...base, tests: [{ command: 'true', expected: '' }] }),
    hash({}, { ...base, post_verify: ['true'] }),
    hash({}, base),
  ];
  assert.equal(new Set(others).size, others.length);
});

test.run();
