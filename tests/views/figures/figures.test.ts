import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Catalogue } from '../../../src/views/catalogue.ts';
import { type ChartData, chartData, isEmpty } from '../../../src/views/figures/charts.ts';
import type { Count, Histogram } from '../../../src/views/figures/count.ts';
import { Figures } from '../../../src/views/figures/figures.ts';
import { type LedgerLines, ledgerIn, readAll } from '../../support/ledger-lines.ts';
import { assert, suite } from '../../support/suite.ts';

/** What monitoring and charts say of a ledger, against histories counted by hand. */

const test = suite('views/figures');

const NOW = Date.parse('2026-11-22T10:00:30.000Z');
const MINUTE = 60_000;
const DAY = 86_400_000;
const USAGE = { input: 60, cache_read: 20, cache_write: 10, output: 10, tokens: 100, usd: 0.25 };

async function figuresOf(ledger: LedgerLines): Promise<Figures> {
  ledger.write();
  const catalogue = new Catalogue();
  const figures = new Figures(
    (woId) => catalogue.get(woId)?.lane ?? null,
    () => NOW,
  );
  await readAll(ledger.folder, [catalogue, figures]);
  return figures;
}

const told = (count: Count) => Object.fromEntries(count.rows().map(({ values, n }) => [values.join(' '), n]));
const sumOf = (histogram: Histogram | undefined) => [histogram?.n, histogram?.sum];
/** Steps in which something came in or ended, as `HH:MM received/done/failed`. */
const happened = ({ steps }: ChartData) =>
  steps
    .filter((step) => step.received + step.done + step.failed > 0)
    .map(
      (step) => `${new Date(step.at * 1000).toISOString().slice(11, 16)} ${step.received}/${step.done}/${step.failed}`,
    );

test('an order is counted from its drop to its end, with how long it waited and ran', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  const at = NOW - 10 * MINUTE;
  ledger.admitted('WO-1', at);
  ledger.started('WO-1', at + 4000);
  ledger.done('WO-1', at + 9000);
  ledger.admitted('WO-2', at, 'RND');
  ledger.started('WO-2', at + 1000);
  ledger.failed('WO-2', at + 2000, 'CHECK_FAILED');
  ledger.rejected(at, 'YAML_INVALID', 'RND');
  const figures = await figuresOf(ledger);
  const { totals } = figures;
  assert.deepEqual(told(totals.received), { MAIN: 1, RND: 2 });
  assert.deepEqual(told(totals.ended), { 'MAIN done': 1, 'RND failed': 1, 'RND rejected': 1 });
  assert.deepEqual(told(totals.failures), { CHECK_FAILED: 1 });
  assert.deepEqual(told(totals.rejections), { YAML_INVALID: 1 });
  assert.deepEqual(sumOf(totals.waiting.get('MAIN')), [1, 4]);
  assert.deepEqual(sumOf(totals.running.get('MAIN')), [1, 5]);
  assert.deepEqual(totals.waiting.get('MAIN')?.cumulated().slice(0, 5), [0, 0, 0, 1, 1], 'within 5 s, not within 1 s');
  assert.equal(figures.size, 0, 'nothing is kept of what ended');
  assert.equal(figures.isWhole, true);

  const data = chartData(figures, '3h', null);
  assert.equal(data.steps.length, 180);
  assert.deepEqual(happened(data), ['09:50 3/1/1']);
  assert.deepEqual([data.total.received, data.total.done, data.total.failed, data.total.rejected], [3, 1, 1, 1]);
  assert.deepEqual([data.codes, data.total.failures], [['CHECK_FAILED'], [1]]);
  const { n, p50, p99 } = data.total.waiting;
  assert.equal(n, 2);
  assert.ok(Math.abs((p50 ?? 0) - 1) < 0.1 && Math.abs((p99 ?? 0) - 4) < 0.4, `${p50} ${p99}`);
  assert.deepEqual(happened(chartData(figures, '3h', 'MAIN')), ['09:50 1/1/0']);
  assert.equal(isEmpty(chartData(figures, '3h', 'nowhere')), true);
});

