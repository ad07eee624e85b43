import { isolatedStation, strays, worktreeRecords } from '../../support/isolation.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** A real SIGKILL at steps of an isolated order, then a new start. Rules 1 and 4. Kills at any operation are the matrix's. */

const ORDER = {
  wo_id: 'WO-1',
  title: 'x',
  files: [{ path: 'tool.sh', content: 'echo made > made.txt; rm b.txt\n' }],
  actions: [{ action: 'command', argv: ['sh', 'tool.sh'], idempotent: true }],
  tests: [{ name: 'made', command: 'cat made.txt', expected: 'made' }],
};

function dropped(t: TestContext, more: object = {}): TestStation {
  const s = isolatedStation(t);
  s.drop({ ...ORDER, ...more });
  return s;
}

function assertQuiet(s: TestStation, where: string): void {
  assert.deepEqual(strays(s), [], where);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, `${where}: ${verified.stdout}`);
  assert.equal(s.git('status', '--porcelain'), '', where);
}

/** The steps at which something other is on disk than at the one before. */
const TELLING = /^(life [3-8]|landing [0-8])/;

const kills = suite('SIGKILL while an order works in a worktree', { timeoutMs: 280_000 });

for (const [name, more] of [
  ['landed by fast-forward', {}],
  ['landed on a branch of its own', { isolation: 'branch' }],
] as const)
  kills(`rule 4: at a third of the steps by chance; the order ends done, once, ${name}`, (t) => {
    const { steps } = dropped(t, more).drainKilledAt(0);
    const at = steps.flatMap((step, n) => (TELLING.test(step) ? [n + 1] : []));
    assert.ok(at.length > 8, steps.join('\n'));
    // another third each time
    const third = Math.floor(Math.random() * 3);
    for (const n of at.filter((_, i) => i % 3 === third)) {
      const s = dropped(t, more);
      const where = `killed at ${steps[n - 1]}`;
      assert.ok(s.drainKilledAt(n).killed, where);
      s.drain();
      const state = s.state('WO-1');
      assert.equal(state.status, 'done', `${where}: ${JSON.stringify(state)}`);
      const ref = 'isolation' in more ? 'waybill/WO-1' : 'main';
      assert.equal(s.git('log', '--format=%s', '--grep=Work-Order: WO-1', ref), 'wo(WO-1): x', where);
      assert.equal(s.git('show', '--format=', '--name-only', ref), 'b.txt\nmade.txt\ntool.sh', where);
      assertQuiet(s, where);
    }
  });

kills('rule 4: a command that is not declared idempotent is not run again, and its half-done work is kept', (t) => {
  const s = isolatedStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'command', command: 'echo half > half.txt' }] });
  const steps = isolatedStation(t);
  steps.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'command', command: 'echo half > half.txt' }] });
  const at = steps.drainKilledAt(0).steps.indexOf('life 4: commands done') + 1;
  assert.ok(s.drainKilledAt(at).killed);
  assert.equal(worktreeRecords(s)[0]?.state, 'at_work');
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'EFFECT_UNVERIFIED');
  assert.equal(s.waybill('keep', 'show', 'WO-1', 'half.txt').stdout, 'half\n');
  assertQuiet(s, 'unsafe');
});

kills.run();
