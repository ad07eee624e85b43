import { WaybillError } from '../../src/order/error.ts';
import type { OrderLife } from '../../src/order/life.ts';
import type { Status } from '../../src/order/transition.ts';
import { agentWait, backoffMs, findCycle, nextAgentLook, WaitingRoom, waitOf } from '../../src/queue/waits.ts';
import { admitted, admittedData, live, record, started, waits } from '../order/lives.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('queue/waits');

const NOW = '2026-11-20T10:00:00.000Z';
const SINCE = '2026-11-20T09:00:00.000Z';
const wait = (
  request: Partial<Parameters<typeof waitOf>[0]>,
  known: Record<string, Status> = {},
  hours = 24,
  now = NOW,
) =>
  waitOf(
    { hold: false, notBefore: null, dependsOn: [], ...request },
    now,
    SINCE,
    hours,
    (id) => known[id] ?? 'unknown',
  );

test('order states: nothing asked for is nothing to wait for', () => {
  assert.equal(wait({}), null);
  assert.equal(wait({ dependsOn: ['A', 'B'] }, { A: 'done', B: 'done' }), null);
  assert.equal(wait({ notBefore: NOW }), null);
  assert.equal(wait({ notBefore: '2026-11-20T09:59:59.999Z' }), null);
});

test('order states: hold, dependency and time, in this order, each with its reason', () => {
  const later = '2026-11-20T10:00:00.001Z';
  const all = { hold: true, notBefore: later, dependsOn: ['A'] };
  assert.equal(wait(all)?.waitingFor, 'hold');
  assert.equal(wait(all)?.until, null);
  const dependency = wait({ ...all, hold: false }, { A: 'running' });
  assert.deepEqual([dependency?.waitingFor, dependency?.until], ['dependency', null]);
  assert.match(dependency?.why ?? '', /depends on A$/);
  const time = wait({ notBefore: later });
  assert.deepEqual([time?.waitingFor, time?.until], ['time', later]);
});

test('order states: every live status of a dependency is waited for', () => {
  for (const status of ['ready', 'running', 'parked'] as const)
    assert.equal(wait({ dependsOn: ['A'] }, { A: status })?.waitingFor, 'dependency', status);
});

test('order states: a dependency that ended otherwise than done fails the order and is named', () => {
  for (const status of ['failed', 'rejected', 'cancelled'] as const)
    assert.throws(
      () => wait({ dependsOn: ['B', 'A'] }, { B: 'running', A: status }),
      (e: unknown) =>
        e instanceof WaybillError &&
        e.code === 'DEPENDENCY_FAILED' &&
        e.message.includes(`A, which it depends on, ended as ${status}`),
    );
});

test('order states: one never seen is waited for until its deadline, then it is DEPENDENCY_UNKNOWN', () => {
  const waiting = wait({ dependsOn: ['A', 'B'] }, { A: 'running' }, 2);
  assert.equal(waiting?.until, '2026-11-20T11:00:00.000Z');
  assert.match(waiting?.why ?? '', /never seen: B/);
  const late = () => wait({ dependsOn: ['A', 'B'] }, { A: 'running' }, 2, '2026-11-20T11:00:00.000Z');
  assert.throws(
    late,
    (e: unknown) => e instanceof WaybillError && e.code === 'DEPENDENCY_UNKNOWN' && /^B was/.test(e.message),
  );
  assert.equal(wait({ dependsOn: ['A'] }, { A: 'running' }, 2, '2027-01-01T00:00:00.000Z')?.until, null);
});

test('order states: a deadline of any length that settings allow can be kept', () => {
  assert.equal(wait({ dependsOn: ['A'] }, {}, 1e300)?.until, '9999-12-31T23:59:59.000Z');
});

test('rule 11: whether agents are there is asked for missions only, because the answer reads files', () => {
  const asked: string[] = [];
  const none = (who: string) => () => {
    asked.push(who);
    return false;
  };
  assert.equal(agentWait(null, none('a plain order'), 0), null);
  assert.match(agentWait(['codex'], none('a mission'), 0)?.why ?? '', /wanted: codex/);
  assert.equal(
    agentWait([], () => true, 0),
    null,
  );
  assert.deepEqual(asked, ['a mission']);
});

test('rule 10: circles of dependencies are found and spelled out', () => {
  const graph: Record<string, string[]> = { B: ['C', 'D'], C: ['A'], D: ['E'], E: [] };
  const of = (id: string) => graph[id] ?? [];
  assert.deepEqual(findCycle('A', ['B'], of), ['A', 'B', 'C', 'A']);
  assert.deepEqual(findCycle('A', ['A'], of), ['A', 'A']);
  assert.equal(findCycle('X', ['B'], of), null);
  assert.equal(findCycle('A', [], of), null);
  assert.equal(findCycle('A', ['never-seen'], of), null);
});

