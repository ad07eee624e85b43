import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { CLI, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 1, "nothing is lost", for what no commit has: a snapshot holds the work tree as it is and touches nothing of it. */

const test = suite('snapshot');

interface Listed {
  snapshots: { name: string; id: string; branch: string; head: string; files: number; bytes: number; why: string }[];
}

function list(s: TestStation): Listed['snapshots'] {
  return (JSON.parse(s.waybill('snapshot', 'ls', '--json').stdout) as Listed).snapshots;
}

function refOf(s: TestStation, name: string): string {
  return s.git('for-each-ref', '--format=%(refname)', `refs/waybill/*/snapshot/${name}`);
}

/** Mode and blob of every path in a commit. */
function treeOf(s: TestStation, commit: string): Map<string, string> {
  const lines = s.git('ls-tree', '-r', '-z', commit).split('\0').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(53), line.slice(0, 6)]));
}

function take(s: TestStation, name: string, ...more: string[]): void {
  const { code, stderr } = s.waybill('snapshot', name, ...more);
  assert.equal(code, 0, stderr);
}

const FILES = {
  'docs/a.md': 'one\n',
  'docs/b.md': 'b\n',
  'tools/run.sh': '#!/bin/sh\n',
  'bin.dat': Buffer.from([0, 1, 255]),
};

/** Work of every kind that no commit has. */
function work(s: TestStation): void {
  s.write('docs/staged.md', 'staged\n');
  s.git('add', 'docs/staged.md');
  s.write('docs/staged.md', 'staged, then edited\n');
  s.write('docs/a.md', 'one\ntwo\n');
  s.write('un tracked é "x".txt', 'untracked\n');
  s.write('new/deep/er.sh', '#!/bin/sh\n');
  chmodSync(s.path('new/deep/er.sh'), 0o755);
  chmodSync(s.path('tools/run.sh'), 0o755);
  symlinkSync('docs/a.md', s.path('link'));
  symlinkSync('/nowhere at all', s.path('broken link'));
  rmSync(s.path('docs/b.md'));
}

/** Everything of the person's that a snapshot may not touch, byte for byte. */
function standing(s: TestStation): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: string) => {
    for (const name of readdirSync(s.path(folder))) {
      const path = join(folder, name);
      if (/^\.git\/(objects|waybill|refs\/waybill)$/.test(path) || path === 'state') continue;
      const stat = lstatSync(s.path(path));
      if (stat.isDirectory()) walk(path);
      else {
        const bytes = stat.isSymbolicLink()
          ? readlinkSync(s.path(path))
          : readFileSync(s.path(path)).toString('base64');
        found[path] = `${stat.mode} ${stat.mtimeMs} ${stat.ino} ${bytes}`;
      }
    }
  };
  walk('');
  return found;
}

test('holds staged, unstaged and untracked files, modes and links, and touches nothing', (t) => {
  const s = testStation(t, { files: FILES });
  s.git('stash', 'list');
  work(s);
  const before = standing(s);
  take(s, 'monday', '--why', 'before cleanup');
  assert.deepEqual(standing(s), before);
  const tree = treeOf(s, refOf(s, 'monday'));
  const ref = refOf(s, 'monday');
  const show = (at: string) => s.git('show', at);
  assert.equal(show(`${ref}:docs/a.md`), 'one\ntwo');
  assert.equal(show(`${ref}:docs/staged.md`), 'staged, then edited');
  assert.equal(show(`${ref}^2:docs/staged.md`), 'staged', 'the index is the second parent');
  assert.equal(s.git('rev-parse', `${ref}^1`), s.git('rev-parse', 'HEAD'));
  assert.equal(show(`${ref}:un tracked é "x".txt`), 'untracked');
  assert.equal(tree.get('new/deep/er.sh'), '100755');
  assert.equal(tree.get('tools/run.sh'), '100755');
  assert.equal(tree.get('link'), '120000');
  assert.equal(show(`${ref}:broken link`), '/nowhere at all');
  assert.equal(tree.has('docs/b.md'), false);
  assert.equal(
    [...tree.keys()].some((path) => path.startsWith('state/') || path.startsWith('bridge/inbox')),
    false,
  );
  const [one] = list(s);
  assert.equal(one?.name, 'monday');
  assert.equal(one?.branch, 'main');
  assert.equal(one?.head, s.git('rev-parse', 'HEAD'));
  assert.equal(one?.why, 'before cleanup');
  assert.equal(one?.files, 8);
  assert.equal(existsSync(s.path('.git/waybill/snapshot')) ? s.names('.git/waybill/snapshot').length : 0, 0);
});

