import { readFileSync, rmSync } from 'node:fs';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/**
 * A real SIGKILL while commands run, then a new start. Rules 3 and 4. Kills at any operation are the matrix's: matrix-kill.test.ts.
 */

const FILES = {
  'edit.txt': 'one\ntwo\nthree\n',
  'gone.txt': 'gone\n',
  'old.txt': 'old\n',
  'hers.txt': 'hers\n',
  'out.txt': 'before\n',
};

function station(t: TestContext): TestStation {
  return testStation(t, { files: FILES, policy: ANYTHING });
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

const branches = suite('SIGKILL in a landing, and another branch afterwards', { timeoutMs: 250_000 });

branches(
  'rules 1 and 4: a branch that has the same words by itself is not taken back; the order lands on its own',
  (t) => {
    const s = station(t);
    s.git('checkout', '--quiet', '-b', 'other');
    s.write('edit.txt', 'one\nTWO\nthree\n');
    s.commitAll('Hers, the same words');
    s.git('checkout', '--quiet', 'main');
    const order = {
      wo_id: 'WO-EDIT',
      title: 'x',
      actions: [{ action: 'edit', path: 'edit.txt', find: 'two', replace: 'TWO' }],
    };
    s.drop(order);
    const steps = s.drainKilledAt(0).steps;
    for (const step of ['landing 4: files in place', 'landing 5: index renamed']) {
      const again = station(t);
      again.git('checkout', '--quiet', '-b', 'other');
      again.write('edit.txt', 'one\nTWO\nthree\n');
      again.commitAll('Hers, the same words');
      again.git('checkout', '--quiet', 'main');
      again.drop(order);
      assert.ok(again.drainKilledAt(steps.indexOf(step) + 1).killed, step);
      rmSync(again.path('.git/index.lock'), { force: true });
      again.git('checkout', '--quiet', '--force', 'other');
      again.drain();
      assert.equal(again.state('WO-EDIT').waiting_for, 'repository', step);
      assert.equal(again.read('edit.txt'), 'one\nTWO\nthree\n', `${step}: her branch is as she committed it`);
      assert.equal(again.git('status', '--porcelain'), '', step);
      again.git('checkout', '--quiet', 'main');
      again.drain();
      assertWhole(again, ['WO-EDIT'], step);
    }
  },
);

branches.run();

const work = suite('SIGKILL while commands run', { timeoutMs: 250_000 });

const COMMAND_ORDER = {
  wo_id: 'WO-WORK',
  title: 'Run a command',
  files: [{ path: 'tool.sh', content: 'echo ran >> runs.log; echo after > out.txt\n', mode: '0755' }],
  actions: [{ action: 'command', argv: ['sh', 'tool.sh'], outputs: ['out.txt'] }],
  tests: [{ name: 'output', command: 'cat out.txt', expected: 'after' }],
};

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
  const written = (name: string) => s.exists(name) && /^\d+\n$/.test(s.read(name));
  await until(() => written('pid.txt') && written('pid2.txt'), 'the command runs', 60_000);
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
