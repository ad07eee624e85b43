import { canaryText } from '../../../src/order/canary.ts';
import { sha256 } from '../../../src/order/canonical-json.ts';
import type { Verdict } from '../../../src/order/mission.ts';
import { assert, suite } from '../../support/suite.ts';
import { change, History, REQUESTER } from './history.ts';

/** Ledgers written by hand, with figures that were computed by hand. */
const test = suite('record/metrics/figures');

test('of nothing every rate is null, never 0', () => {
  const m = new History().opened().figures();
  assert.deepEqual(m.unattended_completion.orders, { n: 0, count: 0, rate: null });
  assert.deepEqual(m.escalations.missions, { n: 0, count: 0, mean: null });
  assert.deepEqual(m.selection_to_close_seconds.items, { n: 0, unknown: 0, median: null, p90: null, mean: null });
  assert.deepEqual(m.failures, { n: 0, count: 0, rate: null, by_code: [] });
  assert.deepEqual([m.flakes.checks.rate, m.flakes.steps.rate, m.waivers.rate], [null, null, null]);
  assert.deepEqual(m.usage.tokens, { n: 0, unknown: 0, median: null, p90: null, mean: null });
  assert.deepEqual([m.reviews, m.rejections], [[], { n: 0, by_code: [] }]);
});

test('unattended completion: any decision of a person takes it away, and what failed never had it', () => {
  const h = new History().opened();
  h.plain('WO-1', 10);
  h.admitted('WO-2').started('WO-2').asks('WO-2', 'start').approved('WO-2').started('WO-2').succeeded('WO-2');
  h.admitted('WO-3').started('WO-3').failed('WO-3', 'CHECK_FAILED').retried('WO-3').started('WO-3').succeeded('WO-3');
  h.admitted('WO-4', { hold: true, waiting_for: 'hold' }).released('WO-4', 'released by anna on the command line');
  h.started('WO-4').succeeded('WO-4');
  h.admitted('WO-5', { waiting_for: 'time' }).released('WO-5', 'its wait is over').started('WO-5').succeeded('WO-5');
  h.admitted('WO-6').started('WO-6').failed('WO-6', 'CHECK_FAILED');
  h.admitted('WO-7').cancelled('WO-7');
  h.admitted('WO-8').started('WO-8');
  // tried again by itself: nobody decided that
  h.admitted('WO-9').started('WO-9').failed('WO-9', 'IO_ERROR', true).released('WO-9', 'its pause is over');
  h.started('WO-9').succeeded('WO-9');
  const m = h.figures();
  assert.deepEqual(m.unattended_completion.orders, { n: 8, count: 3, rate: 0.375 }, 'WO-1, WO-5 and WO-9');
  assert.deepEqual(m.unattended_completion.missions, { n: 0, count: 0, rate: null });
  assert.deepEqual(m.first_pass.orders, { n: 8, count: 4, rate: 0.5 }, 'WO-1, WO-2, WO-4 and WO-5');
  assert.deepEqual(m.escalations.orders, { n: 8, count: 1, mean: 0.125 });
  assert.deepEqual(m.failures, {
    n: 8,
    count: 2,
    rate: 0.25,
    by_code: [
      { code: 'CANCELLED', count: 1 },
      { code: 'CHECK_FAILED', count: 1 },
    ],
  });
  assert.equal(m.unfinished, 1);
});

test('a released hold counts also where the words of its record were purged; one that missions wait in until the stop file goes does not', () => {
  const h = new History().opened();
  h.admitted('WO-1', { hold: true, waiting_for: 'hold' })
    .released('WO-1', '(purged)')
    .started('WO-1')
    .succeeded('WO-1');
  h.admitted('WO-2', { type: 'mission' }).mission('WO-2');
  h.add('WO-2', 'waits', 'parked', { waiting_for: 'hold', until: '2026-11-02T00:00:00.000Z', why: 'stopped' });
  h.released('WO-2', 'missions may go on').started('WO-2').succeeded('WO-2');
  assert.deepEqual(h.figures().unattended_completion.orders, { n: 2, count: 1, rate: 0.5 });
});

