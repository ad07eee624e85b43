import { readFileSync } from 'node:fs';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/**
 * A real SIGKILL between any two steps of "One order's life" and of "Landing", then a new start. Rules 1, 3, 4 and 5.
 */

const ORDERS = [
  { wo_id: 'WO-NEW', title: 'Make a file', files: [{ path: 'a/b/new.txt', content: 'new\n', mode: '0755' }] },
  {
    wo_id: 'WO-EDIT',
    title: 'Edit a file',
    actions: [{ action: 'edit', path: 'edit.txt', find: 'two', replace: 'TWO' }],
  },
  {
    wo_id: 'WO-GONE',
    title: 'Delete and move',
    actions: [
      { action: 'delete', path: 'gone.txt' },
      { action: 'move', path: 'old.txt', to: 'moved/new-name.txt' },
    ],
  },
];
const FILES = {
  'edit.txt': 'one\ntwo\nthree\n',
  'gone.txt': 'gone\n',
  'old.txt': 'old\n',
  'hers.txt': 'hers\n',
  'out.txt': 'before\n',
};

function station(t: TestContext): TestStation {
  return testStation(t, { files: FILES, settings: 'commands: {allow: ["*"]}\n' });
}

/** What must hold after recovery, whatever was killed. */
function assertWhole(s: TestStation, woIds: readonly string[], where: string): void {
  for (const woId of woIds) {
    const state = s.state(woId);
    assert.equal(state.status, 'done', `${where}: ${woId} is ${state.status}: ${JSON.stringify(state.last_error)}`);
    assert.equal(s.commitsOf(woId).length, 1, `${where}: ${woId} has ${s.commitsOf(woId).length} commits`);
    assert.deepEqual(s.result(woId).commits, s.commitsOf(woId), `${where}: ${woId} result and history agree`);
    const ends = s.telemetry().filter((e) => e.wo_id === woId && e.event === 'wo_completed');
    assert.equal(ends.length, 1, `${where}: ${woId} completed ${ends.length} times in telemetry`);
  }
  assert.deepEqual(s.leftovers(), [], `${where}: nothing is left behind`);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, `${where}: ${verified.stdout}`);
  assert.match(verified.stdout, /^verified/, `${where}: ${verified.stdout}`);
  s.git('fsck', '--strict', '--no-dangling');
}

function assertFileResults(s: TestStation, where: string): void {
  assert.equal(s.read('a/b/new.txt'), 'new\n', where);
  assert.equal(s.read('edit.txt'), 'one\nTWO\nthree\n', where);
  assert.equal(s.read('moved/new-name.txt'), 'old\n', where);
  assert.ok(!s.exists('gone.txt') && !s.exists('old.txt'), where);
}

const test = suite('SIGKILL between any two steps', { timeoutMs: 170_000 });

test('rules 1, 4, 5: file orders, killed at every step, are done once by the next start', (t) => {
  let steps = 1;
  for (let n = 1; n <= steps; n++) {
    const s = station(t);
    for (const order of ORDERS) s.drop(order);
    const run = s.drainKilledAt(n);
    const where = `killed at step ${n} (${run.steps.at(-1)})`;
    if (!run.killed) break;
    steps = n + 1;
    s.drain();
    assertWhole(
      s,
      ORDERS.map((o) => o.wo_id),
      where,
    );
    assertFileResults(s, where);
    assert.equal(s.git('status', '--porcelain'), '', where);
  }
  assert.ok(steps > 15, `only ${steps} steps were seen`);
});

test.run();

const work = suite('SIGKILL while commands run', { timeoutMs: 170_000 });

const COMMAND_ORDER = {
  wo_id: 'WO-WORK',
  title: 'Run a command',
  files: [{ path: 'tool.sh', content: 'echo ran >> runs.log; echo after > out.txt\n', mode: '0755' }],
  actions: [{ action: 'command', argv: ['sh', 'tool.sh'], outputs: ['out.txt'] }],
  tests: [{ name: 'output', command: 'cat out.txt', expected: 'after' }],
};

