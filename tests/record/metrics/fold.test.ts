import fc from 'fast-check';
import type { Recorded } from '../../../src/order/event.ts';
import { figuresOf } from '../../../src/record/metrics/figures.ts';
import { MetricsFold, type Wanted } from '../../../src/record/metrics/fold.ts';
import { Sum } from '../../../src/record/metrics/tally.ts';
import { assert, suite } from '../../support/suite.ts';
import { figuresFrom, History } from './history.ts';

const test = suite('record/metrics/fold');

const IDS = ['WO-1', 'WO-2', 'BL-3', 'WO-4'];

/** One thing that happens to an order, where its state lets it. */
type Move = (h: History, woId: string, pick: number) => void;

/** Facts that an order which ended still has: dropped again, purged. */
const told: Move = (h, id) => h.repeated(id);
const purged: Move = (h, id) => h.purged(id);

/** By the state that an order is in; 'new' for one that was never seen. */
const MOVES: Readonly<Record<string, readonly Move[]>> = {
  new: [
    (h, id, pick) =>
      h.admitted(id, { type: pick % 2 === 0 ? 'mission' : 'apply_patch', lane: pick % 3 === 0 ? 'SIDE' : 'MAIN' }),
    (h, id, pick) => h.admitted(id, { type: 'mission', dry_run: pick === 4, tags: ['x'] }),
    (h, id) => h.rejected(id, 'EMPTY'),
  ],
  ready: [
    (h, id) => (h.life(id)?.admitted?.type === 'mission' ? h.mission(id) : h.started(id)),
    (h, id) => h.started(id),
    (h, id) => h.cancelled(id),
  ],
  parked: [
    (h, id) => (h.life(id)?.waitingFor === 'time' ? h.released(id, 'its pause is over') : h.approved(id)),
    (h, id) => h.cancelled(id),
  ],
  running: [
    (h, id) => h.succeeded(id),
    (h, id) => h.failed(id, 'CHECK_FAILED'),
    (h, id) => h.failed(id, 'IO_ERROR', true, [{ name: 'unit', ok: false }]),
    (h, id, pick) => h.asks(id, pick % 2 === 0 ? 'checkpoint' : 'budget', pick % 3 === 0 ? 'build' : 'review'),
    (h, id, pick) => h.done(id, pick, pick % 2 === 0 ? 'build' : 'review', { diff_sha256: `sha256:${pick % 2}` }),
    (h, id, pick) =>
      h.done(id, pick, pick % 2 === 0 ? 'build' : 'plan', { failure: 'timeout', diff_sha256: `sha256:${pick % 2}` }),
    (h, id, pick) => h.done(id, pick, 'review', { verdict: pick % 2 === 0 ? 'approved' : 'rejected' }),
    (h, id) => h.step(id, 1, 'build').add(id, 'interrupted', 'ready', { why: '' }),
  ],
  failed: [(h, id) => h.retried(id), (h, id) => h.admitted(id, {}, 'revised'), told, purged],
  cancelled: [(h, id) => h.retried(id), (h, id) => h.admitted(id, {}, 'revised'), told, purged],
  rejected: [(h, id) => h.admitted(id, {}, 'revised')],
  done: [told, purged],
};

const STEPS = fc.array(
  fc.record({ order: fc.nat(IDS.length), move: fc.nat(20), pick: fc.nat(5), wait: fc.nat(3600) }),
  { minLength: 40, maxLength: 120, size: 'max' },
);

function historyOf(steps: readonly { order: number; move: number; pick: number; wait: number }[]): History {
  const h = new History().opened();
  for (const { order, move, pick, wait } of steps) {
    h.wait(wait);
    const woId = IDS[order];
    if (woId === undefined) h.opened(pick === 0);
    else {
      const moves = MOVES[h.life(woId)?.status ?? 'new'] ?? [];
      moves[move % moves.length]?.(h, woId, pick);
    }
  }
  return h;
}