test('selection to close: median, p90 and mean of what is done; missions and items apart; a clock set back is not known', () => {
  const h = new History().opened();
  for (let seconds = 1; seconds <= 10; seconds++) h.plain(`WO-${seconds}`, seconds * 10);
  h.admitted('WO-F').started('WO-F').wait(5000).failed('WO-F', 'CHECK_FAILED');
  h.plain('WO-BACK', -60);
  h.plain('BL-fix-login', 100, { type: 'mission' });
  h.plain('BL-fix-login-done', 1);
  const { orders, missions, items } = h.figures().selection_to_close_seconds;
  assert.deepEqual(orders, { n: 12, unknown: 1, median: 55, p90: 100, mean: 54.25 });
  assert.deepEqual(missions, { n: 1, unknown: 0, median: 100, p90: 100, mean: 100 });
  assert.deepEqual(items, missions, 'the order that only marks it as done is no item');
});

test('an order that failed and was taken up again counts once, from its first admission to its last end', () => {
  const h = new History().opened();
  h.admitted('WO-1').started('WO-1').wait(60).failed('WO-1', 'CHECK_FAILED');
  h.wait(40).admitted('WO-1', {}, 'revised').started('WO-1').wait(20).succeeded('WO-1');
  h.rejected('WO-2', 'SCHEMA_INVALID').wait(500);
  h.admitted('WO-2', {}, 'revised').started('WO-2').wait(20).succeeded('WO-2');
  const m = h.figures();
  assert.deepEqual(m.selection_to_close_seconds.orders, { n: 2, unknown: 0, median: 70, p90: 120, mean: 70 });
  assert.deepEqual(m.failures.by_code, []);
  assert.deepEqual(m.unattended_completion.orders, { n: 2, count: 1, rate: 0.5 }, 'the one that was first rejected');
  assert.deepEqual(m.rejections, { n: 1, by_code: [{ code: 'SCHEMA_INVALID', count: 1 }] });
});

test('rejection for each step that reviews, whatever became of the mission', () => {
  const h = new History().opened();
  h.admitted('WO-M', { type: 'mission' }).mission('WO-M');
  const said: [string, Verdict][] = [
    ['design_review', 'needs_revision'],
    ['design_review', 'approved'],
    ['plan_review', 'approved'],
    ['review', 'escalate'],
    ['review', 'rejected'],
  ];
  for (const [n, [step, verdict]] of said.entries()) h.done('WO-M', n + 1, step, { verdict });
  h.failed('WO-M', 'REVIEW_REJECTED');
  const none = { approved: 0, needs_revision: 0, rejected: 0, escalate: 0 };
  assert.deepEqual(h.figures().reviews, [
    { step: 'design_review', n: 2, ...none, approved: 1, needs_revision: 1, rejection_rate: 0.5 },
    { step: 'plan_review', n: 1, ...none, approved: 1, rejection_rate: 0 },
    { step: 'review', n: 2, ...none, rejected: 1, escalate: 1, rejection_rate: 1 },
  ]);
});

test('flakes of steps: failed and then passed with the same changes; whether on the same commit is told', () => {
  const h = new History().opened();
  h.admitted('WO-M', { type: 'mission' }).mission('WO-M');
  h.done('WO-M', 1, 'design', { failure: 'tool_invocation_error' });
  h.done('WO-M', 2, 'design');
  h.done('WO-M', 3, 'build', { failure: 'test_failure', diff_sha256: 'sha256:a' });
  h.done('WO-M', 4, 'build', { failure: 'test_timeout', diff_sha256: 'sha256:a' });
  h.done('WO-M', 5, 'build', { diff_sha256: 'sha256:a' });
  h.done('WO-M', 6, 'review', { failure: 'timeout', diff_sha256: 'sha256:a' });
  h.done('WO-M', 7, 'build', { diff_sha256: 'sha256:b' });
  h.done('WO-M', 8, 'review', { verdict: 'approved', diff_sha256: 'sha256:b' });
  h.done('WO-M', 9, 'close', { failure: 'test_failure', agent: null, diff_sha256: 'sha256:b' });
  h.add('WO-M', 'rebased', null, { base: 'c2', changes: [], review: false });
  h.done('WO-M', 10, 'close', { agent: null, diff_sha256: 'sha256:b' });
  h.succeeded('WO-M');
  const { flakes } = h.figures();
  assert.deepEqual(flakes.checks, { n: 3, count: 3, rate: 1, same_commit: 2 }, 'close passed on another commit');
  assert.deepEqual(flakes.steps, { n: 2, count: 1, rate: 0.5, same_commit: 1 }, 'the review passed on other changes');
});

