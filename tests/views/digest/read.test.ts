import { rmSync } from 'node:fs';
import type { Recorded } from '../../../src/order/event.ts';
import type { DigestDocument } from '../../../src/order/generated.ts';
import { conforms } from '../../../src/platform/schema.ts';
import { atTerminal } from '../../support/deciding.ts';
import { decide, mission, missionStation } from '../../support/missions.ts';
import { ANYTHING, type TestStation, testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** `waybill report --since`: its figures are those of the ledger, counted plainly; and what an order says of itself stays text in every form. */

const test = suite('views/digest', { needs: ['git', 'script'], timeoutMs: 120_000 });

function digest(s: TestStation, ...args: string[]): DigestDocument {
  const { code, stdout, stderr } = s.waybill('report', ...args, '--json');
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as DigestDocument;
  assert.ok(conforms('digest', found), stdout);
  return found;
}

function ledger(s: TestStation): Recorded[] {
  return s
    .names('.git/waybill/ledger')
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => s.read(`.git/waybill/ledger/${name}`).split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Recorded);
}

/** How each order stands by its last record that moved it. */
function plainly(records: readonly Recorded[]): Record<string, number> {
  const last = new Map<string, string>();
  for (const { wo_id: id, to } of records) if (id !== null && to !== null) last.set(id, to);
  const counts: Record<string, number> = {};
  for (const status of last.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const order = (woId: string, more: object = {}) => ({
  wo_id: woId,
  title: `Order ${woId}`,
  files: [{ path: `${woId}.txt`, content: 'x\n' }],
  ...more,
});

test('nothing happened: it says so, in every form, and what waits is told all the same', (t) => {
  const s = testStation(t);
  for (const form of [[], ['--md'], ['--html']]) {
    const { code, stdout } = s.waybill('report', '--since', '24h', ...form);
    assert.equal(code, 0);
    assert.match(stdout, /Nothing happened; nothing waits for you\./, form.join());
  }
  s.drop(order('WO-1', { hold: true }));
  s.drain();
  const later = new Date().toISOString();
  assert.match(
    s.waybill('report', '--since', later).stdout,
    /Nothing happened; 1 waits for you\.[\s\S]*waybill release WO-1/,
  );
});

test('figures of a station at work agree with a plain count over its ledger', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  for (let n = 0; n < 6; n++) s.drop(order(`WO-${n}`), n % 2 === 0 ? 'MAIN' : 'SIDE');
  s.drop(order('WO-BAD', { tests: [{ name: 'bad', command: 'false' }] }));
  s.drop(
    order('WO-MENDED', { tests: [{ name: 'once', command: 'test -e .git/tried || { touch .git/tried; exit 1; }' }] }),
  );
  s.drop(order('WO-ASKS', { approval: { why: 'I am not sure' } }));
  s.drop({ wo_id: 'WO-REJECTED', fils: [] });
  s.write('bridge/inbox/MAIN/nothing.json', '{');
  s.drain();
  s.waybill('retry', 'WO-MENDED');
  s.drain();
  s.drop(order('WO-CANCELLED', { hold: true }));
  s.drain();
  s.waybill('cancel', 'WO-CANCELLED');
  s.drain();
  const records = ledger(s);
  const counts = plainly(records);
  const d = digest(s, '--since', '1h');
  assert.deepEqual(
    [d.totals.done, d.totals.failed, d.totals.cancelled, d.totals.rejected, d.totals.received],
    [
      counts['done'],
      counts['failed'],
      counts['cancelled'],
      records.filter(({ event }) => event === 'rejected').length,
      records.filter(({ event }) => event === 'admitted').length,
    ],
  );
  assert.deepEqual([d.totals.done, d.totals.failed, d.totals.rejected], [7, 1, 2], 'and with what was dropped');
  assert.deepEqual(
    d.failures.map(({ code, count }) => [code, count]),
    [
      ['CANCELLED', 1],
      ['CHECK_FAILED', 1],
    ],
  );
  assert.deepEqual([d.alive, d.waiting.map(({ wo_id }) => wo_id)], [{ ready: 0, running: 0, parked: 1 }, ['WO-ASKS']]);
  assert.equal(d.waiting[0]?.command, 'waybill approvals WO-ASKS');
  assert.equal(
    d.lanes.reduce((sum, lane) => sum + lane.done + lane.failed + lane.cancelled, 0),
    d.totals.done + d.totals.failed + d.totals.cancelled,
  );
  // decided later: the order that began before the time is one of it, with all that its first records tell
  const since = new Date().toISOString();
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-ASKS']).code, 0);
  s.drain();
  const then = digest(s, '--since', since);
  assert.deepEqual([then.totals.done, then.totals.received, then.waiting], [1, 0, []]);
  assert.deepEqual([then.slowest[0]?.title, then.slowest[0]?.lane], ['Order WO-ASKS', 'MAIN']);
  assert.equal(digest(s, '--since', '1h').totals.done, 8);
  // nothing of it comes from projections
  for (const folder of ['state', 'bridge/outbox']) rmSync(s.path(folder), { recursive: true });
  assert.deepEqual(digest(s, '--since', '1h').totals, { ...d.totals, done: 8 });
});

test('a mission: what its agents used, and a component that was gone', (t) => {
  const { station: s } = missionStation(
    t,
    { build: [{ write: { 'src/hello.txt': 'hello\n' }, usage: { input: 100, output: 10 } }] },
    { settings: 'guardrail: {components: [{kind: file, path: src/old.txt}]}\n' },
  );
  s.drop(mission('WO-M'));
  s.drain();
  for (let n = 0; n < 4 && s.state('WO-M').status === 'parked'; n++) {
    decide(s, 'WO-M');
    s.drain();
  }
  const steps = ledger(s).flatMap((record) =>
    record.event === 'stepped' && record.data.agent !== null ? [record.data] : [],
  );
  s.waybill('guardrail', '--once');
  rmSync(s.path('src/old.txt'));
  s.waybill('guardrail', '--once');
  const d = digest(s, '--since', '1h');
  assert.deepEqual(
    [d.totals.tokens, d.totals.unknown_steps, d.agents.map(({ agent, steps: n }) => [agent, n])],
    [
      steps.reduce((sum, { usage }) => sum + (usage?.tokens ?? 0), 0),
      steps.filter(({ usage }) => usage === null).length,
      [['own', steps.length]],
    ],
  );
  assert.deepEqual(
    d.missions.map(({ wo_id, status }) => [wo_id, status]),
    [['WO-M', s.state('WO-M').status]],
  );
  assert.deepEqual(
    d.drift.map(({ component, kind, until }) => [component, kind, until]),
    [['src/old.txt', 'missing', null]],
  );
  assert.match(s.waybill('report').stdout, /1 component drifted[\s\S]*src\/old\.txt {2}missing/);
});

test('titles that are hostile: nothing of them works in a terminal, in Markdown or in HTML', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  const title =
    '<script>alert(1)</script><img src=x onerror=alert(2)> [click](javascript:alert(3)) | `code` ![i](http://evil.invalid/i.png) http://evil.invalid/x www.evil.invalid \u202eabc\u001b[31mred\u0007 \n# heading\n\n- item';
  s.drop(order('WO-1', { title, hold: true }));
  s.drop(order('WO-2', { title: `${'x'.repeat(200_000)}`, tests: [{ name: title.slice(0, 60), command: 'false' }] }));
  s.drop(order('WO-3', { title }));
  s.drain();
  const [text, md, html] = [[], ['--md'], ['--html']].map((form) => s.waybill('report', ...form).stdout);
  for (const form of [text, md, html]) {
    assert.ok(form?.includes('WO-1'), 'it is told');
    assert.doesNotMatch(form ?? '', /[\u0007\u001b\u202e]/);
    assert.ok((form ?? '').length < 20_000);
  }
  assert.doesNotMatch(html ?? '', /<script|<img|<a\b|href|onerror=alert\(2\)>/);
  assert.match(html ?? '', /&lt;script&gt;alert\(1\)/);
  assert.match(html ?? '', /http-equiv="Content-Security-Policy" content="default-src 'none'/);
  assert.doesNotMatch(html ?? '', /(?:src|url)\s*[=(]\s*["']?http/, 'it loads nothing');
  for (const line of (md ?? '').split('\n').filter((line) => line.includes('alert'))) {
    assert.match(line, /^\| /, 'it stays in its row');
    assert.doesNotMatch(line, /(?<!\\)[<>[\]`*_]/, 'no sign means anything');
    assert.doesNotMatch(line, /http:\/\/|www\./);
    assert.equal(line.match(/(?<!\\)\|/g)?.length, line.includes('WO-1') ? 7 : 6, 'nor makes another cell');
  }
});

test('what it does not take', (t) => {
  const s = testStation(t);
  for (const args of [['nonsense'], ['--since', 'yesterday'], ['--html', '--md'], ['digest', '--md', '--json']]) {
    const { code, stderr, stdout } = s.waybill('report', ...args);
    assert.equal(code, 64, args.join(' '));
    assert.match(stderr + stdout, /USAGE/);
  }
});

test.run();
