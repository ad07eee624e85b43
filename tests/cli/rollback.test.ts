import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { CLI, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/**
 * The seed's complaint: a rollback silently deleted what other work had put there. A rollback shows its plan, holds the work tree first,
 * leaves components alone, and changes files only by an order (rules 1, 3 and 9).
 */

const test = suite('waybill rollback');

const POLICY = 'version: 1\nrules: [{name: closed, class: never, paths: [closed/]}]\n';
const SETTINGS = `guardrail:
  components:
    - kind: file
      path: tools/run.sh
    - kind: folder
      path: agents/
    - kind: glob
      pattern: "lib/**/*.zsh"
`;
const FILES = {
  'docs/a.md': 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n',
  'docs/b.md': 'b\n',
  'tools/run.sh': '#!/bin/sh\n',
  'bin.dat': Buffer.from([0, 1, 255]),
  'closed/x': 'x\n',
};

interface Told {
  ok: boolean;
  plan: { files: { path: string; fate: string; becomes: string; why: string | null; later: { subject: string }[] }[] };
  snapshot: string | null;
  order: string | null;
  error?: { code: string; message: string; hint: string };
}

function station(t: TestContext): TestStation {
  return testStation(t, { policy: POLICY, settings: SETTINGS, files: FILES });
}

function rollback(s: TestStation, ...args: string[]): { code: number | null; told: Told } {
  const { code, stdout, stderr } = s.waybill('rollback', ...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, told: JSON.parse(stdout) as Told };
}

function fates(told: Told): Record<string, string> {
  return Object.fromEntries(told.plan.files.map(({ path, fate }) => [path, fate]));
}

function logged(s: TestStation): string[] {
  const names = s.exists('logs')
    ? readdirSync(s.path('logs')).filter((n) => /^rollback_\d{4}-\d\d-\d\d\.log$/.test(n))
    : [];
  return names.flatMap((name) => s.read(`logs/${name}`).split('\n').filter(Boolean));
}

function snapshots(s: TestStation): string[] {
  return s
    .git('for-each-ref', '--format=%(refname:lstrip=4)', 'refs/waybill/*/snapshot/*')
    .split('\n')
    .filter((name) => name !== '');
}

/** A person's commit that changes these files; null deletes. */
function commit(s: TestStation, message: string, files: Record<string, string | Buffer | null>): string {
  for (const [path, content] of Object.entries(files))
    if (content === null) rmSync(s.path(path));
    else s.write(path, content);
  s.commitAll(message);
  return s.git('rev-parse', 'HEAD');
}

/** What a rollback that is refused must leave as it was. */
function unmoved(s: TestStation): string {
  return [s.git('rev-parse', 'HEAD'), s.git('status', '--short'), ...snapshots(s)].join('\n');
}

test('an order is taken back by an order; components stay, and are taken back when forced', async (t) => {
  const s = station(t);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [
      { path: 'docs/a.md', content: 'all new\n' },
      { path: 'docs/new ü.md', content: 'new\n', mode: '0755' },
      { path: 'bin.dat', content: 'AAECAw==', encoding: 'base64' },
      { path: 'tools/run.sh', content: 'echo broken\n' },
      { path: 'agents/x/y.sh', content: 'y\n' },
      { path: 'lib/deep/er.zsh', content: 'z\n' },
    ],
    actions: [{ action: 'delete', path: 'docs/b.md' }],
  });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  s.write('uncommitted.md', 'mine\n');
  await s.up(t);

  const dry = rollback(s, 'WO-1', '--dry-run');
  assert.equal(dry.code, 0);
  assert.deepEqual(fates(dry.told), {
    'agents/x/y.sh': 'kept',
    'bin.dat': 'change',
    'docs/a.md': 'change',
    'docs/b.md': 'change',
    'docs/new ü.md': 'change',
    'lib/deep/er.zsh': 'kept',
    'tools/run.sh': 'kept',
  });
  assert.deepEqual([snapshots(s), logged(s), s.commitsOf('WO-1').length], [[], [], 1]);

  const done = rollback(s, 'WO-1', '--yes');
  assert.equal(done.code, 0, JSON.stringify(done.told));
  assert.equal(s.read('docs/a.md'), FILES['docs/a.md']);
  assert.equal(s.read('docs/b.md'), 'b\n');
  assert.equal(s.exists('docs/new ü.md'), false);
  assert.equal(s.read('tools/run.sh'), 'echo broken\n');
  assert.equal(s.read('agents/x/y.sh'), 'y\n');
  assert.equal(s.git('show', '--stat=200', '--format=%s', 'HEAD').includes('Roll back WO-1'), true);
  assert.equal(s.git('status', '--short'), '?? uncommitted.md');
  const id = done.told.order ?? '';
  assert.match(id, /^WO-ROLLBACK-1-\w+$/);
  assert.equal(s.commitsOf(id).length, 1);
  assert.equal(s.state(id).status, 'done');
  assert.deepEqual(snapshots(s), [done.told.snapshot]);
  assert.match(done.told.snapshot ?? '', /^before-rollback-/);
  const ref = s.git('for-each-ref', '--format=%(refname)', 'refs/waybill/*/snapshot/before-rollback-*');
  assert.equal(s.git('show', `${ref}:uncommitted.md`), 'mine');
  const lines = logged(s);
  assert.equal(lines.length, 7);
  for (const [path, outcome] of [
    ['docs/a.md', 'restored'],
    ['docs/new ü.md', 'deleted'],
    ['tools/run.sh', 'kept (protected)'],
  ])
    assert.ok(
      lines.some(
        (l) => /^\[\d{4}-\S+Z\] rollback WO-1 by \S+ order /.test(l) && l.endsWith(`order ${id}: ${outcome} ${path}`),
      ),
      lines.join('\n'),
    );

  const forced = rollback(s, 'WO-1', '--yes', '--force');
  assert.equal(forced.code, 0);
  assert.equal(s.read('tools/run.sh'), '#!/bin/sh\n');
  assert.equal(s.exists('agents/x/y.sh'), false);
  // and once more there is nothing left
  assert.equal(rollback(s, 'WO-1', '--yes', '--force').told.error?.code, 'NOT_REVERTIBLE');
  assert.equal(s.waybill('verify').code, 0);
});

