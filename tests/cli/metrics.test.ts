import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { canaryOrder } from '../../src/order/canary.ts';
import type { MetricsDocument } from '../../src/order/generated.ts';
import { conforms } from '../../src/platform/schema.ts';
import { decide, HELLO, ledgerOf, mission, missionStation, steps, whyOf } from '../support/missions.ts';
import { CLI, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('cli/metrics', { needs: ['script', 'git'] });

function metrics(station: TestStation, ...args: string[]): MetricsDocument {
  const { code, stdout, stderr } = station.waybill('metrics', '--json', ...args);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as MetricsDocument;
  assert.ok(conforms('metrics', found));
  return found;
}

/** Without what says how far the ledger was read. */
function figures(m: MetricsDocument): MetricsDocument {
  return { ...m, ledger: null };
}

/** By the command line, as `waybill canary` does. */
function handIn(station: TestStation, order: { readonly wo_id: string }): void {
  station.write('../handed-in.json', JSON.stringify(order));
  const { code, stderr } = station.waybill('drop', '../handed-in.json');
  assert.ok(code === 0 || code === 3, stderr);
}

/** A check that fails at its first run and passes at every later one, with nothing changed that an order is about. */
const FLAKY = (mark: string) => `test -e ${mark} || { touch ${mark}; exit 1; }`;
const RULES = 'version: 1\nrules:\n  - {class: safe, commands: ["*"]}\nmissions: {rules: []}\n';

test('figures of real orders and missions, the same from the ledger alone: without state and outbox, after a restore, and from a copy', async (t) => {
  const marks = t.tempDir();
  const { station } = missionStation(
    t,
    {
      ...HELLO,
      'WO-BACK/review': [{ verdict: 'needs_revision', required: ['say it louder'] }, { verdict: 'approved' }],
      'WO-BACK/build': [{ write: { 'src/back.txt': 'a\n' } }, { write: { 'src/back.txt': 'b\n' } }],
      'WO-NO/build': [{ write: { 'src/no.txt': 'a\n' } }],
      'WO-NO/review': [{ verdict: 'rejected' }],
      'WO-ESC/build': [{ write: { 'src/esc.txt': 'a\n' } }],
      'WO-ESC/review': [{ verdict: 'escalate' }],
    },
    { policy: RULES, settings: 'version: 1\nretry: {backoff_seconds: 0.1}\n' },
  );
  for (const id of ['WO-M', 'WO-BACK', 'WO-NO', 'WO-ESC']) station.drop(mission(id));
  station.drop({ wo_id: 'WO-FILE', title: 'x', files: [{ path: 'f', content: 'x' }] });
  station.drop({ wo_id: 'WO-FAIL', title: 'x', files: [{ path: 'g', content: 'x' }], post_verify: ['false'] });
  station.drop({ wo_id: 'WO-DRY', title: 'x', metadata: { dry_run: true }, files: [{ path: 'd', content: 'x' }] });
  station.write('bridge/inbox/MAIN/bad.json', '{"wo_id": "WO-BAD", "files": 3}');
  handIn(station, canaryOrder('1', '2026-11-01T00:00:00Z'));
  station.drain();
  assert.equal(station.state('WO-ESC').waiting_for, 'checkpoint', whyOf(station, 'WO-ESC'));
  decide(station, 'WO-ESC', 'deny');
  station.drop({
    wo_id: 'WO-FLAKE',
    title: 'x',
    retries: 1,
    files: [{ path: 'h', content: 'x' }],
    post_verify: [FLAKY(`${marks}/mark`)],
  });
  // fails again: one order, whose last end counts
  assert.notEqual(station.waybill('retry', 'WO-FAIL').code, 64);
  // its second try comes after a pause
  await until(() => station.drain() !== null && station.state('WO-FLAKE').status === 'done', 'the flake passes');

  const m = metrics(station);
  const none = { n: 0, count: 0, rate: null };
  assert.deepEqual(m.unattended_completion.orders, { n: 7, count: 4, rate: 0.571429 });
  assert.deepEqual(m.unattended_completion.missions, { n: 4, count: 2, rate: 0.5 });
  assert.deepEqual(m.unattended_completion.items, none);
  assert.deepEqual(m.first_pass.orders, { n: 7, count: 2, rate: 0.285714 }, 'WO-M and WO-FILE');
  assert.deepEqual(m.escalations.missions, { n: 4, count: 1, mean: 0.25 });
  assert.deepEqual([m.selection_to_close_seconds.orders.n, m.selection_to_close_seconds.missions.n], [4, 2]);
  assert.deepEqual(m.reviews, [
    { step: 'review', n: 5, approved: 2, needs_revision: 1, rejected: 1, escalate: 1, rejection_rate: 0.6 },
  ]);
  assert.deepEqual(
    m.failures.by_code,
    ['CHECK_FAILED', 'DENIED', 'REVIEW_REJECTED'].map((code) => ({ code, count: 1 })),
  );
  assert.deepEqual(m.flakes.checks, { n: 3, count: 1, rate: 0.333333, same_commit: 1 });
  assert.deepEqual([m.flakes.steps.n, m.waivers], [0, none]);
  const used = (id: string) => steps(station, id).reduce((sum, { usage }) => sum + (usage?.tokens ?? 0), 0);
  assert.equal(m.usage.tokens.mean, (used('WO-M') + used('WO-BACK')) / 2);
  assert.deepEqual([m.usage.tokens.n, m.usage.tokens.unknown], [2, 0]);
  assert.deepEqual(m.rejections, { n: 1, by_code: [{ code: 'UNKNOWN_SHAPE', count: 1 }] });
  assert.deepEqual(m.left_out, { canaries: 1, bookkeeping: 0, demos: 0, dry_runs: 1, pings: 0 });

  const text = station.waybill('metrics').stdout;
  assert.match(text, /done without a person +57\.1 % {2}4 of n 7\n +of missions +50\.0 % {2}2 of n 4\n/);
  assert.match(text, /flakes of checks +33\.3 % {2}1 of n 3 failures, 1 on the same commit\n/);
  assert.match(text, /waived steps +- {2}0 of n 0 failures\n/, 'what is not known is no 0');

  rmSync(station.path('state'), { recursive: true });
  rmSync(station.path('bridge'), { recursive: true });
  assert.deepEqual(metrics(station), m, 'without state and outbox');
  const copy = t.tempDir();
  cpSync(station.path('.git/waybill/ledger'), copy, { recursive: true });
  const elsewhere = spawnSync(process.execPath, [CLI, 'metrics', '--json', '--ledger', copy], {
    cwd: copy,
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(elsewhere.stdout), m, 'from a copy of the ledger, where no station is');

  assert.equal(station.waybill('restore').code, 0);
  assert.deepEqual(figures(metrics(station)), figures(m), 'after a restore');
  const running = await station.up(t);
  assert.deepEqual(figures(metrics(station)), figures(m), 'while a station runs');
  await running.stop();

  // only words go
  station.waybill('purge', 'WO-BACK', '--secret', '--reason', 'a token in the task');
  station.drain();
  assert.match(JSON.stringify(ledgerOf(station, 'WO-BACK')), /"purged":true/);
  assert.deepEqual(figures(metrics(station)), { ...figures(m), purged: 1 });

  // as it stood before anything was decided
  const at = ledgerOf(station, 'WO-ESC').find(({ event }) => event === 'denied')?.ts ?? '';
  const before = metrics(station, '--until', at);
  assert.deepEqual([before.unattended_completion.orders.n, before.unfinished], [5, 1]);
  const since = metrics(station, '--since', at, '--lane', 'MAIN');
  assert.deepEqual([since.unattended_completion.orders.n, since.unfinished], [3, 0]);
  assert.equal(metrics(station, '--lane', 'OTHER').unattended_completion.orders.rate, null);
  const day = metrics(station, '--since', '1d');
  assert.deepEqual(figures({ ...day, since: null }), { ...figures(m), purged: 1 });
});

test('orders of a demo count nowhere: the station says that it is one, and no order can', (t) => {
  const s = testStation(t, { settings: 'version: 1\ndemo: true\n' });
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'a', content: 'x' }] });
  s.drain();
  assert.deepEqual(metrics(s).left_out, { canaries: 0, bookkeeping: 0, demos: 1, dry_runs: 0, pings: 0 });
  s.write('waybill.yaml', 'version: 1\n');
  s.drop({ wo_id: 'WO-2', title: 'x', tags: ['demo', 'waybill-canary'], files: [{ path: 'b', content: 'x' }] });
  s.drain();
  const m = metrics(s);
  assert.deepEqual([m.left_out.demos, m.unattended_completion.orders], [1, { n: 1, count: 1, rate: 1 }]);
});

