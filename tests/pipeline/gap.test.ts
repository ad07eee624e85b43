import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Recorded } from '../../src/order/event.ts';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/**
 * `.git` replaced by an older copy of it, as a backup tool or a sync service does. Rules 1 and 4: nothing recorded vanishes, nothing runs
 * twice, and the gap is said.
 */

const test = suite('.git replaced by an older copy', { timeoutMs: 250_000 });

const LEDGER = '.git/waybill/ledger/000000000001.jsonl';

function ledger(s: TestStation): Recorded[] {
  return s
    .read(LEDGER)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Recorded);
}

function gaps(s: TestStation): Recorded<'gap'>[] {
  return ledger(s).filter((r): r is Recorded<'gap'> => r.event === 'gap');
}

function older(s: TestStation, t: TestContext): () => void {
  const copy = join(t.tempDir(), 'git');
  cpSync(s.path('.git'), copy, { recursive: true, preserveTimestamps: true });
  return () => {
    renameSync(s.path('.git'), join(t.tempDir(), 'gone'));
    cpSync(copy, s.path('.git'), { recursive: true, preserveTimestamps: true });
  };
}

/** Each run leaves a line in a file that is not tracked, and so is not set back with the repository. */
function counting(woId: string): { wo_id: string; [key: string]: unknown } {
  return { wo_id: woId, title: woId, actions: [{ action: 'command', command: `echo ${woId} >> ../runs.log` }] };
}

function runs(s: TestStation, woId: string): number {
  return s.exists('../runs.log')
    ? s
        .read('../runs.log')
        .split('\n')
        .filter((line) => line === woId).length
    : 0;
}

function assertVerified(s: TestStation): void {
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 0, stdout);
}

/** One order done before the copy, one alive; since then one more was done, the living one as well, and one is alive. */
function withLoss(t: TestContext): TestStation {
  const s = testStation(t, { policy: ANYTHING, files: { 'a.txt': 'a\n' } });
  s.drop({ wo_id: 'WO-BEFORE', title: 'before', files: [{ path: 'before.txt', content: 'before\n' }] });
  s.drop({ ...counting('WO-ALIVE'), hold: true });
  s.drain();
  const putBack = older(s, t);
  s.waybill('release', 'WO-ALIVE');
  s.drop(counting('WO-LOST'));
  s.drop({ wo_id: 'WO-FILE', title: 'file', files: [{ path: 'file.txt', content: 'file\n' }] });
  s.drop({ ...counting('WO-LATE'), hold: true });
  s.drain();
  assert.deepEqual(
    ['WO-ALIVE', 'WO-LOST'].map((id) => runs(s, id)),
    [1, 1],
  );
  putBack();
  return s;
}