test("a person's commit goes, later changes to other lines stay", async (t) => {
  const s = station(t);
  const bad = commit(s, 'bad', { 'docs/a.md': FILES['docs/a.md'].replace('one', 'ONE'), 'docs/c.md': 'c\n' });
  chmodSync(s.path('docs/b.md'), 0o755);
  s.commitAll('mode');
  const mode = s.git('rev-parse', 'HEAD');
  commit(s, 'good', { 'docs/a.md': s.read('docs/a.md').replace('nine', 'NINE') });
  await s.up(t);
  const { code, told } = rollback(s, bad.slice(0, 9), '--yes');
  assert.equal(code, 0, JSON.stringify(told));
  assert.equal(s.read('docs/a.md'), FILES['docs/a.md'].replace('nine', 'NINE'));
  assert.equal(s.exists('docs/c.md'), false);
  const [a] = told.plan.files;
  assert.equal(a?.becomes, 'restored, with later changes kept');
  assert.deepEqual(
    a?.later.map((l) => l.subject),
    ['good'],
  );
  assert.equal(rollback(s, mode, '--yes').code, 0);
  assert.equal(statSync(s.path('docs/b.md')).mode & 0o111, 0);
});

test('all since a commit goes; the history stays', async (t) => {
  const s = station(t);
  const start = s.git('rev-parse', 'HEAD');
  commit(s, '1', { 'docs/a.md': '1\n', 'tools/run.sh': 'broken\n' });
  commit(s, '2', { 'docs/a.md': '2\n', 'docs/b.md': null });
  commit(s, '3', { 'docs/a.md': '3\n', 'docs/c.md': 'c\n' });
  await s.up(t);
  const tip = s.git('rev-parse', 'HEAD');
  const { code, told } = rollback(s, '--to', start, '--yes', '--except', 'docs/c.md');
  assert.equal(code, 0, JSON.stringify(told));
  assert.equal(s.git('rev-parse', 'HEAD^'), tip);
  assert.equal(s.git('diff', '--name-only', start), 'docs/c.md\ntools/run.sh');
  assert.ok(logged(s).some((l) => l.endsWith('kept (left out) docs/c.md')));
});