test('only time in state running is running time: neither a wait for people nor the pause before a retry', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  const at = NOW - DAY;
  ledger.admitted('WO-1', at);
  ledger.started('WO-1', at + 1000);
  ledger.add('waits', 'WO-1', at + 3000, { waiting_for: 'repository', until: null, why: 'a merge' }, [
    'running',
    'parked',
  ]);
  ledger.add('released', 'WO-1', at + 500_000, { why: 'over' }, ['parked', 'ready']);
  ledger.started('WO-1', at + 600_000);
  ledger.failedOnce('WO-1', at + 603_000, 'COMMAND_FAILED');
  ledger.add('released', 'WO-1', at + 700_000, { why: 'time' }, ['parked', 'ready']);
  ledger.started('WO-1', at + 700_000);
  ledger.done('WO-1', at + 704_000);
  const { totals } = await figuresOf(ledger);
  assert.deepEqual(sumOf(totals.waiting.get('MAIN')), [1, 1], 'the first start ends the wait');
  assert.deepEqual(sumOf(totals.running.get('MAIN')), [1, 2 + 3 + 4]);
  assert.deepEqual(told(totals.started), { MAIN: 3 });
  assert.deepEqual(told(totals.retries), { station: 1 });
  assert.deepEqual(told(totals.waits), { repository: 1, time: 1 });
  assert.deepEqual(told(totals.failures), {}, 'it did not fail in the end');
});

test('an order that ended and is tried again by a person is a life of its own, in its own lane', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  const at = NOW - 5 * MINUTE;
  ledger.admitted('WO-1', at, 'RND');
  ledger.started('WO-1', at + 1000);
  ledger.failed('WO-1', at + 2000, 'CHECK_FAILED');
  ledger.add('retried', 'WO-1', at + 60_000, { by: 'anna', claim: 'C2' }, ['failed', 'ready']);
  ledger.started('WO-1', at + 63_000);
  ledger.done('WO-1', at + 64_000);
  const { totals } = await figuresOf(ledger);
  assert.deepEqual(told(totals.received), { RND: 1 });
  assert.deepEqual(told(totals.retries), { person: 1 });
  assert.deepEqual(told(totals.ended), { 'RND done': 1, 'RND failed': 1 });
  assert.deepEqual(sumOf(totals.waiting.get('RND')), [2, 1 + 3]);
});

test('what agents used, by agent; a step of which nobody told its end is lost, and what it used is not known', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  const at = NOW - 2 * MINUTE;
  ledger.admitted('WO-M', at);
  ledger.started('WO-M', at);
  ledger.stepped('WO-M', at, null, null);
  ledger.stepped('WO-M', at, 'claude', USAGE);
  ledger.stepped('WO-M', at, 'claude', { ...USAGE, usd: null }, false);
  ledger.stepped('WO-M', at, 'codex', null);
  const begun = { n: 9, step: 'review', role: 'reviewer', agent: 'codex' };
  ledger.add('step', 'WO-M', at, { ...begun, reserved: { tokens: null, usd: null, seconds: null } });
  ledger.add('interrupted', 'WO-M', at, { why: 'the station died' }, ['running', 'running']);
  const figures = await figuresOf(ledger);
  const { totals } = figures;
  assert.deepEqual(told(totals.steps), {
    ' ok': 1,
    'claude failed': 1,
    'claude ok': 1,
    'codex lost': 1,
    'codex ok': 1,
  });
  assert.deepEqual(told(totals.tokens), {
    ...{ 'claude cache_read': 40, 'claude cache_write': 20, 'claude input': 120, 'claude output': 20 },
  });
  assert.deepEqual(told(totals.usd), { claude: 0.25 });
  assert.deepEqual(told(totals.unmetered), { codex: 2 });
  const data = chartData(figures, '7d', null);
  assert.deepEqual([data.agents, data.total.tokens, data.total.usd], [['claude'], [200], [0.25]]);
  assert.equal(figures.size, 1, 'it is alive');
});