test('flakes of the checks of an order without agents: by the changes and the commit that they ran on', () => {
  const check = (name: string, ok: boolean) => ({ name, ok });
  const changes = [{ path: 'f', before: null, after: { mode: '100644' as const, blob: 'b', disk: 'b' } }];
  const run = (h: History, id: string, head: string, outcome: boolean, isolated = false) => {
    const isolation = { kind: 'worktree' as const, base: head };
    h.started(id, { head, changes, ...(isolated ? { isolation } : {}) });
    h.add(id, 'command', null, { n: 1, name: 'unit', idempotent: true });
    if (outcome)
      h.add(id, 'executed', null, {
        changes,
        checks: [check('unit', true)],
        leftover: [],
        ...(isolated ? { isolation } : {}),
      }).succeeded(id);
    else {
      if (!isolated) h.add(id, 'restored', null, { paths: [], unrestored: [], left: [] });
      h.failed(id, 'CHECK_FAILED', true, [check('unit', false)]).released(id, 'its pause is over');
    }
  };
  const h = new History().opened();
  h.admitted('WO-SAME');
  run(h, 'WO-SAME', 'c1', false);
  run(h, 'WO-SAME', 'c1', true);
  h.admitted('WO-APART');
  run(h, 'WO-APART', 'c1', false, true);
  run(h, 'WO-APART', 'c1', true, true);
  h.admitted('WO-MENDED');
  run(h, 'WO-MENDED', 'c1', false);
  run(h, 'WO-MENDED', 'c2', true);
  assert.deepEqual(h.figures().flakes.checks, { n: 3, count: 3, rate: 1, same_commit: 2 });
  // a command made something in its worktree, and nobody wrote down what
  const made = new History().opened().admitted('WO-MADE');
  made.started('WO-MADE', { head: 'c1', changes, isolation: { kind: 'worktree', base: 'c1' } });
  for (const n of [1, 2]) made.add('WO-MADE', 'command', null, { n, name: 'x', idempotent: true });
  made.failed('WO-MADE', 'CHECK_FAILED', true, [check('unit', false)]).released('WO-MADE', 'its pause is over');
  run(made, 'WO-MADE', 'c1', true, true);
  assert.deepEqual(made.figures().flakes.checks, { n: 1, count: 0, rate: 0, same_commit: 0 });
});

test('what an order revised into passes is no flake: it is another thing that was tried', () => {
  const check = (ok: boolean) => [{ name: 'unit', ok }];
  const h = new History().opened().admitted('WO-1').started('WO-1');
  h.add('WO-1', 'restored', null, { paths: [], unrestored: [], left: [] });
  h.failed('WO-1', 'CHECK_FAILED', false, check(false)).admitted('WO-1', {}, 'revised').started('WO-1');
  h.add('WO-1', 'executed', null, { changes: [change('f')], checks: check(true), leftover: [] }).succeeded('WO-1');
  assert.deepEqual(h.figures().flakes.checks, { n: 1, count: 0, rate: 0, same_commit: 0 });
  h.admitted('WO-M', { type: 'mission' }).mission('WO-M').done('WO-M', 1, 'design', { failure: 'timeout' });
  h.failed('WO-M', 'REVIEW_REJECTED').admitted('WO-M', { type: 'mission' }, 'revised').mission('WO-M');
  h.done('WO-M', 1, 'design').succeeded('WO-M');
  assert.deepEqual(h.figures().flakes.steps, { n: 1, count: 0, rate: 0, same_commit: 0 });
});

