import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The station beside people at work in the same repository. Rule 1: nothing is lost, on either side. */

const test = suite('beside a person', { timeoutMs: 250_000 });
const order = (n: number) => ({
  wo_id: `WO-${n}`,
  title: `order ${n}`,
  files: [{ path: `made/${n}.txt`, content: `${n}\n` }],
});

test("staged and unstaged edits survive a hundred orders; git status shows only the person's; fsck is clean", (t) => {
  const s = testStation(t, { files: { 'staged.txt': 'a\n', 'unstaged.txt': 'b\n', 'both.txt': 'c\n' } });
  s.write('staged.txt', 'A\n');
  s.write('both.txt', 'C\n');
  s.write('new-staged.txt', 'n\n');
  s.git('add', 'staged.txt', 'both.txt', 'new-staged.txt');
  s.write('both.txt', 'CC\n');
  s.write('unstaged.txt', 'B\n');
  s.write('untracked.txt', 'u\n');
  const before = [s.git('status', '--porcelain'), s.git('diff'), s.git('diff', '--cached')];
  for (let n = 0; n < 100; n++) s.drop(order(n));
  s.drain();
  assert.deepEqual([s.git('status', '--porcelain'), s.git('diff'), s.git('diff', '--cached')], before);
  assert.equal(s.git('rev-list', '--count', 'HEAD'), '101');
  for (let n = 0; n < 100; n++) assert.equal(s.read(`made/${n}.txt`), `${n}\n`);
  s.git('fsck', '--strict', '--no-dangling');
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  assert.deepEqual(s.leftovers(), []);
});