test('later changes to the same lines, deletions and uncommitted work: refused with a list, nothing changed', async (t) => {
  const s = station(t);
  const bad = commit(s, 'bad', { 'docs/a.md': 'bad\n', 'docs/c.md': 'c\n', 'docs/b.md': 'bad\n' });
  commit(s, 'later', { 'docs/a.md': 'later\n', 'docs/c.md': 'c\nmore\n' });
  s.write('docs/b.md', 'not committed\n');
  await s.up(t);
  const before = unmoved(s);
  for (const force of [[], ['--force']]) {
    const { code, told } = rollback(s, bad, '--yes', ...force);
    assert.equal(code, 1);
    assert.equal(told.error?.code, 'ROLLBACK_CONFLICT');
    assert.match(
      told.error?.message ?? '',
      /docs\/a.md: later commits[\s\S]*docs\/b.md: it has changes[\s\S]*docs\/c.md: later/,
    );
    assert.deepEqual(fates(told), { 'docs/a.md': 'refused', 'docs/b.md': 'refused', 'docs/c.md': 'refused' });
    assert.equal(unmoved(s), before);
  }
  assert.equal(s.read('docs/b.md'), 'not committed\n');
  assert.equal(logged(s).filter((l) => /order none: refused docs\/a.md$/.test(l)).length, 2);
  // what is in the way can be left out
  s.git('checkout', '--quiet', 'docs/b.md');
  const { code } = rollback(s, bad, '--yes', '--except', 'docs/a.md', 'docs/c.md');
  assert.equal(code, 0);
  assert.equal(s.read('docs/b.md'), 'b\n');
  assert.equal(s.read('docs/a.md'), 'later\n');
});

