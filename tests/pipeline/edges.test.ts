import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Places where two things meet: a kill and a filter, a landing and an open file, a wait and a command. */

const test = suite('edges');
const SETTINGS = 'intake: {scan_seconds: 1}\n';

/** The number of the step of this name in an undisturbed run of the same orders. */
function stepOf(name: string, make: () => TestStation): number {
  const { steps } = make().drainKilledAt(0);
  const at = steps.indexOf(name);
  assert.ok(at >= 0, `there is no step ${name} in ${steps.join(', ')}`);
  return at + 1;
}

/** A program that holds a file open and writes into it when told. */
async function writer(t: TestContext, s: TestStation, path: string, id: string): Promise<{ command: string }> {
  const script = `exec 3>>"$1"; touch .git/open-${id}; while [ ! -e .git/now ]; do sleep 0.005; done; echo "late ${id}" >&3; touch .git/late-${id}`;
  const child = spawn('sh', ['-c', script, 'sh', path], { cwd: s.root, stdio: 'ignore' });
  t.defer(() => child.kill('SIGKILL'));
  await until(() => s.exists(`.git/open-${id}`), 'the file is open');
  return { command: `touch .git/now; while [ ! -e .git/late-${id} ]; do sleep 0.005; done` };
}

function keptBytes(s: TestStation): string[] {
  return s.kept().flatMap((name) => {
    const ref = s.git('for-each-ref', '--format=%(refname)', `refs/waybill/*/keep/${name}`);
    return s
      .git('ls-tree', '-r', '--name-only', ref)
      .split('\n')
      .map((path) => `${s.git('show', `${ref}:${path}`)}\n`);
  });
}

test('rule 1: what a program writes into an old copy during landing is kept, one file for each, also when the station is killed then', async (t) => {
  const make = () => {
    const s = testStation(t, { files: { 'a/x.md': 'one\n', 'b/x.md': 'two\n' } });
    s.drop({
      wo_id: 'WO-1',
      title: 'x',
      files: [
        { path: 'a/x.md', content: 'A\n' },
        { path: 'b/x.md', content: 'B\n' },
      ],
    });
    return s;
  };
  for (const killAt of [0, stepOf('landing 6: refs committed', make)]) {
    const s = make();
    await writer(t, s, 'a/x.md', 'a');
    const { command } = await writer(t, s, 'b/x.md', 'b');
    s.drainKilledAt(killAt, {
      at: 'landing 6: refs committed',
      command: `${command}; while [ ! -e .git/late-a ]; do sleep 0.005; done`,
    });
    if (killAt > 0) s.drain();
    assert.equal(s.state('WO-1').status, 'done');
    assert.deepEqual(s.kept(), ['WO-1'], `killed at ${killAt}`);
    assert.deepEqual(keptBytes(s).sort(), ['one\nlate a\n', 'two\nlate b\n'], `killed at ${killAt}`);
    assert.equal(s.waybill('verify').code, 0);
  }
});

test('a kill while files that git converts are in place is recovered', (t) => {
  const make = () => {
    const s = testStation(t, { files: { '.gitattributes': '*.txt text eol=crlf\n' } });
    s.write('c.txt', 'one\r\ntwo\r\n');
    s.commitAll('crlf');
    s.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'edit', path: 'c.txt', find: 'two', replace: 'TWO' }] });
    return s;
  };
  for (const step of ['landing 4: files in place', 'landing 5: index renamed']) {
    const s = make();
    assert.ok(s.drainKilledAt(stepOf(step, make)).killed);
    s.drain();
    assert.equal(s.state('WO-1').status, 'done', step);
    assert.equal(s.read('c.txt'), 'one\r\nTWO\r\n');
    assert.equal(s.git('status', '--porcelain'), '');
    assert.deepEqual(s.leftovers(), []);
  }
});