test('waivers: a failed step after which the mission went on with another one, and nobody was asked', () => {
  const fail = { failure: 'timeout' as const };
  const h = new History().opened();
  const mission = (id: string) => h.admitted(id, { type: 'mission' }).mission(id);
  mission('WO-WAIVED').done('WO-WAIVED', 1, 'plan', fail).done('WO-WAIVED', 2, 'build').succeeded('WO-WAIVED');
  mission('WO-ASKED-LATER').done('WO-ASKED-LATER', 1, 'plan', fail).asks('WO-ASKED-LATER', 'checkpoint', 'build');
  h.approved('WO-ASKED-LATER').started('WO-ASKED-LATER').done('WO-ASKED-LATER', 2, 'build').succeeded('WO-ASKED-LATER');
  mission('WO-AGAIN').done('WO-AGAIN', 1, 'plan', fail).done('WO-AGAIN', 2, 'plan').done('WO-AGAIN', 3, 'build');
  h.succeeded('WO-AGAIN');
  mission('WO-PERSON').done('WO-PERSON', 1, 'plan', fail).asks('WO-PERSON', 'checkpoint', 'plan').approved('WO-PERSON');
  h.started('WO-PERSON').done('WO-PERSON', 2, 'build').succeeded('WO-PERSON');
  mission('WO-MENDS').done('WO-MENDS', 1, 'close', { failure: 'test_failure', agent: null });
  h.done('WO-MENDS', 2, 'build').succeeded('WO-MENDS');
  assert.deepEqual(h.figures().waivers, { n: 5, count: 2, rate: 0.4 });
  // asked twice before it closed, and each time answered
  assert.deepEqual(h.figures().escalations.missions, { n: 5, count: 2, mean: 0.4 });
});

test('usage of a mission that is done is known only where every agent told, also of runs that came to no end', () => {
  const usage = (tokens: number, usd: number | null) => ({
    usage: { input: tokens, cache_read: 0, cache_write: 0, output: 0, tokens, usd },
  });
  const h = new History().opened();
  const mission = (id: string) => h.admitted(id, { type: 'mission' }).mission(id);
  mission('WO-1').done('WO-1', 1, 'policy', { agent: null }).done('WO-1', 2, 'build', usage(1000, 0.5));
  h.done('WO-1', 3, 'review', usage(200, 0.25)).succeeded('WO-1');
  mission('WO-2').done('WO-2', 1, 'build', usage(300, null)).succeeded('WO-2');
  mission('WO-3').done('WO-3', 1, 'build', usage(7, 1)).done('WO-3', 2, 'review').succeeded('WO-3');
  mission('WO-4').step('WO-4', 1, 'build').add('WO-4', 'interrupted', 'ready', { why: 'killed' }).started('WO-4');
  h.done('WO-4', 2, 'build', usage(5, 1)).succeeded('WO-4');
  mission('WO-FAILED').done('WO-FAILED', 1, 'build', usage(9999, 99)).failed('WO-FAILED', 'REVIEW_REJECTED');
  assert.deepEqual(h.figures().usage, {
    tokens: { n: 2, unknown: 2, median: 750, p90: 1200, mean: 750 },
    usd: { n: 1, unknown: 3, median: 0.75, p90: 0.75, mean: 0.75 },
  });
});

test('usage: a mission without a step of an agent used nothing that could be known, and is not among them', () => {
  const h = new History().opened();
  h.admitted('WO-RUN', { type: 'mission' }).mission('WO-RUN').done('WO-RUN', 1, 'run', { agent: null });
  h.succeeded('WO-RUN').admitted('WO-LOST', { type: 'mission' }).mission('WO-LOST').step('WO-LOST', 1, 'build');
  h.add('WO-LOST', 'interrupted', 'ready', { why: 'killed' }).started('WO-LOST').succeeded('WO-LOST');
  const { missions } = h.figures().unattended_completion;
  assert.equal(missions.n, 2);
  assert.deepEqual(h.figures().usage.tokens, { n: 0, unknown: 1, median: null, p90: null, mean: null });
});

