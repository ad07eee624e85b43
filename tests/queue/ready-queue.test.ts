import fc from 'fast-check';
import type { OrderLife } from '../../src/order/life.ts';
import { ReadyQueue } from '../../src/queue/ready-queue.ts';
import { admittedData, live, record } from '../order/lives.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('queue/ready-queue');

const life = (woId: string, priority: number, born: number, lane = 'MAIN'): OrderLife =>
  live(record('admitted', admittedData({ priority, lane }), { woId, seq: born, to: 'ready' }));

const first = (a: OrderLife, b: OrderLife) =>
  (a.admitted?.priority ?? 2) - (b.admitted?.priority ?? 2) || a.born - b.born;

function drain(queue: ReadyQueue): string[] {
  const ids: string[] = [];
  for (let next = queue.take(() => true); next !== null; next = queue.take(() => true)) ids.push(next.woId);
  return ids;
}

test('queue: priority first, then age', () => {
  const queue = new ReadyQueue();
  for (const [id, priority, born] of [
    ['late', 2, 9],
    ['low', 3, 1],
    ['early', 2, 2],
    ['urgent', 0, 10],
  ] as const)
    queue.add(life(id, priority, born));
  assert.equal(queue.size, 4);
  assert.deepEqual(drain(queue), ['urgent', 'early', 'late', 'low']);
  assert.equal(queue.size, 0);
});

test('queue: for any adds, removals and takes it does what a sorted list would do', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), id: fc.nat(12), priority: fc.nat(3) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('remove' as const), id: fc.nat(12), priority: fc.constant(0) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), id: fc.nat(12), priority: fc.nat(3) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = new ReadyQueue();
      let model: OrderLife[] = [];
      let born = 0;
      for (const { do: what, id, priority } of steps) {
        const woId = `WO-${id}`;
        if (what === 'add') {
          const next = life(woId, priority, ++born, `LANE${id % 3}`);
          queue.add(next);
          if (!model.some((l) => l.woId === woId)) model.push(next);
        } else if (what === 'remove') {
          queue.remove(woId);
          model = model.filter((l) => l.woId !== woId);
        } else {
          const fits = (l: OrderLife) => l.admitted?.lane !== `LANE${priority}`;
          const expected = model.filter(fits).sort(first)[0] ?? null;
          assert.equal(queue.take(fits), expected);
          model = model.filter((l) => l !== expected);
        }
        assert.equal(queue.size, model.length);
      }
      assert.deepEqual(
        drain(queue),
        model.sort(first).map((l) => l.woId),
      );
    }),
    { numRuns: 300 },
  );
});

test('queue: an order removed and added again is there once, as it is now', () => {
  const queue = new ReadyQueue();
  queue.add(life('A', 0, 1));
  queue.remove('A');
  const now = life('A', 3, 1);
  queue.add(now);
  queue.add(life('B', 2, 5));
  assert.equal(queue.take(() => true)?.woId, 'B');
  assert.equal(
    queue.take(() => true),
    now,
  );
  assert.equal(
    queue.take(() => true),
    null,
  );
});

test('rule 11: a full lane keeps its orders and holds up nobody else; a look costs one question a lane', () => {
  const queue = new ReadyQueue();
  for (let i = 0; i < 300; i++) queue.add(life(`WO-${i}`, 1, i + 1, 'FULL'));
  queue.add(life('WO-OTHER', 3, 999, 'FREE'));
  let looked = 0;
  const taken = queue.take((l) => {
    looked++;
    return l.admitted?.lane === 'FREE';
  });
  assert.deepEqual([taken?.woId, looked, queue.size], ['WO-OTHER', 2, 300]);
  assert.equal(drain(queue)[0], 'WO-0');
});

test.run();