test('rules 1, 4: the gap is on record once, what lives waits, what was done and is dropped again waits', (t) => {
  const s = withLoss(t);
  const head = ledger(s).at(-1)?.seq;
  s.drop({ wo_id: 'WO-NEW', title: 'new', files: [{ path: 'new.txt', content: 'new\n' }] });
  const said = s.drain();
  assert.match(said, /older copy/);
  const [gap, ...more] = gaps(s);
  assert.deepEqual([gap?.data.after, gap?.data.brought_back, more.length], [head, 0, 0]);
  assert.ok((gap?.data.seen_seq ?? 0) > (head ?? 0));
  assert.ok(s.telemetry().some((e) => e.event === 'ledger_gap' && !e.ok));
  assert.equal(s.state('WO-ALIVE').waiting_for, 'hold');
  assert.match(s.state('WO-ALIVE').progress ?? '', /may have been carried out since/);
  assert.equal(s.state('WO-NEW').status, 'done', 'what is dropped afterwards is done');
  assert.equal(s.state('WO-BEFORE').status, 'done');
  for (const woId of ['WO-LOST', 'WO-FILE', 'WO-LATE']) assert.ok(!s.exists(`state/orders/${woId}.json`), woId);
  const aside = `.git/waybill/before-gap/${gap?.seq}`;
  assert.deepEqual(s.names(`${aside}/evidence`), ['WO-ALIVE', 'WO-FILE', 'WO-LOST']);
  assert.deepEqual(s.names(`${aside}/state`), ['WO-ALIVE.json', 'WO-FILE.json', 'WO-LATE.json', 'WO-LOST.json']);
  assert.deepEqual(s.names(`${aside}/outbox/MAIN`), [
    'WO-ALIVE.result.json',
    'WO-FILE.result.json',
    'WO-LOST.result.json',
  ]);
  assert.match(
    s.waybill('status').stdout,
    new RegExp(`lost, says its record ${gap?.seq}; look at .*before-gap/${gap?.seq}`),
  );
  assertVerified(s);
  assert.match(s.waybill('verify').stdout, /gap ledger record \d+: records after \d+ were lost/);

  // again by somebody who does not know
  s.drop(counting('WO-LOST'));
  s.drop(counting('WO-ALIVE'));
  s.drop({ wo_id: 'WO-FILE', title: 'file', files: [{ path: 'file.txt', content: 'file\n' }] });
  s.drain();
  for (const woId of ['WO-LOST', 'WO-FILE', 'WO-ALIVE']) assert.equal(s.state(woId).waiting_for, 'hold', woId);
  assert.deepEqual(
    ['WO-ALIVE', 'WO-LOST'].map((id) => runs(s, id)),
    [1, 1],
  );

  // a person decides
  s.waybill('cancel', 'WO-ALIVE');
  s.waybill('cancel', 'WO-LOST');
  s.waybill('release', 'WO-FILE');
  s.drain();
  assert.equal(s.state('WO-FILE').status, 'done');
  assert.deepEqual(
    ['WO-ALIVE', 'WO-LOST'].map((id) => runs(s, id)),
    [1, 1],
  );
  for (const woId of ['WO-BEFORE', 'WO-NEW']) assert.equal(s.commitsOf(woId).length, 1, woId);
  assert.equal(gaps(s).length, 1, 'later starts find nothing new');
  assertVerified(s);
  assert.deepEqual(s.leftovers(), []);
});

test('rule 4: what was done in the lost records waits also when it is dropped before that start, or while it runs', async (t) => {
  const s = withLoss(t);
  s.drop(counting('WO-LOST'));
  s.drain();
  assert.equal(gaps(s).length, 1);
  assert.equal(s.state('WO-LOST').waiting_for, 'hold');
  assert.equal(runs(s, 'WO-LOST'), 1);

  const other = withLoss(t);
  await other.up(t);
  assert.equal(gaps(other).length, 1);
  other.drop(counting('WO-LOST'));
  await until(() => other.exists('state/orders/WO-LOST.json'), 'it is taken');
  await until(() => other.state('WO-LOST').waiting_for === 'hold', 'it waits');
  assert.equal(runs(other, 'WO-LOST'), 1);
});

test('rule 3: a station whose .git is replaced under it ends, and touches nothing of what tells of the loss', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: 'intake: {scan_seconds: 1}\n' });
  s.drop({ wo_id: 'WO-1', title: '1', files: [{ path: '1.txt', content: '1\n' }] });
  s.drain();
  const putBack = older(s, t);
  const up = await s.up(t);
  s.drop(counting('WO-LOST'));
  await until(() => s.exists('bridge/outbox/MAIN/WO-LOST.result.json'), 'it is done');
  const journal = s.git('for-each-ref', '--format=%(refname)', 'refs/waybill/*/journal');
  await until(
    () => s.git('log', '-1', '--format=%B', journal).includes(`Upto: ${ledger(s).at(-1)?.seq}`),
    'the station has come to rest',
  );
  putBack();
  assert.notEqual(await up.ended, 0);
  assert.ok(s.exists('state/orders/WO-LOST.json'));
  s.drain();
  assert.equal(gaps(s).length, 1);
  assert.match(s.waybill('verify').stdout, /records after \d+ were lost/);
});

