import { asWaybillError } from '../../src/order/error.ts';
import type { Isolation, Order } from '../../src/order/order.ts';
import { isolationOf } from '../../src/policy/isolation.ts';
import { lanePolicy, parsePolicy } from '../../src/policy/policy.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('policy/isolation');

const command = { name: 'x', run: { shell: 'true' }, cwd: null, timeoutSeconds: null, idempotent: false, outputs: [] };
const order = (isolation: Isolation | null, more: Partial<Order> = {}) =>
  ({ isolation, mission: null, commands: [], checks: [], fileActions: [], ...more }) as unknown as Order;
const policy = (isolation: string) =>
  lanePolicy(parsePolicy(Buffer.from(`version: 1\nisolation: ${isolation}\n`)), 'MAIN');

test('orders with commands go to a worktree, those of files alone stay at the root, their checks too', () => {
  const usual = policy('{}');
  assert.equal(isolationOf(order(null, { commands: [command] }), usual), 'worktree');
  assert.equal(isolationOf(order(null), usual), 'in_place');
  assert.equal(isolationOf(order(null, { checks: [{} as never] }), usual), 'in_place');
});

test('rule 7: an order gets what it asks for only where policy lists it', () => {
  assert.equal(isolationOf(order('branch'), policy('{}')), 'branch');
  assert.equal(isolationOf(order('in_place'), policy('{}')), 'in_place', 'what it would get anyway');
  assert.throws(
    () => isolationOf(order('in_place', { commands: [command] }), policy('{}')),
    (thrown) => asWaybillError(thrown).code === 'POLICY_DENIED' && /worktree, branch/.test(asWaybillError(thrown).hint),
  );
  assert.equal(isolationOf(order('in_place', { commands: [command] }), policy('{allow: [in_place]}')), 'in_place');
});

test('a lane may say otherwise', () => {
  const text = 'version: 1\nisolation: {files: worktree}\nlanes: {PR: {isolation: {files: branch}}}\n';
  const both = parsePolicy(Buffer.from(text));
  assert.equal(isolationOf(order(null), lanePolicy(both, 'MAIN')), 'worktree');
  assert.equal(isolationOf(order(null), lanePolicy(both, 'pr')), 'branch');
});

test('what puts files back that are missing at the root is done there', () => {
  const restore = { action: 'restore', path: 'a', mode: null, content: Buffer.from(''), found: null } as const;
  assert.equal(isolationOf(order(null, { fileActions: [restore] }), policy('{files: worktree}')), 'in_place');
});

test('missions are never worked on at the root, and one that may not write lands on a branch of its own', () => {
  const mission = (allowWrite: boolean) => ({ allowWrite }) as Order['mission'];
  const of = (isolation: Isolation | null, allowWrite: boolean) =>
    isolationOf(
      order(isolation, { mission: mission(allowWrite) }),
      policy('{commands: in_place, allow: [in_place, worktree, branch]}'),
    );
  assert.equal(of(null, true), 'worktree', 'whatever policy says of commands');
  assert.equal(of('branch', true), 'branch');
  assert.equal(of(null, false), 'branch');
  for (const [isolation, allowWrite] of [
    ['in_place', true],
    ['in_place', false],
    ['worktree', false],
  ] as const)
    assert.throws(
      () => of(isolation, allowWrite),
      (thrown) => asWaybillError(thrown).code === 'POLICY_DENIED',
    );
});

test.run();