test('records come into the charts whose time they have, and go when that is over; the future is in none', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  for (const [i, age] of [400 * DAY, 300 * DAY, 6 * DAY, 2 * 3_600_000, 0, -DAY].entries())
    ledger.admitted(`WO-${i}`, NOW - age);
  const figures = await figuresOf(ledger);
  const received = (range: ChartData['range']) => chartData(figures, range, null).total.received;
  assert.deepEqual([received('3h'), received('7d'), received('1y')], [2, 3, 4]);
  assert.deepEqual(told(figures.totals.received), { MAIN: 6 }, 'counters know all of it');
});

test('whoever names lanes, codes and agents cannot make the figures grow without end, nor break a line of them', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  for (let i = 0; i < 1000; i++) {
    const lane = `lane\n"${i}\u202e${'x'.repeat(500)}`;
    ledger.admitted(`WO-${i}`, NOW, lane);
    ledger.started(`WO-${i}`, NOW);
    ledger.stepped(`WO-${i}`, NOW, `agent ${i}`, USAGE);
    ledger.failed(`WO-${i}`, NOW, `CODE_${i}`);
  }
  const figures = await figuresOf(ledger);
  const { received, failures, tokens } = figures.totals;
  assert.deepEqual([received.rows().length, failures.rows().length, tokens.rows().length], [33, 201, 4 * 33]);
  assert.equal(told(received)['other'], 1000 - 32);
  assert.equal(told(failures)['other'], 1000 - 200);
  assert.ok(
    figures.lanes.every((lane) => lane.length <= 64 && !/[\n\u202e]/.test(lane)),
    figures.lanes[0],
  );
  const data = chartData(figures, '3h', null);
  assert.deepEqual([data.codes.length, data.agents.length], [6, 6], 'five of their own, and the others');
  assert.equal(
    data.total.failures.reduce((a, b) => a + b, 0),
    1000,
    'none is lost in them',
  );
});

test('a ledger that was exchanged is counted anew', async (t) => {
  const ledger = ledgerIn(t.tempDir());
  ledger.admitted('WO-1', NOW);
  const figures = await figuresOf(ledger);
  figures.reset();
  figures.settled(false);
  assert.deepEqual([told(figures.totals.received), figures.size, figures.isWhole], [{}, 0, false]);
  await readAll(ledger.folder, [figures]);
  assert.deepEqual(told(figures.totals.received), { MAIN: 1 });
});

test('rule 11: memory is flat over 70,000 records', async (t) => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const heap = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const figures = new Figures(
    () => null,
    () => NOW,
  );
  const half = async (name: string) => {
    const ledger = ledgerIn(t.tempDir());
    for (let i = 0; i < 7000; i++) {
      const at = NOW - (i % 10_000) * 1000;
      ledger.admitted(`${name}-${i}`, at, `LANE${i % 4}`);
      ledger.started(`${name}-${i}`, at + (i % 997));
      ledger.stepped(`${name}-${i}`, at, `agent${i % 3}`, USAGE);
      ledger.failed(`${name}-${i}`, at + (i % 997) * 10, `CODE_${i % 20}`);
    }
    ledger.write();
    await readAll(ledger.folder, [figures]);
    return ledger.seq;
  };
  // the cells of all times, and the compiled code, are there after the first half
  const first = await half('A');
  const before = heap();
  const second = await half('B');
  const grown = heap() - before;
  assert.equal(first + second, 70_000);
  assert.equal(figures.size, 0);
  assert.ok(grown < 1_000_000, `${grown} bytes more after 35,000 more records`);
});

test.run();
