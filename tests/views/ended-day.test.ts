import type { Status } from '../../src/order/transition.ts';
import { EndedDay } from '../../src/views/ended-day.ts';
import { assert, suite } from '../support/suite.ts';

/** The counts beside the picture are those of the last day, and of nothing that was taken up again. */

const test = suite('views/ended-day');

const MINUTE = 60_000;

function end(ago: number, status: Status = 'done', lane = 'MAIN') {
  return { lane, status, finishedAt: new Date(Date.now() - ago).toISOString() };
}

function counts(day: EndedDay, later = 0): Record<string, unknown> {
  return Object.fromEntries(day.counts(Date.now() + later));
}

const NONE = { done: 0, failed: 0, rejected: 0, cancelled: 0 };

test('counts what ended by lane and by how', () => {
  const day = new EndedDay();
  for (const status of ['done', 'done', 'failed', 'rejected', 'cancelled'] as const) day.add(end(MINUTE, status));
  day.add(end(MINUTE, 'done', 'OTHER'));
  assert.deepEqual(counts(day), {
    MAIN: { done: 2, failed: 1, rejected: 1, cancelled: 1 },
    OTHER: { ...NONE, done: 1 },
  });
});

test('what is alive does not count, and what was taken up again counts no more', () => {
  const day = new EndedDay();
  day.add({ lane: 'MAIN', status: 'running', finishedAt: null });
  assert.deepEqual(counts(day), {});
  const failed = end(MINUTE, 'failed');
  day.add(failed);
  day.add(end(MINUTE));
  day.remove(failed);
  assert.deepEqual(counts(day), { MAIN: { ...NONE, done: 1 } });
});

test('a day later nothing of it counts', () => {
  const day = new EndedDay();
  day.add(end(23 * 60 * MINUTE));
  day.add(end(MINUTE));
  day.add(end(25 * 60 * MINUTE));
  assert.deepEqual(counts(day), { MAIN: { ...NONE, done: 2 } });
  assert.deepEqual(counts(day, 2 * 60 * MINUTE), { MAIN: { ...NONE, done: 1 } });
  assert.deepEqual(counts(day, 25 * 60 * MINUTE), {});
});

test('one that ended before the day takes nothing away when it is taken up again', () => {
  const day = new EndedDay();
  day.remove(end(30 * 60 * MINUTE, 'failed'));
  assert.deepEqual(counts(day), {});
});

test.run();