test('bookkeeping counts apart: marks of items and findings of drift that change the backlog alone; id and tag hide no work', () => {
  const mark = { tags: ['backlog', 'backlog-done'], requester: { ...REQUESTER, via: 'command' as const } };
  const drift = { ...mark, tags: ['waybill-drift'] };
  const books = { changes: [change('BACKLOG.md')] };
  const h = new History().opened();
  h.plain('BL-fix', 10, { type: 'mission' });
  h.admitted('BL-fix-done', mark).started('BL-fix-done', books).succeeded('BL-fix-done');
  h.admitted('DRIFT-2026-W47', drift).started('DRIFT-2026-W47', { changes: [change('backlog.yaml')] });
  h.failed('DRIFT-2026-W47', 'IO_ERROR');
  assert.deepEqual(h.figures().left_out, { canaries: 0, bookkeeping: 2, demos: 0, dry_runs: 0, pings: 0 });
  assert.deepEqual(h.figures().unattended_completion.orders, { n: 1, count: 1, rate: 1 });
  assert.deepEqual(h.figures().failures.by_code, []);
  h.purged('BL-fix-done');
  assert.equal(h.figures().left_out.bookkeeping, 2, 'also where its tags are gone');

  const work: [string, Parameters<History['admitted']>[1], { changes: ReturnType<typeof change>[] }][] = [
    ['BL-other-file-done', mark, { changes: [change('BACKLOG.md'), change('src/a.ts')] }],
    ['BL-no-tag-done', { ...mark, tags: ['backlog'] }, books],
    ['BL-inbox-done', { ...mark, requester: REQUESTER }, books],
    ['BL-works-done', { ...mark, works: true }, books],
    ['BL-mission-done', { ...mark, type: 'mission' }, books],
    ['WO-TAGGED', mark, books],
    ['BL-no-plan-done', mark, { changes: [] }],
    ['DRIFT-1', mark, books],
  ];
  for (const [id, admitted, started] of work) {
    const one = new History().opened().admitted(id, admitted).started(id, started).failed(id, 'CHECK_FAILED').figures();
    assert.deepEqual([one.left_out.bookkeeping, one.failures.count], [0, 1], id);
  }
});

test('the files of the backlog are those that the station named when it started, or those that it has by default', () => {
  const mark = { tags: ['backlog-done'], requester: { ...REQUESTER, via: 'command' as const } };
  const h = new History().opened(false, ['TODO.md']);
  h.admitted('BL-a-done', mark)
    .started('BL-a-done', { changes: [change('TODO.md')] })
    .succeeded('BL-a-done');
  h.admitted('BL-b-done', mark)
    .started('BL-b-done', { changes: [change('BACKLOG.md')] })
    .succeeded('BL-b-done');
  h.opened()
    .admitted('BL-c-done', mark)
    .started('BL-c-done', { changes: [change('TODO.md')] })
    .succeeded('BL-c-done');
  const { left_out: out, unattended_completion: done } = h.figures();
  assert.deepEqual([out.bookkeeping, done.orders.n], [1, 2]);
});

test("an order called a canary that ended before it had a plan is one only where its request is a canary's", () => {
  const canary = { tags: ['waybill-canary'], requester: { ...REQUESTER, via: 'command' as const } };
  const ids = ['01KA0000000000000000000000', '01KA0000000000000000000001'] as const;
  const request = { name: 'request.json', sha256: sha256(canaryText(ids[0])), size: 1 };
  const h = new History().opened();
  for (const [woId, more] of [
    [`WO-CANARY-${ids[0]}`, { ...canary, request }],
    [`WO-CANARY-${ids[1]}`, { ...canary, request }],
    ['WO-CANARY-1', canary],
  ] as const)
    h.admitted(woId, more).started(woId, { changes: [] }).failed(woId, 'DIRTY_TARGET');
  h.admitted('WO-CANARY-2', canary).cancelled('WO-CANARY-2');
  const m = h.figures();
  assert.deepEqual([m.left_out.canaries, m.failures.count], [1, 3]);
  assert.equal(h.purged(`WO-CANARY-${ids[0]}`).figures().left_out.canaries, 1);
});