test('what somebody commits to a file between plan and landing is never written over (rule 1)', async (t) => {
  const s = station(t);
  const bad = commit(s, 'bad', { 'docs/a.md': FILES['docs/a.md'].replace('one', 'ONE') });
  const { pid } = await s.up(t);
  process.kill(pid, 'SIGSTOP');
  const child = spawn(process.execPath, [CLI, 'rollback', bad, '--yes', '--json'], { cwd: s.root });
  t.defer(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const code = new Promise<number | null>((done) => child.once('close', done));
  await until(() => s.names('.git/waybill/commands').length > 0, 'the order is dropped');
  const theirs = s.read('docs/a.md').replace('nine', 'NINE');
  const head = commit(s, 'meanwhile', { 'docs/a.md': theirs });
  process.kill(pid, 'SIGCONT');
  assert.equal(await code, 1, said);
  const { result } = JSON.parse(said) as { result: { status: string; error: { code: string } } };
  assert.deepEqual([result.status, result.error.code], ['failed', 'PATCH_FAILED']);
  assert.equal(s.read('docs/a.md'), theirs);
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.ok(logged(s).some((l) => l.endsWith(': failed docs/a.md')));
});

test('what an order cannot write, merges, strangers and nonsense are refused', async (t) => {
  const s = station(t);
  const first = s.git('rev-parse', 'HEAD');
  symlinkSync('docs/a.md', s.path('link'));
  const linked = commit(s, 'link', { 'docs/b.md': 'other\n' });
  const closed = commit(s, 'closed', { 'closed/x': 'y\n', 'docs/d.md': 'd\n' });
  const settings = commit(s, 'settings', { 'waybill.yaml': `${s.read('waybill.yaml')}# more\n` });
  s.git('checkout', '--quiet', '-b', 'side', first);
  const side = commit(s, 'side', { 'docs/side.md': 's\n' });
  s.git('checkout', '--quiet', 'main');
  s.git('checkout', '--quiet', '-b', 'other', first);
  const stranger = commit(s, 'stranger', { 'docs/o.md': 'o\n' });
  s.git('checkout', '--quiet', 'main');
  s.git('merge', '--quiet', '--no-edit', 'side');
  await s.up(t);
  const before = unmoved(s);
  const refused = (args: string[], code: string, message: RegExp, exit = 1) => {
    const answer = rollback(s, ...args, '--yes');
    assert.equal(answer.told.error?.code, code, JSON.stringify(answer.told));
    assert.match(answer.told.error?.message ?? '', message);
    assert.equal(answer.code, exit);
    assert.equal(unmoved(s), before);
  };
  refused([linked], 'NOT_REVERTIBLE', /link: it is a symbolic link/);
  refused([settings], 'NOT_REVERTIBLE', /waybill.yaml is Waybill's own/);
  refused(['HEAD'], 'NOT_REVERTIBLE', /is a merge of 2 parents/);
  refused([stranger], 'NOT_REVERTIBLE', /not in the history/);
  refused(['--to', side], 'NOT_REVERTIBLE', /not a commit of this branch itself/);
  refused(['--to', 'nonsense'], 'UNKNOWN_ORDER', /no commit/, 66);
  refused(['WO-NEVER'], 'UNKNOWN_ORDER', /neither an order nor a commit/, 66);
  for (const args of [[], ['WO-1', '--to', 'HEAD']]) assert.equal(s.waybill('rollback', ...args).code, 64);
  // nobody answers in a script
  assert.equal(s.waybill('rollback', closed).code, 64);
  assert.equal(unmoved(s), before);
  // what policy never lets an order write stays, also when forced; the rest goes
  const { code, told } = rollback(s, closed, '--yes', '--force');
  assert.equal(code, 0, JSON.stringify(told));
  assert.deepEqual(fates(told), { 'closed/x': 'kept', 'docs/d.md': 'change' });
  assert.equal(s.read('closed/x'), 'y\n');
  // a commit that came in by the merge can go by itself
  assert.equal(rollback(s, side, '--yes').code, 0);
  assert.equal(s.exists('docs/side.md'), false);
});

test('the first commit of all', async (t) => {
  const s = testStation(t, { files: { 'docs/a.md': 'a\n' } });
  const first = s.git('rev-list', '--max-parents=0', 'HEAD');
  await s.up(t);
  // bridge/README.md, waybill.yaml and policy.yaml came with it
  assert.equal(rollback(s, first, '--yes').told.error?.code, 'NOT_REVERTIBLE');
  const { code, told } = rollback(s, first, '--yes', '--except', 'waybill.yaml', 'policy.yaml');
  assert.equal(code, 0, JSON.stringify(told));
  assert.equal(s.exists('docs/a.md'), false);
  assert.deepEqual([s.exists('waybill.yaml'), s.exists('policy.yaml')], [true, true]);
});

test('without a station process nothing happens, and it says so; what an order wrote outside stays', async (t) => {
  const outside = t.tempDir();
  const s = testStation(t, { policy: `version: 1\nroots: ["${outside}"]\n`, files: FILES });
  s.drop({
    wo_id: 'WO-OUT',
    title: 'x',
    files: [
      { path: `${outside}/out.txt`, content: 'out\n' },
      { path: 'docs/a.md', content: 'in\n' },
    ],
  });
  s.drop({ wo_id: 'WO-ONLY', title: 'x', files: [{ path: `${outside}/only.txt`, content: 'out\n' }] });
  s.drain();
  const before = unmoved(s);
  const { code, told } = rollback(s, 'WO-OUT', '--yes');
  assert.equal(code, 69);
  assert.equal(told.error?.code, 'STATION_NOT_RUNNING');
  assert.equal(unmoved(s), before);
  assert.deepEqual([s.names('.git/waybill/commands'), logged(s)], [[], []]);
  // the plan needs none
  const plan = s.waybill('rollback', 'WO-OUT', '--dry-run');
  assert.equal(plan.code, 0);
  assert.match(plan.stdout, /stays +\S+out.txt: it lies outside/);
  assert.match(rollback(s, 'WO-ONLY', '--yes').told.error?.message ?? '', /wrote only outside of the repository/);
  await s.up(t);
  assert.equal(rollback(s, 'WO-OUT', '--yes').code, 0);
  assert.equal(s.read('docs/a.md'), FILES['docs/a.md']);
  assert.ok(logged(s).some((l) => l.endsWith(`kept (outside) ${outside}/out.txt`)));
});

test('a rebased order is found by its trailer, and files with filters come back as they stood', async (t) => {
  const s = testStation(t, { files: { '.gitattributes': '*.txt text eol=crlf\n', 'w.txt': 'one\n' } });
  rmSync(s.path('w.txt'));
  s.git('checkout', '--', 'w.txt');
  assert.equal(s.read('w.txt'), 'one\r\n');
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'w.txt', content: 'two\r\n' }] });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  s.git('commit', '--quiet', '--amend', '-m', `Another subject\n\nWork-Order: WO-1`);
  await s.up(t);
  const { code, told } = rollback(s, 'WO-1', '--yes');
  assert.equal(code, 0, JSON.stringify(told));
  assert.equal(s.read('w.txt'), 'one\r\n');
  assert.equal(s.git('status', '--short'), '');
});

test.run();