test('an edit of the same size and time as what was added last is held too', async (t) => {
  const s = testStation(t, { files: FILES });
  s.git('config', 'core.trustctime', 'false');
  const at = Date.now() / 1000 + 1;
  s.write('docs/b.md', 'a\n');
  utimesSync(s.path('docs/b.md'), at, at);
  s.git('add', 'docs/b.md');
  s.write('docs/b.md', 'c\n');
  utimesSync(s.path('docs/b.md'), at, at);
  // git compares by content what is as young as the index: a copy of the index made later must not look later
  await until(() => Date.now() / 1000 > at + 0.1, 'the time has passed');
  take(s, 'race');
  assert.equal(s.git('show', `${refOf(s, 'race')}:docs/b.md`), 'c');
});

test('files that git was told not to look at, and components that it ignores, are held', (t) => {
  const settings = 'guardrail:\n  components:\n    - kind: file\n      path: secret/key.sh\n';
  const s = testStation(t, { settings, files: { ...FILES, '.gitignore': 'secret/\nlogs/\n' } });
  s.git('update-index', '--assume-unchanged', 'docs/a.md');
  s.git('update-index', '--skip-worktree', 'docs/b.md');
  s.write('docs/a.md', 'hidden\n');
  s.write('docs/b.md', 'hidden too\n');
  s.write('secret/key.sh', 'key\n');
  s.write('secret/other', 'ignored\n');
  take(s, 'all');
  const ref = refOf(s, 'all');
  assert.equal(s.git('show', `${ref}:docs/a.md`), 'hidden');
  assert.equal(s.git('show', `${ref}:docs/b.md`), 'hidden too');
  assert.equal(s.git('show', `${ref}:secret/key.sh`), 'key');
  assert.equal(treeOf(s, ref).has('secret/other'), false);
  assert.match(s.git('ls-files', '-v', 'docs'), /h docs\/a.md\nS docs\/b.md/);
});

test('before the first commit, on a detached HEAD, and in a merge with conflicts', (t) => {
  const s = testStation(t, { files: FILES });
  s.git('checkout', '--quiet', '-b', 'side');
  s.write('docs/a.md', 'side\n');
  s.commitAll('side');
  s.git('checkout', '--quiet', '--detach', 'main');
  s.write('docs/a.md', 'main\n');
  s.commitAll('main');
  take(s, 'detached');
  spawnSync('git', ['merge', 'side'], { cwd: s.root });
  const { code, stderr } = s.waybill('snapshot', 'conflict');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /not held: docs\/a.md: its stages of a merge/);
  assert.match(s.git('show', `${refOf(s, 'conflict')}:docs/a.md`), /<<<<<<< HEAD\nmain/);
  assert.match(s.git('status', '--short'), /UU docs\/a.md/);
  s.git('merge', '--abort');
  s.git('checkout', '--quiet', '--orphan', 'fresh');
  take(s, 'unborn');
  const found = list(s);
  assert.deepEqual(found.map(({ name, branch }) => `${name} ${branch}`).sort(), [
    'conflict detached',
    'detached detached',
    'unborn fresh',
  ]);
  assert.equal(found.find(({ name }) => name === 'unborn')?.head, null);
});

test('another repository inside is named, what cannot be held stops nothing, and git filters work', (t) => {
  const s = testStation(t, { files: { ...FILES, '.gitattributes': '*.txt text eol=crlf\n' } });
  mkdirSync(s.path('inner'));
  spawnSync('git', ['init', '--quiet', 'inner'], { cwd: s.root });
  s.write('crlf.txt', 'one\r\ntwo\r\n');
  s.write('other.md', 'x\n');
  const { code, stderr } = s.waybill('snapshot', 'inner');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /not held: inner\/: it is another repository/);
  assert.equal(s.git('show', `${refOf(s, 'inner')}:crlf.txt`), 'one\ntwo');
  rmSync(s.path('crlf.txt'));
  assert.equal(s.waybill('snapshot', 'restore', 'inner', '--yes').code, 0);
  assert.equal(s.read('crlf.txt'), 'one\r\ntwo\r\n');
});