work('rule 4: a command that is not idempotent never runs twice; it is done once or EFFECT_UNVERIFIED', (t) => {
  let steps = 1;
  const ends = new Set<string>();
  for (let n = 1; n <= steps; n++) {
    // the steps before an order starts are the same for every kind of order, and stand above
    if (n === 1) n = firstOfWork(t);
    steps = Math.max(steps, n);
    const s = station(t);
    s.write('.git/info/exclude', 'runs.log\n');
    s.drop(COMMAND_ORDER);
    const run = s.drainKilledAt(n);
    const where = `killed at step ${n} (${run.steps.at(-1)})`;
    if (!run.killed) break;
    steps = n + 1;
    s.drain();
    const state = s.state('WO-WORK');
    const runs = s.exists('runs.log') ? s.read('runs.log').split('\n').filter(Boolean).length : 0;
    assert.ok(runs <= 1, `${where}: the command ran ${runs} times`);
    ends.add(state.last_error?.code ?? state.status);
    if (state.status === 'done') {
      assert.equal(runs, 1, where);
      assertWhole(s, ['WO-WORK'], where);
      assert.equal(s.read('out.txt'), 'after\n', where);
      assert.equal(s.git('status', '--porcelain'), '', where);
    } else {
      assert.equal(state.last_error?.code, 'EFFECT_UNVERIFIED', where);
      assert.ok(!s.exists('tool.sh'), `${where}: the file action was restored`);
      assert.deepEqual(s.leftovers(), [], where);
      assert.equal(s.waybill('verify').code, 0, where);
    }
  }
  assert.deepEqual([...ends].sort(), ['EFFECT_UNVERIFIED', 'done'], 'both ends were seen');
});

/** The first step that belongs to an order's work. */
function firstOfWork(t: TestContext): number {
  const s = station(t);
  s.drop(COMMAND_ORDER);
  return s.drainKilledAt(0).steps.indexOf('ledger: started') + 1;
}

work('rule 4: an idempotent command runs again and the order is done', (t) => {
  const s = station(t);
  s.drop({ ...COMMAND_ORDER, actions: [{ ...COMMAND_ORDER.actions[0], idempotent: true }] });
  const all = s.drainKilledAt(0).steps;
  const killAt = all.indexOf('life 4: commands done') + 1;
  const again = station(t);
  again.write('.git/info/exclude', 'runs.log\n');
  again.drop({ ...COMMAND_ORDER, actions: [{ ...COMMAND_ORDER.actions[0], idempotent: true }] });
  assert.ok(again.drainKilledAt(killAt).killed);
  again.drain();
  assertWhole(again, ['WO-WORK'], 'idempotent');
  assert.equal(again.read('runs.log'), 'ran\nran\n');
});

work('rule 4: what a killed station left running is ended before the order goes on', async (t) => {
  const s = station(t);
  s.drop({
    wo_id: 'WO-LONG',
    title: 'Runs long',
    actions: [
      {
        action: 'command',
        command: 'echo $$ > pid.txt; (setsid sleep 300 & echo $! > pid2.txt); sleep 300',
        idempotent: false,
        outputs: ['pid.txt', 'pid2.txt'],
      },
    ],
  });
  const up = await s.up(t);
  for (let i = 0; i < 400 && !s.exists('pid2.txt'); i++) await new Promise((done) => setTimeout(done, 20));
  const pids = [s.read('pid.txt'), s.read('pid2.txt')].map((p) => Number(p.trim()));
  await up.stop('SIGKILL');
  for (const pid of pids) assert.ok(isAlive(pid), `${pid} outlives the station`);
  s.drain();
  for (const pid of pids) assert.ok(!isAlive(pid), `${pid} was ended`);
  assert.equal(s.state('WO-LONG').last_error?.code, 'EFFECT_UNVERIFIED');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

work.run();