test('two shells that commit in a loop beside a draining station lose no commit on either side', async (t) => {
  const s = testStation(t, { files: { 'one.txt': '', 'two.txt': '' } });
  const shells = ['one', 'two'].map((name) => shell(t, s, name));
  await until(() => shells.every((sh) => sh.made().length > 2), 'both shells commit');
  for (let n = 0; n < 60; n++) s.drop(order(n));
  const up = await s.up(t);
  await until(() => s.names('bridge/outbox/MAIN').length === 60, 'all orders end', 90_000);
  await up.stop();
  for (const sh of shells) await sh.stop();
  const history = new Set(s.git('log', '--format=%H').split('\n'));
  for (const sh of shells)
    for (const commit of sh.made()) assert.ok(history.has(commit), `the commit ${commit} of a shell is in the history`);
  for (let n = 0; n < 60; n++) {
    assert.equal(s.state(`WO-${n}`).status, 'done', JSON.stringify(s.state(`WO-${n}`).last_error));
    assert.equal(s.commitsOf(`WO-${n}`).length, 1, `WO-${n}`);
    assert.equal(s.git('show', `HEAD:made/${n}.txt`), String(n));
  }
  for (const [i, name] of ['one', 'two'].entries())
    assert.equal(
      s.git('show', `HEAD:${name}.txt`).split('\n').length,
      shells[i]?.lines(),
      `${name}.txt holds all its lines`,
    );
  assert.equal(
    s
      .git('status', '--porcelain', '--untracked-files=no')
      .replace(/^ M (one|two)\.txt$/gm, '')
      .trim(),
    '',
  );
  s.git('fsck', '--strict', '--no-dangling');
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

/** A person's shell: appends a line to its own file and commits that, again and again, until it is told to stop. */
function shell(t: Parameters<typeof testStation>[0], s: TestStation, name: string) {
  const log = s.path(`.git/${name}.commits`);
  const loop = `while [ ! -e .git/stop ]; do
    echo line >> ${name}.txt
    while [ ! -e .git/stop-now ]; do
      git commit -q -m "${name}" -- ${name}.txt 2>/dev/null && break
      sleep 0.01
    done
    git log -1 --format=%H -- ${name}.txt >> ${log}
    sleep 0.02
  done`;
  const child = spawn('sh', ['-c', loop], { cwd: s.root, stdio: 'ignore' });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  t.defer(() => child.kill('SIGKILL'));
  return {
    made: () => (s.exists(`.git/${name}.commits`) ? s.read(`.git/${name}.commits`).split('\n').filter(Boolean) : []),
    lines: () => s.read(`${name}.txt`).split('\n').filter(Boolean).length,
    stop: () => {
      s.write('.git/stop', '');
      return ended;
    },
  };
}

test('a merge, a rebase, a detached HEAD or another branch park the order; it lands when they are over', async (t) => {
  const s = testStation(t, { files: { 'x.txt': 'base\n' } });
  s.git('checkout', '--quiet', '-b', 'other');
  s.write('x.txt', 'other\n');
  s.commitAll('other');
  s.git('checkout', '--quiet', 'main');
  s.write('x.txt', 'main\n');
  s.commitAll('main');
  assert.throws(() => s.git('merge', '--quiet', 'other'));
  s.drop(order(1));
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'repository');
  assert.match(s.waybill('why', 'WO-1').stdout, /a merge is under way/);
  const up = await s.up(t);
  s.git('merge', '--abort');
  await until(() => s.state('WO-1').status === 'done', 'it lands after the merge');
  s.git('checkout', '--quiet', '--detach');
  s.drop(order(2));
  await until(() => s.exists('state/orders/WO-2.json') && s.state('WO-2').status === 'parked', 'it waits');
  assert.match(s.waybill('why', 'WO-2').stdout, /HEAD is detached/);
  s.git('checkout', '--quiet', 'main');
  await until(() => s.state('WO-2').status === 'done', 'it lands on the branch');
  await up.stop();
  assert.equal(s.git('log', '-1', '--format=%s', 'main'), 'wo(WO-2): order 2');
});

test('a foreign index.lock, even an empty one, is waited for and never removed', (t) => {
  const s = testStation(t, { settings: 'git: {lock_deadline_seconds: 0.3}\n' });
  s.write('.git/index.lock', '');
  s.drop(order(1));
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'repository');
  assert.match(s.state('WO-1').progress ?? '', /index\.lock/);
  assert.ok(s.exists('.git/index.lock'), 'it is still there');
  rmSync(s.path('.git/index.lock'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
});

/** As `rm -rf` said again until it succeeds: a station that writes into the folder meanwhile makes it fail. */
function remove(path: string): void {
  for (let tries = 100; ; tries--) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === 0 || !(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
    }
  }
}

test('state and outbox that were deleted are rebuilt by a running station, and by restore', async (t) => {
  const s = testStation(t, { settings: 'intake: {scan_seconds: 1}\n' });
  s.drop(order(1));
  s.write('bridge/inbox/MAIN/bad.yaml', 'a: [\n...\n');
  s.drain();
  const [state, result, evidence] = [s.state('WO-1'), s.result('WO-1'), s.read('state/evidence/WO-1/manifest.json')];
  const wipe = () => {
    for (const path of ['state', 'bridge/outbox', 'bridge/quarantine']) remove(s.path(path));
  };
  const assertBack = () => {
    assert.deepEqual(
      [s.state('WO-1'), s.result('WO-1'), s.read('state/evidence/WO-1/manifest.json')],
      [state, result, evidence],
    );
    assert.equal(s.rejections().length, 1);
    assert.ok(s.names('bridge/quarantine/MAIN').some((n) => s.read(`bridge/quarantine/MAIN/${n}`) === 'a: [\n...\n'));
    assert.equal(s.waybill('verify').code, 0);
  };
  wipe();
  assert.equal(s.waybill('restore').code, 0);
  assertBack();
  const up = await s.up(t);
  wipe();
  await until(
    () => s.exists('state/evidence/WO-1/manifest.json') && s.exists('bridge/quarantine/MAIN'),
    'the station restores them',
  );
  await up.stop();
  assertBack();
});

test('a second station process exits 69 and says who holds it (rule 3)', async (t) => {
  const s = testStation(t);
  const up = await s.up(t);
  const second = s.waybill('up', '--drain');
  assert.equal(second.code, 69);
  assert.match(second.stderr, new RegExp(`held by process ${up.pid} `));
  assert.equal(await up.stop(), 0);
  assert.equal(s.waybill('up', '--drain').code, 0);
});

test("hooks, signing and a hostile environment of the repository don't reach the station's commits", (t) => {
  const s = testStation(t);
  for (const hook of ['pre-commit', 'commit-msg', 'reference-transaction', 'post-checkout'])
    s.write(`.git/hooks/${hook}`, '#!/bin/sh\necho no >> .git/hooked; exit 1\n', 0o755);
  s.git('config', 'commit.gpgsign', 'true');
  s.drop(order(1));
  execFileSync(process.execPath, [`${process.cwd()}/dist/cli/main.js`, 'up', '--drain', '--log-level', 'silent'], {
    cwd: s.root,
    env: { ...process.env, GIT_DIR: '/nonexistent', GIT_INDEX_FILE: '/nonexistent' },
  });
  assert.equal(s.state('WO-1').status, 'done');
  assert.ok(!s.exists('.git/hooked'));
});

test.run();