test('a kill while a file outside, on another file system, is in place leaves nothing beside it', (t) => {
  const shm = realpathSync(mkdtempSync('/dev/shm/waybill-test-'));
  t.defer(() => rmSync(shm, { recursive: true, force: true }));
  const make = () => {
    const s = testStation(t, { policy: `version: 1\nroots: [${JSON.stringify(shm)}]\n` });
    writeFileSync(`${shm}/x.conf`, 'before\n');
    s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: `${shm}/x.conf`, content: 'after\n' }] });
    return s;
  };
  for (const step of ['landing 4: files in place', 'landing 6: refs committed']) {
    const n = stepOf(step, make);
    const s = make();
    assert.ok(s.drainKilledAt(n).killed);
    s.drain();
    assert.equal(s.state('WO-1').status, 'done', step);
    assert.equal(readFileSync(`${shm}/x.conf`, 'utf8'), 'after\n');
    assert.deepEqual(readdirSync(shm), ['x.conf'], step);
  }
});

test('a locked ref parks the order instead of building again and again; it lands when the lock is gone', (t) => {
  const s = testStation(t);
  s.write('.git/refs/heads/main.lock', '');
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'repository');
  assert.match(s.state('WO-1').progress ?? '', /ref stays locked/);
  assert.ok(!s.exists('.git/index.lock'));
  rmSync(s.path('.git/refs/heads/main.lock'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
});

test('a lock that a dead git left on the journal, or on packed-refs, stops neither the start nor the work', (t) => {
  const s = testStation(t);
  const id = (JSON.parse(s.read('.git/waybill/station.json')) as { id: string }).id;
  s.write(`.git/refs/waybill/${id}/journal.lock`, '');
  s.write('.git/packed-refs.lock', '');
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  rmSync(s.path('.git/packed-refs.lock'));
  s.drain();
  assert.deepEqual(s.leftovers(), []);
});

test('a repository that became unsupported parks an order once, and the ledger does not grow while it waits', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: SETTINGS });
  await s.up(t);
  s.git('config', 'core.sparseCheckout', 'true');
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'x', content: 'x' }] });
  await until(() => s.exists('state/orders/WO-1.json') && s.state('WO-1').waiting_for === 'repository', 'it waits');
  const records = () => s.read('.git/waybill/ledger/000000000001.jsonl').split('\n').length;
  const before = records();
  await new Promise((done) => setTimeout(done, 2500));
  assert.equal(records(), before);
  s.git('config', 'core.sparseCheckout', 'false');
  await until(() => s.state('WO-1').status === 'done', 'it lands');
});

test('an output that turns out to be a folder fails the order, not the station', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: SETTINGS });
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [{ path: 'f', content: 'f' }],
    actions: [{ action: 'command', command: 'mkdir out', outputs: ['out'] }],
  });
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'PATH_DENIED');
  assert.deepEqual(s.result('WO-1').unrestored, ['out']);
  assert.ok(!s.exists('f'));
});

test('an order lands on the branch it was started on, not on the one checked out meanwhile', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: SETTINGS });
  s.git('branch', 'other');
  await s.up(t);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    actions: [
      {
        action: 'command',
        command: 'touch .git/runs; while [ ! -e .git/go ]; do sleep 0.02; done; echo 1 > out',
        outputs: ['out'],
      },
    ],
  });
  await until(() => s.exists('.git/runs'), 'the command runs');
  s.git('checkout', '--quiet', 'other');
  s.write('.git/go', '');
  await until(() => s.state('WO-1').status === 'parked', 'it waits');
  await new Promise((done) => setTimeout(done, 1500));
  assert.equal(s.state('WO-1').status, 'parked');
  assert.equal(s.commitsOf('WO-1').length, 0);
  s.git('checkout', '--quiet', 'main');
  await until(() => s.state('WO-1').status === 'done', 'it lands on main');
  assert.equal(s.git('show', 'main:out'), '1');
});

