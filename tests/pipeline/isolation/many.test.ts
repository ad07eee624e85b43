import { sendCommand } from '../../../src/pipeline/commands/send-command.ts';
import { isolatedStation, strays, worktreeNames, worktreeRecords } from '../../support/isolation.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const many = suite('two hundred orders in worktrees', { timeoutMs: 290_000 });

/** What the n-th order does, and how it must end. */
function orderOf(n: number): { order: { wo_id: string }; lane: string; end: string } {
  const wo_id = `WO-${String(n).padStart(3, '0')}`;
  const lane = `LANE${n % 4}`;
  const make = (command: string, more: object = {}) => ({
    wo_id,
    title: wo_id,
    actions: [{ action: 'command', command }],
    ...more,
  });
  switch (n % 10) {
    case 0:
      return { order: make(`echo half > f/${wo_id}; exit 1`), lane, end: 'failed' };
    case 1:
      return {
        order: make(`echo half > f/${wo_id}`, { tests: [{ name: 'no', command: 'false' }] }),
        lane,
        end: 'failed',
      };
    case 2:
      return { order: make(`echo ${wo_id} > shared.txt`), lane, end: 'parked or done' };
    case 3:
      return { order: make(`echo b > f/${wo_id}`, { isolation: 'branch' }), lane, end: 'done' };
    case 4:
      return {
        order: make(
          `git checkout -q -b by-${n} && echo c > f/${wo_id} && git add f && git -c user.name=x -c user.email=x@x commit -qm c && git checkout -q --detach && git branch -q -D by-${n}`,
        ),
        lane,
        end: 'done',
      };
    case 5:
      return {
        order: make(`(setsid sleep 600 &) ; touch .git-stale.lock ignored.log; echo p > f/${wo_id}`, {}),
        lane,
        end: 'done',
      };
    case 6:
      return { order: make(`echo x > f/${wo_id}`, { hold: true }), lane, end: 'parked' };
    case 7:
      return {
        order: make(`echo t > f/${wo_id}`, { tests: [{ name: 'yes', command: `test -f f/${wo_id}` }] }),
        lane,
        end: 'done',
      };
    default:
      return { order: make(`sed -i s/line${n}$/LINE${n}/ lines.txt`), lane, end: 'done' };
  }
}

/** As the command line asks for it; forty of its processes would take longer than the orders. */
function cancel(s: TestStation, wo_id: string): void {
  const at = new Date().toISOString();
  sendCommand({ layout: { commands: s.path('.git/waybill/commands') } }, { v: 1, command: 'cancel', at, wo_id });
}

many('leave no stray worktree, branch, lock or process; failing, conflicting and cancelled ones among them', (t) => {
  const lines = Array.from({ length: 201 }, (_, n) => `line${n}\n\n\n\n`).join('');
  const s = isolatedStation(t, {
    settings:
      'lanes: {LANE0: {concurrency: 2}, LANE1: {concurrency: 2}, LANE2: {concurrency: 2}, LANE3: {concurrency: 2}}\n',
    files: { 'lines.txt': lines, 'shared.txt': 'begin\n', 'f/keep': '\n', '.gitignore': '*.log\n.git-stale.lock\n' },
  });
  const all = Array.from({ length: 200 }, (_, n) => orderOf(n));
  for (const { order, lane } of all) s.drop(order, lane);
  s.drain();
  for (const { order, end } of all) {
    const { status, last_error } = s.state(order.wo_id);
    assert.ok(end.includes(status), `${order.wo_id} is ${status}, not ${end}: ${JSON.stringify(last_error)}`);
    if (end === 'failed') assert.ok(s.kept().includes(order.wo_id), `${order.wo_id} is kept`);
    if (status === 'parked') cancel(s, order.wo_id);
  }
  const conflicts = s
    .kept()
    .filter((name) => s.exists(`state/orders/${name}.json`) && s.state(name).waiting_for === 'hold');
  assert.ok(conflicts.length > 0, 'some were in conflict');
  s.drain();
  for (const { order, end } of all)
    if (end.startsWith('parked')) assert.match(s.state(order.wo_id).status, /^(cancelled|done)$/);
  assert.deepEqual(strays(s), []);
  assert.ok(worktreeNames(s).length <= 2, 'no more wait than settings say');
  assert.deepEqual(
    worktreeRecords(s).map((r) => r.state),
    worktreeNames(s).map(() => 'idle'),
  );
  const branches = s.git('for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');
  assert.equal(branches.length, 21, branches.join(' '));
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.git('worktree', 'list', '--porcelain').match(/^worktree /gm)?.length, 1 + worktreeNames(s).length);
  assert.equal(s.waybill('verify').code, 0);
});

many.run();