/** Each order by itself, with what its station said of itself, added up. */
function addedUp(records: readonly Recorded[], wanted: Wanted) {
  const sum = new Sum();
  for (const woId of [...IDS, null]) {
    const fold = new MetricsFold(wanted);
    for (const record of records) if (record.event === 'opened' || record.wo_id === woId) fold.take(record);
    sum.add(fold.finish());
  }
  return figuresOf(sum.total);
}

/** Folded as a ledger is that was looked through before: each end is asked about once. */
function foldEarly(records: readonly Recorded[]): MetricsFold {
  const again = records.flatMap(({ event, wo_id: id }) =>
    event === 'retried' || event === 'revised' ? [id ?? ''] : [],
  );
  const fold = new MetricsFold({ since: null, lane: null }, (woId) => {
    const at = again.findIndex((id) => id.toLowerCase() === woId);
    if (at >= 0) again.splice(at, 1);
    return at >= 0;
  });
  for (const record of records) fold.take(record);
  return fold;
}

test('folding a ledger in one pass equals folding each order alone and adding', () => {
  let ended = 0;
  fc.assert(
    fc.property(STEPS, fc.option(fc.nat(30_000)), fc.constantFrom(null, 'MAIN', 'SIDE'), (steps, since, lane) => {
      const { records } = historyOf(steps);
      const wanted = { since: since === null ? null : Date.parse('2026-11-01T00:00:00Z') + since * 1000, lane };
      const whole = figuresFrom(records, wanted);
      assert.deepEqual(whole, addedUp(records, wanted));
      ended += whole.unattended_completion.orders.n;
    }),
    { numRuns: 300 },
  );
  assert.ok(ended > 100, `${ended} orders ended in all of them`);
});

test('what is counted early, of orders that are never taken up again, is what is counted at the end; each order counts once', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const { records } = historyOf(steps);
      const early = figuresOf(foldEarly(records).finish());
      assert.deepEqual(early, figuresFrom(records));
      const told = early.left_out.dry_runs + early.left_out.demos + early.unfinished;
      assert.ok(early.unattended_completion.orders.n + told <= IDS.length);
    }),
    { numRuns: 300 },
  );
});

test('what is told of an order after its end is no other end: taken up again, it counts as it ended last', () => {
  const h = new History().opened();
  h.admitted('WO-1').started('WO-1').failed('WO-1', 'EFFECT_UNVERIFIED').repeated('WO-1').repeated('WO-1');
  h.retried('WO-1').started('WO-1').succeeded('WO-1');
  h.admitted('WO-2').started('WO-2').failed('WO-2', 'CHECK_FAILED').purged('WO-2');
  h.admitted('WO-2', {}, 'revised').started('WO-2').succeeded('WO-2');
  h.admitted('WO-3').cancelled('WO-3').repeated('WO-3').retried('WO-3').started('WO-3').failed('WO-3', 'IO_ERROR');
  h.purged('WO-3');
  const early = figuresOf(foldEarly(h.records).finish());
  assert.deepEqual(early, figuresFrom(h.records));
  assert.deepEqual([early.unattended_completion.orders.n, early.selection_to_close_seconds.orders.n], [3, 2]);
  assert.deepEqual(early.failures.by_code, [{ code: 'IO_ERROR', count: 1 }]);
});

test('rule 11: what is held in memory does not grow with the number of orders that ended', () => {
  const h = new History().opened();
  for (let n = 0; n < 500; n++) {
    h.plain(`WO-${n}`, 1);
    h.admitted(`WO-F${n}`).started(`WO-F${n}`).failed(`WO-F${n}`, 'CHECK_FAILED').rejected(`WO-R${n}`, 'EMPTY');
  }
  h.admitted('WO-ALIVE').retried('WO-F7');
  const fold = new MetricsFold({ since: null, lane: null }, (woId) => woId === 'wo-f7');
  for (const record of h.records) fold.take(record);
  assert.equal(fold.held, 2);
  assert.equal(figuresOf(fold.finish()).unattended_completion.orders.n, 999);
});

test.run();
