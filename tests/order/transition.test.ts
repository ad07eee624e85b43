import { WaybillError } from '../../src/order/error.ts';
import { isTransition } from '../../src/order/event.ts';
import {
  assertLegal,
  isLegal,
  isTerminal,
  type Status,
  TRANSITIONS,
  type Transition,
  type WaitingFor,
} from '../../src/order/transition.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/transition');

const STATUSES: readonly Status[] = ['ready', 'running', 'parked', 'done', 'failed', 'rejected', 'cancelled'];
const WAITS: readonly WaitingFor[] = [
  'approval',
  'checkpoint',
  'dependency',
  'time',
  'hold',
  'agent',
  'repository',
  'budget',
];

/** The table of design.md, "Order states", written out once more by hand: `from [waits] -> to`. */
const TABLE: readonly [Transition, string][] = [
  ['admitted', 'new -> ready parked'],
  ['rejected', 'new -> rejected'],
  // design.md says parked; what waits for a person's decision or for a budget is not released, it is approved
  ['released', 'parked[dependency time hold agent repository] -> ready'],
  ['approved', 'parked[approval checkpoint budget] -> ready'],
  ['denied', 'parked[approval checkpoint budget] -> failed'],
  ['expired', 'parked[approval checkpoint budget] -> failed'],
  ['failed', 'parked[dependency] -> failed'],
  ['started', 'ready -> running'],
  ['waits', 'running -> parked'],
  ['succeeded', 'running -> done'],
  ['failed', 'running -> parked failed'],
  ['held', 'ready -> parked'],
  ['held', 'parked -> parked'],
  ['cancelled', 'ready -> cancelled'],
  ['cancelled', 'parked -> cancelled'],
  ['cancelled', 'running -> cancelled'],
  ['retried', 'failed -> ready'],
  ['retried', 'cancelled -> ready'],
  // design.md says ready; a revision with an unmet wait parks like any other, which intake relies on
  ['revised', 'failed -> ready parked'],
  ['revised', 'rejected -> ready parked'],
  ['revised', 'cancelled -> ready parked'],
  ['interrupted', 'running -> running ready failed'],
];

function allowed(event: Transition, from: string, to: string, waits: WaitingFor | null): boolean {
  return TABLE.some(([name, text]) => {
    const match = /^(\w+)(?:\[([^\]]+)\])? -> (.+)$/.exec(text);
    if (name !== event || match?.[1] !== from) return false;
    const [needed, targets] = [match[2]?.split(' '), match[3]?.split(' ') ?? []];
    return targets.includes(to) && (needed === undefined || (waits !== null && needed.includes(waits)));
  });
}

const events = Object.keys(TRANSITIONS) as Transition[];

test('order states: every event in every state is allowed exactly where the table has it', () => {
  let cells = 0;
  for (const event of events) {
    for (const from of [null, ...STATUSES]) {
      for (const to of STATUSES) {
        for (const waits of from === 'parked' ? [null, ...WAITS] : [null]) {
          const expected = allowed(event, from ?? 'new', to, waits);
          const where = `${event}: ${from ?? 'new'} (${waits}) -> ${to}`;
          assert.equal(isLegal(event, from, to, waits), expected, where);
          cells++;
        }
      }
    }
  }
  assert.equal(cells, events.length * STATUSES.length * (7 + WAITS.length + 1));
});

test('order states: what is not in the table throws ILLEGAL_TRANSITION and names order, event and state', () => {
  for (const event of events) {
    for (const from of [null, ...STATUSES]) {
      for (const to of STATUSES) {
        const call = () => assertLegal('WO-7', event, from, to, from === 'parked' ? 'time' : null);
        if (allowed(event, from ?? 'new', to, from === 'parked' ? 'time' : null)) {
          call();
          continue;
        }
        assert.throws(call, (error: unknown) => {
          assert.ok(error instanceof WaybillError);
          assert.equal(error.code, 'ILLEGAL_TRANSITION');
          assert.match(error.message, new RegExp(`WO-7: ${event} .*${from === null ? 'unknown' : from}`));
          return true;
        });
      }
    }
  }
});

test('order states: asked without a target, an event is legal where any target of it is', () => {
  for (const event of events) {
    for (const from of [null, ...STATUSES]) {
      for (const waits of from === 'parked' ? WAITS : [null]) {
        const expected = STATUSES.some((to) => allowed(event, from ?? 'new', to, waits));
        assert.equal(isLegal(event, from, null, waits), expected, `${event} from ${from ?? 'new'} (${waits})`);
      }
    }
  }
});

test('order states: nothing leaves done', () => {
  for (const event of events) assert.equal(isLegal(event, 'done', null, null), false, event);
});

test('order states: done, failed, rejected and cancelled are the ends', () => {
  assert.deepEqual(STATUSES.filter(isTerminal), ['done', 'failed', 'rejected', 'cancelled']);
});

test('order states: events that are facts move no order', () => {
  for (const event of events) assert.ok(isTransition(event), event);
  for (const fact of ['opened', 'command', 'executed', 'restored', 'landing', 'landed'] as const)
    assert.equal(isTransition(fact), false, fact);
});

test.run();