test('canaries, demos, dry runs and pings count nowhere, and are told; a tag alone hides no work', () => {
  const canary = (id: string) => ({
    tags: ['waybill-canary'],
    requester: { uid: 1, user: 'anna', lane: 'MAIN', declared_by: null, via: 'command' as const },
    title: id,
  });
  const only = [
    { path: 'tmp/waybill-canary.txt', before: null, after: { mode: '100644' as const, blob: 'b', disk: 'b' } },
  ];
  const h = new History().opened();
  h.admitted('WO-CANARY-1', canary('1')).started('WO-CANARY-1', { changes: only }).succeeded('WO-CANARY-1');
  h.admitted('WO-REAL', canary('2')).started('WO-REAL', { changes: only }).failed('WO-REAL', 'CHECK_FAILED');
  h.admitted('WO-CANARY-2', canary('3')).started('WO-CANARY-2').failed('WO-CANARY-2', 'CHECK_FAILED');
  h.admitted('WO-DRY', { dry_run: true }).started('WO-DRY').succeeded('WO-DRY');
  h.admitted('WO-PING', { type: 'ping' }).started('WO-PING', { changes: [] }).succeeded('WO-PING');
  // taken by a demo, and ended by one that is none any more
  h.opened(true).plain('WO-SHOWN', 1).rejected(null, 'EMPTY').admitted('WO-LATE').started('WO-LATE');
  h.opened().succeeded('WO-LATE').plain('WO-1', 1);
  const m = h.figures();
  assert.deepEqual(m.left_out, { canaries: 1, bookkeeping: 0, demos: 2, dry_runs: 1, pings: 1 });
  assert.deepEqual(m.unattended_completion.orders, { n: 3, count: 1, rate: 0.333333 });
  assert.deepEqual([m.rejections.n, m.unfinished], [0, 0]);
});

test('purged orders count as before, canaries among them too; lost records are told', () => {
  const h = new History().opened().plain('WO-1', 10, { tags: ['secret'] });
  const before = h.figures();
  for (const [n, record] of h.records.entries())
    if (record.wo_id === 'WO-1') h.records[n] = { ...record, purged: true };
  h.add('WO-1', 'purged', null, { by: 'anna', reason: '', records: [], claims: [] });
  assert.deepEqual(h.figures(), { ...before, purged: 1 });
  const gap = { after: 40, seen_seq: 47, seen_hash: '', where: 'state' as const, all: [], brought_back: 0 };
  assert.equal(h.add(null, 'gap', null, gap).figures().lost_records, 7);
});

test('since: by the end of an order, with all that was counted of it before; a lane: by where it came in', () => {
  const h = new History().opened();
  h.plain('WO-OLD', 10)
    .admitted('WO-LONG')
    .started('WO-LONG')
    .asks('WO-LONG', 'landing')
    .wait(86_400)
    .approved('WO-LONG');
  h.started('WO-LONG').succeeded('WO-LONG').plain('WO-SIDE', 10, { lane: 'SIDE' }).rejected(null, 'EMPTY', 'SIDE');
  const since = Date.parse('2026-11-01T12:00:00Z');
  const late = h.figures({ since });
  assert.deepEqual(late.escalations.orders, { n: 2, count: 1, mean: 0.5 });
  assert.equal(late.rejections.n, 1);
  const main = h.figures({ since, lane: 'MAIN' });
  assert.deepEqual([main.escalations.orders.n, main.rejections.n], [1, 0]);
});

test.run();