test('cancelling an order whose work is done and waits for the repository takes its files back', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: `${SETTINGS}git: {lock_deadline_seconds: 0.2}\n` });
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [{ path: 'made', content: '1' }],
    actions: [{ action: 'command', command: 'touch .git/index.lock' }],
  });
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'repository');
  assert.ok(s.exists('made'));
  s.waybill('cancel', 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'cancelled');
  assert.ok(!s.exists('made'));
});

test("retry and release don't pass a dependency by", (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-D', title: 'x', actions: [{ action: 'delete', path: 'none' }] });
  s.drop({ wo_id: 'WO-E', title: 'x', depends_on: ['WO-D'], files: [{ path: 'e', content: 'e' }] });
  s.drop({ wo_id: 'WO-H', title: 'x', hold: true, depends_on: ['WO-NEVER'], files: [{ path: 'h', content: 'h' }] });
  s.drain();
  assert.equal(s.state('WO-E').last_error?.code, 'DEPENDENCY_FAILED');
  s.waybill('retry', 'WO-E');
  s.waybill('release', 'WO-H');
  s.drain();
  s.drain();
  assert.equal(s.state('WO-E').last_error?.code, 'DEPENDENCY_FAILED');
  assert.equal(s.state('WO-H').waiting_for, 'dependency');
  assert.ok(!s.exists('e') && !s.exists('h'));
});

test('the whole tree of a command is ended, also what left its process group', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: SETTINGS });
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    actions: [{ action: 'command', command: 'setsid sleep 287 & echo $! > .git/pid; sleep 0.2' }],
  });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  const stat = `/proc/${s.read('.git/pid').trim()}/status`;
  let state = 'gone';
  try {
    state = /^State:\s+(\w)/m.exec(readFileSync(stat, 'utf8'))?.[1] ?? '';
  } catch {
    // gone
  }
  assert.ok(state === 'gone' || state === 'Z', `it is ${state}`);
});

test("verify: a person's file with a backslash is no fault; a ledger and journal cut back together are, by the order commits", (t) => {
  const s = testStation(t, { files: { 'p\\q': 'hers\n' } });
  for (const n of [1, 2]) {
    s.drop({ wo_id: `WO-${n}`, title: 'x', files: [{ path: `f${n}`, content: `${n}` }] });
    s.drain();
  }
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
  const lines = s.read('.git/waybill/ledger/000000000001.jsonl').split('\n');
  const journal = s.git('for-each-ref', '--format=%(refname)', 'refs/waybill');
  s.git('update-ref', journal, `${journal}~3`);
  s.write('.git/waybill/ledger/000000000001.jsonl', `${lines.slice(0, 6).join('\n')}\n`);
  assert.match(s.waybill('verify').stdout, /its tail was cut/);
});

test('verify looks at the evidence of every attempt, and for folders of no order', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'edit', path: 'f', find: 'a', replace: 'b' }] });
  s.drain();
  s.write('f', 'a\n');
  s.commitAll('f');
  s.waybill('retry', 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(s.waybill('verify').code, 0);
  s.write('state/evidence/WO-1/checks.json', '{}');
  s.write('state/evidence/WO-NOBODY/manifest.json', '{}');
  const { stdout } = s.waybill('verify');
  assert.match(stdout, /WO-1: evidence checks\.json is changed/);
  assert.match(stdout, /WO-NOBODY: the evidence folder is stray/);
});

test('a check that fails after a person committed the file in place leaves her commit alone', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: SETTINGS, files: { 'f.txt': 'v1\n' } });
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [{ path: 'f.txt', content: 'v2\n' }],
    tests: [{ name: 'no', command: 'git commit --quiet --all -m hers && false' }],
  });
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'CHECK_FAILED');
  assert.equal(s.read('f.txt'), 'v2\n');
  assert.deepEqual(s.result('WO-1').unrestored, ['f.txt']);
  assert.equal(statSync(s.path('f.txt')).isFile(), true);
});

test.run();