test('a canary that failed before it had a plan is left out; work that is only called a canary, and fails so, counts', (t) => {
  const s = testStation(t);
  s.write('tmp/waybill-canary.txt', 'in hand');
  s.write('real.txt', 'in hand');
  assert.match(s.waybill('canary').stderr, /STATION_NOT_RUNNING/);
  const forged = canaryOrder('01KA0000000000000000000000', '2026-11-01T00:00:00Z');
  handIn(s, { ...forged, files: [{ path: 'real.txt', content: 'x' }] } as never);
  s.drain();
  const m = metrics(s);
  assert.deepEqual([m.left_out.canaries, m.failures.by_code], [1, [{ code: 'DIRTY_TARGET', count: 1 }]]);
});

test('times and folders that cannot be read are refused', (t) => {
  const s = testStation(t);
  for (const args of [
    ['--since', 'yesterday'],
    ['--since', '30'],
    ['--since', '2026-02-30'],
    ['--since', '2026-11-02', '--until', '2026-11-01'],
  ])
    assert.equal(s.waybill('metrics', ...args).code, 64, args.join(' '));
  assert.equal(s.waybill('metrics', '--ledger', t.tempDir()).code, 66);
  assert.equal(metrics(s).unattended_completion.orders.rate, null, 'a station that did nothing yet');
});

test.run();