test('a name is never used twice, and only good names are taken', (t) => {
  const s = testStation(t, { files: FILES });
  s.write('x', '1');
  take(s, 'a');
  const before = s.git('rev-parse', refOf(s, 'a'));
  s.write('x', '2');
  const again = s.waybill('snapshot', 'a', '--json');
  assert.equal(again.code, 1);
  assert.equal((JSON.parse(again.stdout) as { error: { code: string } }).error.code, 'SNAPSHOT_EXISTS');
  assert.equal(s.git('rev-parse', refOf(s, 'a')), before);
  for (const bad of ['../x', 'a/b', 'a..b', 'x.lock', '-x ', '.x', 'é', 'a b'])
    assert.equal(s.waybill('snapshot', '--', bad).code, 64, bad);
  assert.equal(s.waybill('snapshot', 'rm', 'a').code, 64);
  assert.equal(s.waybill('snapshot', 'rm', 'b', '--yes').code, 66);
  assert.equal(s.waybill('snapshot', 'rm', 'a', '--yes').code, 0);
  assert.deepEqual(list(s), []);
  // two without a name in one second
  assert.equal(s.waybill('snapshot').code, 0);
  assert.equal(s.waybill('snapshot').code, 0);
  assert.equal(list(s).length, 2);
});

test('survives gc, and comes back after reset --hard, clean and rm -rf', (t) => {
  const s = testStation(t, { files: FILES });
  work(s);
  cpSync(s.root, join(s.root, '../copy'), { recursive: true, verbatimSymlinks: true });
  take(s, 'monday');
  s.git('reset', '--quiet', '--hard');
  s.git('clean', '-fdq');
  rmSync(s.path('docs'), { recursive: true });
  s.git('reflog', 'expire', '--expire=now', '--all');
  s.git('gc', '--quiet', '--prune=now');
  const diff = s.waybill('snapshot', 'diff', 'monday');
  assert.match(diff.stdout, /deleted file mode 100755/);
  assert.match(diff.stdout, /-two/);

  const to = join(s.root, '../back');
  assert.equal(s.waybill('snapshot', 'restore', 'monday', '--to', to).code, 0);
  assert.equal(readFileSync(join(to, 'docs/a.md'), 'utf8'), 'one\ntwo\n');
  assert.equal(statSync(join(to, 'new/deep/er.sh')).mode & 0o111, 0o111);
  assert.equal(readlinkSync(join(to, 'broken link')), '/nowhere at all');
  // a folder with something in it is never written into
  assert.equal(s.waybill('snapshot', 'restore', 'monday', '--to', to).code, 64);

  const back = s.waybill('snapshot', 'restore', 'monday', '--yes');
  // tools/run.sh is there, with another mode, which only an order can bring back: no station runs
  assert.equal(back.code, 69);
  s.write('new/deep/er.sh', 'somebody else was here\n');
  const some = s.waybill(
    'snapshot',
    'restore',
    'monday',
    'docs',
    'un tracked é "x".txt',
    'link',
    'broken link',
    'new',
    '--yes',
  );
  assert.equal(some.code, 1, some.stderr);
  assert.match(some.stdout, /stays +new\/deep\/er.sh/);
  assert.equal(s.read('new/deep/er.sh'), 'somebody else was here\n');
  for (const path of ['docs/a.md', 'docs/staged.md', 'un tracked é "x".txt'])
    assert.equal(s.read(path), readFileSync(join(s.root, '../copy', path), 'utf8'));
  assert.equal(readlinkSync(s.path('link')), 'docs/a.md');
});

test('what is committed otherwise comes back by an order of the running station', async (t) => {
  const s = testStation(t, { files: FILES });
  s.write('docs/a.md', 'my hours of work\n');
  chmodSync(s.path('tools/run.sh'), 0o755);
  take(s, 'work');
  s.git('reset', '--quiet', '--hard');
  await s.up(t);
  const { code, stdout, stderr } = s.waybill('snapshot', 'restore', 'work', '--yes');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /by order +docs\/a.md/);
  assert.equal(s.read('docs/a.md'), 'my hours of work\n');
  assert.match(s.git('log', '-1', '--format=%s'), /^wo\(WO-RESTORE-work-\w+\): Restore from snapshot work$/);
  assert.equal(statSync(s.path('tools/run.sh')).mode & 0o111, 0o111);
  assert.equal(s.git('status', '--short'), '');
});

