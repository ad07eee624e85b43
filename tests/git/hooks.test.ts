import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';
import { assertVanished, between, historyOf, withComponent } from '../support/vanishing.ts';

/** Rule 15: who moved what. The hooks write it down and otherwise are as if they were not there. */

const test = suite('git/hooks', { needs: ['git'] });

interface Line {
  readonly hook: string;
  readonly ref?: string;
  readonly old?: string;
  readonly new?: string;
  readonly flag?: string;
  readonly by: string;
  readonly user: string;
  readonly pid: number;
  readonly ts: string;
}

function linesOf(s: TestStation): Line[] {
  if (!s.exists('.git/waybill/hooks.jsonl')) return [];
  return s
    .read('.git/waybill/hooks.jsonl')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

function installed(s: TestStation): TestStation {
  const { code, stdout, stderr } = s.waybill('hooks', 'install');
  assert.equal(code, 0, stdout + stderr);
  return s;
}

test('each move is a line: who, with which command, which ref from where to where', (t) => {
  const s = installed(withComponent(t));
  const [old, older] = [s.git('rev-parse', 'HEAD'), s.git('rev-parse', 'HEAD~1')];
  s.git('reset', '--quiet', '--hard', 'HEAD~1');
  const moved = linesOf(s).find(({ ref }) => ref === 'refs/heads/main');
  assert.deepEqual([moved?.hook, moved?.old, moved?.new], ['reference-transaction', old, older]);
  assert.equal(moved?.by, 'git reset --quiet --hard HEAD~1');
  assert.ok(Math.abs(Date.parse(moved?.ts ?? '') - Date.now()) < 60_000);
  s.git('checkout', '--quiet', '-b', 'odd"branch\'\u00fc');
  s.git('checkout', '--quiet', '--', 'notes.md');
  const last = linesOf(s);
  assert.ok(
    last.some(({ ref }) => ref === 'refs/heads/odd"branch\'\u00fc'),
    JSON.stringify(last),
  );
  assert.ok(last.some(({ hook, flag }) => hook === 'post-checkout' && flag === '0'));
  s.git('commit', '--quiet', '--allow-empty', '-m', 'x');
  s.git('commit', '--quiet', '--allow-empty', '--amend', '-m', 'y');
  assert.ok(linesOf(s).some(({ hook }) => hook === 'post-rewrite'));
});

test("the station's own git calls are not written down", (t) => {
  const s = installed(testStation(t));
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drain();
  assert.deepEqual(linesOf(s), []);
});

const OTHER = '#!/bin/sh\necho "$@" >>seen.txt\ncat >>seen.txt\nexit 3\n';

test('a hook that was there gets the same arguments and input, decides the exit code, and comes back as it was', (t) => {
  const s = testStation(t);
  const hook = s.path('.git/hooks/reference-transaction');
  mkdirSync(s.path('.git/hooks'), { recursive: true });
  writeFileSync(hook, OTHER);
  chmodSync(hook, 0o751);
  const before = statSync(hook);
  installed(s);
  installed(s);
  const seen = (state: string) => {
    writeFileSync(s.path('seen.txt'), '');
    const input = `${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/a b\nsecond line\n`;
    const { status } = spawnSync(hook, [state], { cwd: s.root, input });
    return [status, s.read('seen.txt')];
  };
  for (const state of ['prepared', 'committed', 'aborted'])
    assert.deepEqual(seen(state), [3, `${state}\n${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/a b\nsecond line\n`]);
  assert.equal(linesOf(s).length, 2, 'only what was committed');
  assert.equal(s.waybill('hooks', 'uninstall').code, 0);
  assert.equal(readFileSync(hook, 'utf8'), OTHER);
  assert.deepEqual([statSync(hook).mode, statSync(hook).ino], [before.mode, before.ino]);
  assert.deepEqual(
    s.names('.git/hooks').filter((name) => name.includes('waybill') || name === 'post-merge'),
    [],
  );
});

test('a hook that looks at its own name is left alone, and that is said', (t) => {
  const s = testStation(t);
  mkdirSync(s.path('.git/hooks'), { recursive: true });
  s.write('.git/hooks/post-merge', '#!/bin/sh\nrun "$(basename "$0")"\n', 0o755);
  const { code, stdout } = s.waybill('hooks', 'install');
  assert.equal(code, 1);
  assert.match(stdout, /post-merge +left alone: it finds out by its own name/);
  assert.match(s.read('.git/hooks/post-merge'), /^#!\/bin\/sh\nrun/);
});

test('core.hooksPath: inside the repository it counts; a shared folder is refused with what to do', (t) => {
  const s = testStation(t);
  s.git('config', 'core.hooksPath', '.hooks of ours');
  installed(s);
  s.git('branch', 'b');
  assert.ok(linesOf(s).some(({ ref }) => ref === 'refs/heads/b'));
  s.waybill('hooks', 'uninstall');
  assert.deepEqual(s.names('.hooks of ours'), []);
  s.git('config', 'core.hooksPath', t.tempDir());
  const { code, stderr } = s.waybill('hooks', 'install');
  assert.equal(code, 1);
  assert.match(stderr, /which other repositories may use too[\s\S]*git config --local core\.hooksPath/);
});

test('a linked work tree shares them', (t) => {
  const s = installed(testStation(t));
  const linked = join(t.tempDir(), 'linked');
  s.git('worktree', 'add', '--quiet', '-b', 'side', linked);
  execFileSync('git', ['commit', '--quiet', '--allow-empty', '-m', 'there'], { cwd: linked });
  assert.ok(linesOf(s).some(({ ref, by }) => ref === 'refs/heads/side' && by.includes('--allow-empty')));
});

test('whatever goes wrong in them, git goes on', (t) => {
  const s = installed(testStation(t));
  // a folder where the log should be, and no folder at all
  mkdirSync(s.path('.git/waybill/hooks.jsonl'));
  s.git('branch', 'a');
  s.move('.git/waybill', '.git/elsewhere');
  s.git('branch', 'b');
  s.move('.git/elsewhere', '.git/waybill');
  const path = process.env['PATH'];
  const { status, stderr } = spawnSync('git', ['branch', 'c'], {
    cwd: s.root,
    env: { HOME: s.root, PATH: path },
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr], [0, '']);
});

test('a push of many refs writes down some, and the hook before gets all', (t) => {
  const s = installed(testStation(t));
  const head = s.git('rev-parse', 'HEAD');
  const input = Array.from({ length: 1500 }, (_, n) => `create refs/heads/b${n} ${head}\n`).join('');
  execFileSync('git', ['update-ref', '--stdin'], { cwd: s.root, input });
  assert.equal(linesOf(s).length, 200);
  assert.equal(s.git('for-each-ref', 'refs/heads').split('\n').length, 1501);
});

test('history names who did it, and a stash that was dropped', async (t) => {
  const s = installed(withComponent(t, true));
  const at = await between(s, () => {
    s.git('stash', 'push', '--quiet', '--include-untracked');
    s.git('stash', 'drop', '--quiet');
  });
  const stashed = historyOf(s);
  assertVanished(stashed, at, 'stash', 'certain');
  execFileSync('sh', ['-c', stashed.advice?.command ?? 'false'], { cwd: s.root });
  assert.equal(historyOf(s).answer, 'fine', 'the advice brings it back from a stash without a name');
  s.commitAll('Add it');
  const reset = await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  const h = historyOf(s);
  assertVanished(h, reset, 'reset', 'certain');
  assert.match(h.cause?.evidence.join('\n') ?? '', /hooks\.jsonl: .*git reset --quiet --hard HEAD~1 \(/);
});

test.run();