test('rule 10: a circle is one in any case of letters', () => {
  const graph: Record<string, string[]> = { b: ['wo-a'] };
  assert.deepEqual(
    findCycle('WO-A', ['B'], (id) => graph[id.toLowerCase()] ?? []),
    ['WO-A', 'B', 'WO-A'],
  );
});

test('rule 10: a circle beside the order does not hold the search, and no length of chain does', () => {
  assert.equal(
    findCycle('A', ['B'], (id) => (id === 'B' ? ['C'] : ['B'])),
    null,
  );
  const chain = (id: string) => [`N${Number(id.slice(1)) + 1}`];
  const long = (id: string) => (id === 'N100000' ? ['A'] : chain(id));
  assert.equal(findCycle('A', ['N0'], long)?.length, 100_003);
  const wide = Array.from({ length: 500 }, (_, i) => `W${i}`);
  assert.equal(
    findCycle('A', wide, (id) => (id.startsWith('W') ? wide : [])),
    null,
  );
});

test('order states: the pause before a retry doubles up to its limit', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((n) => backoffMs(n, 5, 60)),
    [5000, 10_000, 20_000, 40_000, 60_000],
  );
  assert.equal(backoffMs(1_000_000, 5, 3600), 3_600_000);
  assert.equal(backoffMs(3, 0, 3600), 0);
});

const parked = (
  woId: string,
  more: { waitingFor: 'dependency' | 'time' | 'hold'; until?: string; on?: string[] },
): OrderLife =>
  live(
    record(
      'admitted',
      admittedData({ waiting_for: more.waitingFor, until: more.until ?? null, depends_on: more.on ?? [] }),
      {
        woId,
        to: 'parked',
      },
    ),
  );

test('rule 11: an event finds whom it wakes: dependents, whose time has come, who waits for the repository', () => {
  const room = new WaitingRoom();
  const a = parked('A', { waitingFor: 'dependency', on: ['X', 'Y'] });
  const b = parked('B', { waitingFor: 'dependency', on: ['x'], until: '2026-11-20T12:00:00.000Z' });
  const c = parked('C', { waitingFor: 'time', until: '2026-11-20T11:00:00.000Z', on: ['X'] });
  const d: OrderLife = { ...parked('D', { waitingFor: 'hold' }), waitingFor: 'repository' };
  for (const life of [a, b, c, d]) room.add(life);
  assert.deepEqual(room.dependents('X').sort(), ['A', 'B']);
  assert.deepEqual(room.dependents('y'), ['A']);
  assert.deepEqual(room.dependents('Z'), []);
  assert.deepEqual(room.repository(), ['D']);
  const at = Date.parse('2026-11-20T11:00:00.000Z');
  assert.deepEqual([room.due(at - 1), room.due(at), room.nextDue(at - 5), room.nextDue(at + 9)], [[], ['C'], 5, 0]);
  room.remove(c);
  assert.equal(room.nextDue(at), 3_600_000);
  for (const life of [a, b, d]) room.remove(life);
  assert.deepEqual([room.dependents('X'), room.repository(), room.nextDue(at), room.due(at * 2)], [[], [], null, []]);
});

test('rule 11: added again an order waits only for what it waits for now', () => {
  const room = new WaitingRoom();
  const before = parked('A', { waitingFor: 'dependency', on: ['X'], until: '2026-11-20T12:00:00.000Z' });
  room.add(before);
  room.add({ ...before, waitingFor: 'hold', until: null });
  assert.deepEqual([room.dependents('X'), room.nextDue(0)], [[], null]);
});

test('rule 12: an agent that cannot be used is looked for ever more rarely, at most after an hour, until a step begins', () => {
  const minute = 60_000;
  let now = Date.parse(NOW);
  const pauses: number[] = [];
  for (let [look, since] = [0, null as string | null]; look < 9; look++) {
    const next = Date.parse(nextAgentLook(since, now));
    pauses.push((next - now) / minute);
    since ??= new Date(now).toISOString();
    now = next;
  }
  assert.deepEqual(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60]);

  const first = waits('agent');
  const released = () => record('released', { why: 'look' }, { from: 'parked', to: 'ready' });
  const again = [released(), started(), waits('agent')];
  assert.equal(live(admitted(), started(), first, ...again).agentlessSince, first.ts, 'all looks are one wait');
  const step = {
    n: 1,
    step: 'build',
    role: 'builder',
    agent: 'own',
    reserved: { tokens: null, usd: null, seconds: null },
  };
  assert.equal(live(admitted(), started(), first, released(), started(), record('step', step)).agentlessSince, null);
  assert.equal(live(admitted(), started(), first, released(), started(), waits('hold')).agentlessSince, null);
});

test.run();