test('two thousand files go into one pack', (t) => {
  const s = testStation(t, { files: FILES });
  for (let n = 0; n < 2000; n++) s.write(`many/${n % 40}/${n}.txt`, `number ${n}\n`);
  take(s, 'many');
  assert.equal(list(s)[0]?.files, 2000);
  assert.ok(Number(/^count: (\d+)/.exec(s.git('count-objects', '-v'))?.[1]) < 200);
});

test('killed at any moment: there is a whole snapshot or none, and the next one cleans up', async (t) => {
  const s = testStation(t, { files: FILES });
  for (let n = 0; n < 200; n++) s.write(`many/${n}.txt`, `number ${n}\n`);
  work(s);
  const before = standing(s);
  let killed = 0;
  for (let n = 0; n < 14; n++) {
    const child = spawn(process.execPath, [CLI, 'snapshot', `k${n}`], { cwd: s.root, stdio: 'ignore', detached: true });
    const gone = new Promise<NodeJS.Signals | null>((done) => child.once('exit', (_, signal) => done(signal)));
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 150 + n * 60);
    if ((await gone) === 'SIGKILL') killed++;
    clearTimeout(timer);
    assert.deepEqual(standing(s), before);
    const ref = refOf(s, `k${n}`);
    if (ref === '') continue;
    s.git('rev-list', '--objects', '--quiet', ref);
    assert.equal(s.git('show', `${ref}:many/199.txt`), 'number 199');
    assert.equal(s.git('show', `${ref}^2:docs/staged.md`), 'staged');
  }
  assert.ok(killed > 2, `${killed} were killed`);
  take(s, 'after');
  assert.deepEqual(s.names('.git/waybill/snapshot'), []);
  assert.deepEqual(standing(s), before);
});

test('purge names the snapshots that still hold what an order wrote', async (t) => {
  const s = testStation(t, { files: FILES });
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'docs/secret.md', content: 'the token\n' }] });
  s.drain();
  take(s, 'holds');
  s.write('docs/secret.md', 'other\n');
  take(s, 'staged');
  rmSync(s.path('docs/secret.md'));
  await s.up(t);
  const { code, stdout, stderr } = s.waybill('purge', 'WO-1', '--secret');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /snapshot holds, which holds what this order wrote: docs\/secret.md\n.*snapshot rm holds --yes/);
  assert.match(stdout, /snapshot staged, which holds/, 'the index had it still');
  // the person follows the hint, and rewrites the branch
  assert.equal(s.waybill('snapshot', 'rm', 'holds', '--yes').code, 0);
  const blob = spawnSync('git', ['hash-object', '--stdin'], { input: 'the token\n', encoding: 'utf8' }).stdout.trim();
  assert.equal(s.git('cat-file', '-t', blob), 'blob');
  assert.equal(s.waybill('snapshot', 'rm', 'staged', '--yes').code, 0);
  s.git('reset', '--quiet', '--hard', 'HEAD^');
  rmSync(s.path('.git/ORIG_HEAD'));
  s.git('reflog', 'expire', '--expire=now', '--all');
  const again = s.waybill('purge', 'WO-1', '--secret');
  assert.equal(again.code, 0, again.stderr);
  assert.notEqual(spawnSync('git', ['cat-file', '-e', blob], { cwd: s.root }).status, 0, 'the secret is gone');
});

test('a station starts and works beside a snapshot, and leaves it alone', (t) => {
  const s = testStation(t, { files: FILES });
  work(s);
  take(s, 'beside');
  const id = s.git('rev-parse', refOf(s, 'beside'));
  s.write(`.git/${refOf(s, 'beside')}2.lock`, '');
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'docs/z.md', content: 'z\n' }] });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(s.git('rev-parse', refOf(s, 'beside')), id);
  assert.ok(existsSync(s.path(`.git/${refOf(s, 'beside')}2.lock`)), 'the lock of a snapshot under way stays');
});
test.run();
