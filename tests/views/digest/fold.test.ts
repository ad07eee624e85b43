import { BACKLOG_FILES } from '../../../src/order/bookkeeping.ts';
import { canaryText } from '../../../src/order/canary.ts';
import { sha256 } from '../../../src/order/canonical-json.ts';
import { DigestFold, type Folded } from '../../../src/views/digest/fold.ts';
import { History } from '../../record/metrics/history.ts';
import { assert, suite } from '../../support/suite.ts';

/** Ledgers written by hand, whose figures were counted by hand. */

const test = suite('views/digest/fold');

const HOUR = 3600;
const START = Date.parse('2026-11-01T00:00:00.000Z');

/** Hours since the history's clock began. */
function digest(h: History, since: number, until: number): Folded {
  const at = (hour: number) => START + hour * HOUR * 1000;
  const times = { before: at(since - (until - since)), since: at(since), until: at(until) };
  const fold = new DigestFold(times, { isDemo: false, backlog: BACKLOG_FILES });
  for (const record of h.records) fold.take(record);
  return fold.finish();
}

const NONE = { received: 0, done: 0, failed: 0, cancelled: 0, rejected: 0, tokens: 0, usd: 0, unknown_steps: 0 };
const usage = (tokens: number, usd: number | null = null) => {
  return { input: tokens, cache_read: 0, cache_write: 0, output: 0, tokens, usd };
};

test('of nothing everything is 0, and no list has a row', () => {
  const d = digest(new History().opened(), 24, 48);
  assert.deepEqual([d.totals, d.before], [NONE, NONE]);
  assert.deepEqual([d.failures, d.rejections, d.agents, d.missions, d.slowest, d.lanes], [[], [], [], [], [], []]);
});

test('an order counts where it ended last; what was before both times counts nowhere; the time before is counted beside it', () => {
  const h = new History().opened();
  h.plain('WO-OLD', 60);
  h.admitted('WO-LONG').wait(25 * HOUR);
  h.plain('WO-BEFORE', 60).admitted('WO-F').started('WO-F').failed('WO-F', 'CHECK_FAILED');
  h.wait(24 * HOUR);
  h.started('WO-LONG').wait(60).succeeded('WO-LONG');
  h.retried('WO-F').started('WO-F').wait(10).succeeded('WO-F');
  h.admitted('WO-AGAIN').started('WO-AGAIN').failed('WO-AGAIN', 'CHECK_FAILED');
  h.retried('WO-AGAIN').started('WO-AGAIN').failed('WO-AGAIN', 'COMMAND_FAILED');
  h.admitted('WO-OPEN').started('WO-OPEN').failed('WO-OPEN', 'IO_ERROR').retried('WO-OPEN');
  h.admitted('WO-X').cancelled('WO-X').rejected(null, 'UNKNOWN_SHAPE');
  const d = digest(h, 48, 72);
  assert.deepEqual(d.totals, { ...NONE, received: 3, done: 2, failed: 1, cancelled: 1, rejected: 1 });
  assert.deepEqual(d.before, { ...NONE, received: 2, done: 1, failed: 1 }, 'as it was then: it failed');
  assert.deepEqual(
    d.failures.map(({ code, count, orders }) => [code, count, orders.map(({ wo_id }) => wo_id)]),
    [
      ['CANCELLED', 1, ['WO-X']],
      ['COMMAND_FAILED', 1, ['WO-AGAIN']],
    ],
  );
  assert.deepEqual(
    [d.slowest[0]?.wo_id, d.slowest[0]?.seconds, d.slowest[0]?.worked_seconds],
    ['WO-LONG', 49 * HOUR + 120, 60],
  );
  assert.deepEqual(d.lanes, [{ lane: 'MAIN', received: 3, done: 2, failed: 1, cancelled: 1, rejected: 1 }]);
});

test('cost: by agent and mission, in the time in which the step ended; a step nobody told of is unknown, never nothing', () => {
  const h = new History().opened();
  h.admitted('WO-M', { type: 'mission', title: 'Hello' }).mission('WO-M');
  h.done('WO-M', 1, 'design', { usage: usage(100, 0.25) });
  h.wait(24 * HOUR);
  h.done('WO-M', 2, 'build', { usage: usage(40, 0.1), agent: 'own' });
  h.step('WO-M', 3, 'review', 'other').add('WO-M', 'interrupted', 'ready', { why: 'the station ended' });
  h.started('WO-M').done('WO-M', 4, 'review', { agent: 'other', usage: usage(7) });
  h.done('WO-M', 5, 'checks', { agent: null })
    .done('WO-M', 6, 'close', { agent: 'own', usage: null })
    .succeeded('WO-M');
  const d = digest(h, 24, 48);
  assert.deepEqual([d.totals.tokens, d.totals.usd, d.totals.unknown_steps], [47, 0.1, 2]);
  assert.deepEqual([d.before.tokens, d.before.usd, d.before.unknown_steps], [100, 0.25, 0]);
  assert.deepEqual(d.agents, [
    { agent: 'own', steps: 2, tokens: 40, usd: 0.1, unknown_steps: 1 },
    { agent: 'other', steps: 2, tokens: 7, usd: 0, unknown_steps: 1 },
  ]);
  assert.deepEqual(d.missions, [
    { wo_id: 'WO-M', title: 'Hello', status: 'done', steps: 4, tokens: 47, usd: 0.1, unknown_steps: 2 },
  ]);
});

test('canaries, bookkeeping, dry runs, pings and all of a demo are left out, and it is said how many', () => {
  const unique = '01K9Z0000000000000000000AA';
  const h = new History().opened();
  h.admitted(`WO-CANARY-${unique}`, {
    tags: ['waybill-canary'],
    requester: { uid: 1000, user: 'anna', lane: 'MAIN', declared_by: null, via: 'command' },
    request: { name: 'request.json', sha256: sha256(canaryText(unique)), size: 1 },
  }).cancelled(`WO-CANARY-${unique}`);
  h.plain('WO-DRY', 1, { dry_run: true }).plain('WO-PING', 1, { type: 'ping' }).plain('WO-REAL', 1);
  h.opened(true).plain('WO-DEMO', 1).rejected(null, 'UNKNOWN_SHAPE');
  const d = digest(h, 0, 1);
  assert.deepEqual(d.totals, { ...NONE, received: 1, done: 1 });
  assert.deepEqual(d.left_out, { canaries: 1, bookkeeping: 0, demos: 1, dry_runs: 1, pings: 1 });
});

test('lists are bounded, counts are not; the newest are named', () => {
  const h = new History().opened();
  for (let n = 0; n < 30; n++) {
    const id = `WO-${n}`;
    h.wait(60)
      .admitted(id, { lane: `L${n % 15}` })
      .started(id)
      .failed(id, n < 8 ? 'CHECK_FAILED' : `CODE_${n}`);
  }
  const d = digest(h, 0, 1);
  assert.equal(d.totals.failed, 30);
  assert.deepEqual([d.failures.length, d.slowest.length, d.lanes.length], [20, 5, 10]);
  const [first] = d.failures;
  assert.deepEqual([first?.code, first?.count], ['CHECK_FAILED', 8]);
  assert.deepEqual(
    first?.orders.map(({ wo_id }) => wo_id),
    ['WO-7', 'WO-6', 'WO-5', 'WO-4', 'WO-3'],
  );
});

test.run();
