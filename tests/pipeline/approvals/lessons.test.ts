import { askOf, atTerminal } from '../../support/deciding.ts';
import { testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/**
 * What an earlier spine got wrong where people decide (shared/spine-lessons.md, sections 8, 9 and 12), each held here or in the file named:
 * replay, a target or a base that moved, a policy that changed, no expiry, approval not bound to what was shown, who decided, two decisions
 * at once: approvals.test.ts; changed files of what is asked, forged proofs: tests/redteam; commits lost with their worktree, collisions of
 * names, no prune, a base that is not pinned, ignored files that stay: tests/pipeline/isolation.
 */
const test = suite('pipeline/approvals/lessons', { needs: ['git', 'script'] });

const ASKING = 'version: 1\nrules: [{class: safe, commands: [[touch, free.txt]]}]\n';

function asking(woId: string, command = 'touch ran.txt'): { wo_id: string; [key: string]: unknown } {
  return { wo_id: woId, title: woId, actions: [{ action: 'command', command, outputs: ['ran.txt'] }] };
}

test('lesson 9: twenty that ask at once are twenty, oldest first, and each says who decides and why', async (t) => {
  const s = testStation(t, { policy: ASKING });
  const ids = Array.from({ length: 20 }, (_, n) => `WO-${String(n).padStart(2, '0')}`);
  await s.up(t);
  await Promise.all(ids.map(async (id) => s.drop(asking(id))));
  const list = () =>
    (
      JSON.parse(s.waybill('approvals', '--json').stdout) as {
        approvals: { wo_id: string; asked_at: string; ask: string }[];
      }
    ).approvals;
  await until(() => list().length === 20, 'all of them ask');
  const asked = list();
  assert.deepEqual(asked.map(({ wo_id: id }) => id).sort(), ids);
  assert.equal(new Set(asked.map(({ ask }) => ask)).size, 20, 'no two have one name');
  const times = asked.map(({ asked_at: at }) => at);
  assert.deepEqual(times, [...times].sort());
});

test('lesson 8: nobody approves by editing a file: only the ledger says what was decided', (t) => {
  const s = testStation(t, { policy: ASKING });
  s.drop(asking('WO-1'));
  s.drain();
  const state = s.read('state/orders/WO-1.json');
  s.write('state/orders/WO-1.json', state.replace('"parked"', '"ready"').replace('"approval"', 'null'));
  s.drain();
  assert.equal(s.exists('ran.txt'), false);
  assert.doesNotMatch(s.waybill('log', 'WO-1').stdout, /approved/);
  s.git('clean', '-fdxq', 'state');
  s.drain();
  assert.equal(s.state('WO-1').status, 'parked', 'shown again, as the ledger has it');
});

test('lesson 8: asking twice keeps both askings, and what was decided about each, in the evidence', (t) => {
  const s = testStation(t, { policy: ASKING, files: { 'tool.sh': 'touch ran.txt\n' } });
  s.drop(asking('WO-1', 'sh tool.sh'));
  s.drain();
  const first = askOf(s, 'WO-1').ask;
  s.write('tool.sh', 'touch ran.txt # other\n');
  s.commitAll('The tool changes');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  const second = askOf(s, 'WO-1').ask;
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  const kept = s.names('state/evidence/WO-1/approvals');
  for (const ask of [first, second])
    for (const ending of ['json', 'diff', 'decision.json']) assert.ok(kept.includes(`${ask}.${ending}`), kept.join());
});

test('lesson 9: an expiry never overwrites an approval, also where the time is over before the order runs', (t) => {
  const s = testStation(t, { policy: ASKING });
  const expires = new Date(Date.now() + 4000).toISOString();
  s.drop({ ...asking('WO-1'), approval: { expires } });
  s.drain();
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-1']).code, 0);
  // the decision lies there in time, and is taken when the time is over
  while (Date.now() < Date.parse(expires) + 500) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', s.state('WO-1').last_error?.message ?? '');
});

test('lesson 8: what was approved runs where it was said to, apart from the root, and its evidence lies outside that', (t) => {
  const s = testStation(t, { policy: ASKING });
  s.drop(asking('WO-1', 'pwd > ran.txt'));
  s.drain();
  const shown = JSON.parse(s.waybill('approvals', 'WO-1', '--json').stdout) as {
    approvals: [{ subject: { isolation: string } }];
  };
  assert.equal(shown.approvals[0].subject.isolation, 'worktree');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  const ran = s.read('ran.txt').trim();
  assert.notEqual(ran, s.root);
  assert.ok(!ran.startsWith(`${s.root}/`), ran);
  assert.ok(s.names('state/evidence/WO-1/commands').length > 0);
});

test('a secret in an order parks it with a warning before anything of it is committed', (t) => {
  const s = testStation(t, { policy: ASKING });
  const secret = ['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'].join('_');
  s.drop({ wo_id: 'WO-1', title: 'Deploy', files: [{ path: 'deploy.env', content: `GITHUB=${secret}\n` }] });
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'approval');
  assert.match(s.waybill('approvals').stdout, /looks like a secret/);
  const objects = s
    .git('cat-file', '--batch-all-objects', '--batch-check')
    .split('\n')
    .filter((line) => / (blob|commit) /.test(line));
  for (const line of objects) assert.ok(!s.git('cat-file', '-p', line.split(' ')[0] ?? '').includes(secret), line);
  atTerminal(s, 'y\n', ['deny', 'WO-1', '--reason', 'use a variable']);
  s.drain();
  assert.equal(s.result('WO-1').error?.code, 'DENIED');
  for (const line of s
    .git('cat-file', '--batch-all-objects', '--batch-check')
    .split('\n')
    .filter((l) => / (blob|commit) /.test(l)))
    assert.ok(!s.git('cat-file', '-p', line.split(' ')[0] ?? '').includes(secret), `after the denial: ${line}`);
});

test.run();
