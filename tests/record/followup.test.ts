import type { OrderLife } from '../../src/order/life.ts';
import { followupDocument } from '../../src/record/followup.ts';
import type { Station } from '../../src/station/station.ts';
import { assert, suite } from '../support/suite.ts';

/** What state/followup.json names of the orders that are alive. */

const test = suite('record/followup');

test('every order that asks people is named, however many others wait longer', () => {
  const life = (woId: string, minute: number, waitingFor: string | null): OrderLife => {
    const updatedAt = new Date(60_000 * minute).toISOString();
    const admitted = { title: woId, lane: 'MAIN', received_at: updatedAt };
    const status = waitingFor === null ? 'ready' : 'parked';
    return { woId, status, waitingFor, why: null, updatedAt, admitted } as unknown as OrderLife;
  };
  const old = Array.from({ length: 300 }, (_, n) => life(`WO-${n}`, n, null));
  const asking = Array.from({ length: 220 }, (_, n) => life(`WO-ASKS-${n}`, 1000 + n, 'approval'));
  const station = { id: 'ST', settings: { tracker: { staleHours: 24 } } } as unknown as Station;
  const named = (lives: OrderLife[]) =>
    followupDocument(station, lives, { recent: [], failures: [] }, [], 1, 60_000 * 2000);
  const few = named([...old, ...asking.slice(0, 5)]);
  assert.equal(few.alive.length, 200);
  assert.equal(few.more, 105);
  assert.equal(few.alive.filter(({ waiting_for: reason }) => reason === 'approval').length, 5);
  const many = named([...old, ...asking]);
  assert.equal(many.alive.filter(({ waiting_for: reason }) => reason === 'approval').length, 220);
  assert.equal(many.more, 300);
});

test.run();
