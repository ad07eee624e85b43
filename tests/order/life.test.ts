import { WaybillError } from '../../src/order/error.ts';
import { advance, claimOf, laneOf } from '../../src/order/life.ts';
import { assert, suite } from '../support/suite.ts';
import {
  admitted,
  admittedData,
  cancelled,
  EXECUTED,
  failed,
  LANDING,
  live,
  record,
  rejectedData,
  retried,
  started,
  succeeded,
  waits,
} from './lives.ts';

const test = suite('order/life');

const command = (idempotent: boolean) => record('command', { n: 1, name: 'make', idempotent });

test('order states: a plain order goes from ready through running to done', () => {
  const birth = admitted();
  const life = live(birth, started(), record('landing', LANDING), record('landed', { commits: ['c'], how: 'landed' }));
  assert.equal(life.status, 'running');
  assert.equal(life.landing?.batch, LANDING.batch);
  const end = advance(life, succeeded());
  assert.equal(end.status, 'done');
  assert.equal(end.born, birth.seq);
  assert.equal(end.lastSeq, birth.seq + 4);
  assert.ok(end.finishedAt !== null && end.startedAt !== null && end.startedAt <= end.finishedAt);
  assert.equal(end.lastError, null);
});

test('order states: an event that the table forbids does not fold', () => {
  for (const [records, next] of [
    [[admitted()], succeeded()],
    [[admitted(), started(), succeeded()], retried()],
    [[admitted()], admitted()],
    [[admitted({ waiting_for: 'hold' }, 'parked')], started()],
  ] as const) {
    assert.throws(
      () => advance(live(...records), next),
      (error: unknown) => error instanceof WaybillError && error.code === 'ILLEGAL_TRANSITION',
    );
  }
});

test('order states: folding leaves the life before as it was', () => {
  const before = live(admitted());
  const copy = structuredClone(before);
  advance(before, started());
  assert.deepEqual(before, copy);
});

test('rule 15: a parked order knows what it waits for, until when and why', () => {
  const life = live(admitted({ waiting_for: 'time', until: '2026-12-01T00:00:00.000Z' }, 'parked'));
  assert.deepEqual([life.status, life.waitingFor, life.until], ['parked', 'time', '2026-12-01T00:00:00.000Z']);
  const running = live(admitted(), started(), waits('repository'));
  assert.deepEqual([running.status, running.waitingFor, running.why], ['parked', 'repository', 'a merge is under way']);
  const held = advance(life, record('held', { by: 'anna', reason: 'not today' }, { from: 'parked', to: 'parked' }));
  assert.deepEqual([held.waitingFor, held.until, held.why], ['hold', null, 'not today']);
  const released = advance(held, record('released', { why: 'anna' }, { from: 'parked', to: 'ready' }));
  assert.deepEqual([released.status, released.waitingFor, released.until, released.why], ['ready', null, null, null]);
});

test('rule 4: a new attempt has done nothing yet; what was executed before counts no more', () => {
  const life = live(admitted(), started(), command(false), record('executed', EXECUTED), failed('parked'));
  assert.deepEqual(
    [life.status, life.waitingFor, life.until, life.retriesUsed],
    ['parked', 'time', '2026-11-20T10:01:00.000Z', 1],
  );
  assert.deepEqual(
    [life.started, life.executed, life.commandsBegun, life.unsafeCommandBegun, life.landing, life.landed],
    [null, null, 0, false, null, null],
  );
});

test('rule 4: what is executed stays executed over an interruption, a command in progress does not', () => {
  const interrupted = record('interrupted', { why: 'killed' }, { from: 'running', to: 'ready' });
  const executed = live(admitted(), started(), command(false), record('executed', EXECUTED), interrupted);
  assert.deepEqual(executed.executed, EXECUTED);
  assert.equal(executed.landing, null);
  const cut = live(admitted(), started(), command(false));
  assert.equal(cut.unsafeCommandBegun, true);
  assert.equal(live(admitted(), started(), command(true)).unsafeCommandBegun, false);
  assert.equal(advance(cut, interrupted).executed, null);
});

test('rule 4: an unsafe command is not forgotten when a safe one follows', () => {
  const life = live(admitted(), started(), command(false), command(true));
  assert.deepEqual([life.commandsBegun, life.unsafeCommandBegun], [2, true]);
});

test('order states: waiting in the middle of an attempt keeps what it executed and drops the open landing', () => {
  const life = live(admitted(), started(), record('executed', EXECUTED), record('landing', LANDING), waits());
  assert.deepEqual([life.landing, life.executed], [null, EXECUTED]);
});

test('order states: a retry by a person begins a new attempt with fresh retries and the new claim', () => {
  const life = live(admitted(), started(), failed('parked'));
  const dead = advance(
    advance(advance(life, record('released', { why: 'time' }, { from: 'parked', to: 'ready' })), started()),
    failed(),
  );
  assert.equal(dead.retriesUsed, 1);
  const again = advance(dead, retried());
  assert.deepEqual(
    [again.status, again.attempt, again.retriesUsed, again.finishedAt, again.startedAt, again.outcome],
    ['ready', 2, 0, null, null, null],
  );
  assert.equal(claimOf(again), '01JD0000000000000000000009');
});

test('order states: a revision carries new bytes under the same id and the same birth', () => {
  const dead = live(admitted(), started(), failed());
  const data = admittedData({ claim: 'new', title: 'Say it better' });
  const life = advance(dead, record('revised', data, { from: 'failed', to: 'ready', attempt: 2 }));
  assert.deepEqual(
    [life.revision, life.born, life.admitted?.title, life.lastError, life.outcome],
    [2, dead.born, 'Say it better', null, null],
  );
});

test('order states: a rejection ends the order, and a revision mends it', () => {
  const life = live(record('rejected', rejectedData(), { attempt: 0, to: 'rejected' }));
  assert.deepEqual([life.status, life.lastError?.code, laneOf(life)], ['rejected', 'YAML_INVALID', 'MAIN']);
  const mended = advance(life, record('revised', admittedData(), { from: 'rejected', to: 'ready' }));
  assert.deepEqual([mended.rejected, mended.lastError, mended.revision], [null, null, 2]);
});

test('order states: cancelled is possible from ready, parked and running, and can be retried', () => {
  for (const life of [live(admitted()), live(admitted(), started()), live(admitted(), started(), waits())]) {
    const end = advance(life, cancelled(life.status));
    assert.deepEqual([end.status, end.lastError?.code, end.waitingFor], ['cancelled', 'CANCELLED', null]);
    assert.equal(advance(end, retried('cancelled')).status, 'ready');
  }
});

test.run();