test('rule 5: killed at every third step after the loss, the next start ends at the same', (t) => {
  const made = withLoss(t);
  const copy = join(t.tempDir(), 'all');
  cpSync(join(made.root, '..'), copy, { recursive: true, preserveTimestamps: true });
  let steps = 1;
  for (let n = 1 + Math.floor(Math.random() * 3); ; n += 3) {
    rmSync(join(made.root, '..'), { recursive: true });
    cpSync(copy, join(made.root, '..'), { recursive: true, preserveTimestamps: true });
    const run = made.drainKilledAt(n);
    if (!run.killed || run.steps.slice(0, -2).includes('gap: marked')) break;
    steps = n;
    const where = `killed at step ${n} (${run.steps.at(-1)})`;
    made.drain();
    assert.equal(gaps(made).length, 1, where);
    assert.equal(made.state('WO-ALIVE').waiting_for, 'hold', where);
    assert.equal(runs(made, 'WO-ALIVE'), 1, where);
    assert.deepEqual(
      readdirSync(made.path(`.git/waybill/before-gap/${gaps(made)[0]?.seq}/evidence`)).sort(),
      ['WO-ALIVE', 'WO-FILE', 'WO-LOST'],
      where,
    );
    assert.equal(made.read('.git/waybill/shown.json'), made.read('state/orders/.waybill'), where);
    const { code, stdout } = made.waybill('verify');
    assert.equal(code, 0, `${where}: ${stdout}`);
  }
  assert.ok(steps > 4, `only ${steps} steps were seen`);
});

test('a loss that only pulled commits tell of; lost twice; the tree of the lost records comes back', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-1', title: '1', files: [{ path: '1.txt', content: '1\n' }] });
  s.drain();
  const first = older(s, t);
  s.drop({ wo_id: 'WO-2', title: '2', files: [{ path: '2.txt', content: '2\n' }] });
  s.drain();
  // a remote that the person pushes to
  const remote = join(t.tempDir(), 'remote.git');
  s.git('clone', '--quiet', '--bare', s.root, remote);
  const lostTree = join(t.tempDir(), 'tree');
  cpSync(s.path('state'), lostTree, { recursive: true, preserveTimestamps: true });
  const tip = s.git('rev-parse', 'HEAD');

  first();
  for (const folder of ['state', 'bridge/outbox', 'bridge/quarantine']) rmSync(s.path(folder), { recursive: true });
  s.git('fetch', '--quiet', remote, 'main');
  s.git('reset', '--quiet', '--hard', tip);
  assert.equal(s.waybill('verify').code, 1, 'before the start that is an error');
  s.drain();
  assert.deepEqual(
    gaps(s).map((g) => g.data.where),
    ['commit'],
  );
  assertVerified(s);
  const second = older(s, t);

  // the branch goes on telling of the lost records: no new gap, at any start
  s.drain();
  assert.equal(gaps(s).length, 1);
  rmSync(s.path('state'), { recursive: true });
  cpSync(lostTree, s.path('state'), { recursive: true, preserveTimestamps: true });
  s.drain();
  assert.equal(gaps(s).length, 1);
  assert.ok(!s.exists('state/orders/WO-2.json') && !s.exists('state/evidence/WO-2'));
  assertVerified(s);

  s.drop({ wo_id: 'WO-3', title: '3', files: [{ path: '3.txt', content: '3\n' }] });
  s.drain();
  second();
  s.drain();
  assert.deepEqual(
    gaps(s).map((g) => g.data.where),
    ['commit', 'state'],
  );
  assertVerified(s);
  assert.equal(s.commitsOf('WO-1').length, 1);
});

test('restore before a start refuses, so that nobody wipes out what tells of the loss', (t) => {
  const s = withLoss(t);
  const refused = s.waybill('restore', '--all');
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /records were lost/);
  assert.ok(s.exists('state/orders/WO-LOST.json'));
  s.drain();
  assert.equal(gaps(s).length, 1);
  assert.equal(s.waybill('restore', '--all').code, 0);
  assertVerified(s);
});

test('rule 4: what was running when the copy was taken goes through recovery and waits; nothing runs again', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({
    ...counting('WO-RUN'),
    actions: [{ action: 'command', command: 'echo WO-RUN >> ../runs.log', idempotent: true }],
  });
  const all = s.drainKilledAt(0).steps;
  const again = testStation(t, { policy: ANYTHING });
  again.drop({
    ...counting('WO-RUN'),
    actions: [{ action: 'command', command: 'echo WO-RUN >> ../runs.log', idempotent: true }],
  });
  assert.ok(again.drainKilledAt(all.indexOf('life 3: started') + 1).killed);
  const putBack = older(again, t);
  again.drain();
  assert.equal(runs(again, 'WO-RUN'), 1);
  putBack();
  again.drain();
  assert.equal(again.state('WO-RUN').waiting_for, 'hold');
  assert.equal(runs(again, 'WO-RUN'), 1);
  assertVerified(again);
});

test.run();
