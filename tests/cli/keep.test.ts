import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** `waybill keep`: looks, brings back without replacing anything (rule 1) or leaving its folder (rule 9), and asks before it deletes. */

const test = suite('waybill keep');
const terminal = suite('waybill keep: on a terminal', { needs: ['script'] });

interface KeepRow {
  name: string;
  id: string;
  at: string;
  files: number;
  bytes: number;
  why: string;
}

/** A station with two keeps: WO-1 with two files, and WO-2, two days older. */
function keeping(t: TestContext): TestStation {
  const s = testStation(t);
  const put = (n: number, woId: string, path: string, bytes: string | Buffer, mode = 0o644) => {
    const folder = `.git/waybill/kept/01JD000000000000000000000${n}`;
    s.write(`${folder}/about.json`, JSON.stringify({ v: 1, wo_id: woId, path, why: `reason ${n}` }));
    s.write(`${folder}/bytes`, bytes, mode);
  };
  put(1, 'WO-1', 'src/notes.md', BYTES);
  put(2, 'WO-1', 'run.sh', '#!/bin/sh\n', 0o755);
  s.drain();
  const tree = s.git('write-tree');
  const env = { ...process.env, GIT_COMMITTER_DATE: `${Math.floor(Date.now() / 1000) - 2 * 86_400} +0000` };
  const old = spawnSync('git', ['commit-tree', tree, '-m', 'keep: WO-2\n\nWhy: an old reason'], {
    cwd: s.root,
    env,
    encoding: 'utf8',
  }).stdout.trim();
  s.git('update-ref', `${prefix(s)}/WO-2`, old);
  return s;
}

const BYTES = Buffer.from([0, 255, 10, 13, 10, 0x1b, 0x5b, 0x32, 0x4a]);

function prefix(s: TestStation): string {
  return s.git('for-each-ref', '--format=%(refname)', 'refs/waybill/*/keep/WO-1').replace(/\/WO-1$/, '');
}

/** Puts a keep in place whose tree holds one file under a name that no keep of ours would have. */
function forged(s: TestStation, names: readonly string[]): void {
  let id = spawnSync('git', ['hash-object', '-w', '--stdin'], {
    cwd: s.root,
    input: 'x',
    encoding: 'utf8',
  }).stdout.trim();
  for (const [depth, name] of [...names].reverse().entries()) {
    const entry = depth === 0 ? `100644 blob ${id}\t${name}\n` : `040000 tree ${id}\t${name}\n`;
    id = spawnSync('git', ['mktree'], { cwd: s.root, input: entry, encoding: 'utf8' }).stdout.trim();
  }
  s.git('update-ref', `${prefix(s)}/FORGED`, s.git('commit-tree', id, '-m', 'keep: FORGED'));
}

test('ls shows name, age, files, size and reason, newest first, and the total against the limit', (t) => {
  const s = keeping(t);
  const { stdout } = s.waybill('keep', 'ls');
  const [first = '', second = '', total = ''] = stdout.split('\n');
  assert.match(first, /^WO-1 +\d+s +2 files +19 B {2}reason [12]$/);
  assert.match(second, /^WO-2 +2d +\d files? .* an old reason$/);
  assert.match(total, /^2 keeps, .* of 512\.0 MB$/);
  const json = JSON.parse(s.waybill('keep', 'ls', '--json').stdout) as {
    v: number;
    keeps: KeepRow[];
    bytes: number;
    max_bytes: number;
    over: boolean;
  };
  assert.deepEqual([json.v, json.max_bytes, json.over], [1, 512 * 1024 * 1024, false]);
  assert.deepEqual(
    json.keeps.map((k) => k.name),
    ['WO-1', 'WO-2'],
  );
  assert.deepEqual([json.keeps[0]?.files, json.keeps[0]?.bytes], [2, 19]);
  const empty = testStation(t);
  assert.equal(empty.waybill('keep', 'ls').stdout, 'Nothing was kept.\n');
});

test('show lists files with size and reason; with a path it prints exactly the bytes', (t) => {
  const s = keeping(t);
  const { stdout } = s.waybill('keep', 'show', 'WO-1');
  assert.match(stdout, /^run\.sh +10 B {2}\S+Z {2}reason 2$/m);
  assert.match(stdout, /^src\/notes\.md +9 B {2}\S+Z {2}reason 1$/m);
  const raw = spawnSync(process.execPath, [CLI, 'keep', 'show', 'WO-1', 'src/notes.md'], { cwd: s.root });
  assert.deepEqual(raw.stdout, BYTES);
  const json = JSON.parse(s.waybill('keep', 'show', 'WO-1', 'src/notes.md', '--json').stdout) as { content: string };
  assert.deepEqual(Buffer.from(json.content, 'base64'), BYTES);
});

test('restore writes the kept bytes and modes into a folder, and replaces nothing that is there', (t) => {
  const s = keeping(t);
  assert.equal(s.waybill('keep', 'restore', 'WO-1').stdout, 'kept-WO-1/run.sh\nkept-WO-1/src/notes.md\n');
  assert.deepEqual(readFileSync(s.path('kept-WO-1/src/notes.md')), BYTES);
  assert.equal(statSync(s.path('kept-WO-1/run.sh')).mode & 0o777, 0o755);
  s.write('kept-WO-1/run.sh', 'mine by now');
  assert.match(s.waybill('keep', 'restore', 'WO-1').stdout, /^kept-WO-1\/run\.sh\.1 {2}\(that name was taken\)$/m);
  assert.equal(s.read('kept-WO-1/run.sh'), 'mine by now');
  assert.equal(s.read('kept-WO-1/run.sh.1'), '#!/bin/sh\n');
  const one = s.waybill('keep', 'restore', 'WO-1', 'run.sh', '--to', join(s.root, '../elsewhere/deep'), '--json');
  const told = JSON.parse(one.stdout) as { v: number; folder: string; files: { path: string; as: string }[] };
  assert.deepEqual(told.files, [{ path: 'run.sh', as: 'run.sh' }]);
  assert.equal(readFileSync(join(told.folder, 'run.sh'), 'utf8'), '#!/bin/sh\n');
});

test('rule 9: restore follows no link, and a path that leads out of its folder is refused', (t) => {
  const s = keeping(t);
  mkdirSync(s.path('outside'));
  mkdirSync(s.path('kept-WO-1'));
  symlinkSync('../outside', s.path('kept-WO-1/src'));
  symlinkSync('../outside/run.sh', s.path('kept-WO-1/run.sh'));
  const linked = s.waybill('keep', 'restore', 'WO-1');
  assert.deepEqual([linked.code, linked.stderr.includes('PATH_DENIED')], [1, true]);
  assert.deepEqual(s.names('outside'), []);
  assert.equal(s.read('kept-WO-1/run.sh.1'), '#!/bin/sh\n');
  for (const names of [
    ['..', 'out.txt'],
    ['.git', 'hooks', 'x'],
    ['a', '..', '..', 'out.txt'],
  ]) {
    forged(s, names);
    const { code, stderr } = s.waybill('keep', 'restore', 'FORGED', '--to', 'inside');
    assert.deepEqual([code, stderr.includes('PATH_DENIED')], [1, true], `${names.join('/')}: ${stderr}`);
    assert.ok(!s.exists('out.txt') && !s.exists('inside/.git') && !s.exists('../out.txt'));
  }
});

test('prune lists what would go, and without a terminal deletes only with --yes', (t) => {
  const s = keeping(t);
  const asked = s.waybill('keep', 'prune', '--older-than', '1');
  assert.equal(asked.code, 64);
  assert.match(asked.stdout, /^WO-2 .*\nwould be deleted: 1 of 2, /);
  assert.match(asked.stderr, /USAGE .*--yes/);
  assert.equal(s.waybill('keep', 'prune', 'WO-2', '--json').code, 64);
  assert.deepEqual(s.names('.git/waybill/commands'), []);
  const waits = s.waybill('keep', 'prune', '--older-than', '1', '--yes');
  assert.match(waits.stdout + waits.stderr, /waiting for the station[\s\S]*waybill up/);
  assert.deepEqual(s.kept(), ['WO-1', 'WO-2']);
  s.drain();
  assert.deepEqual(s.kept(), ['WO-1']);
  assert.match(s.waybill('keep', 'prune', 'WO-1', '--older-than', '1', '--yes').stdout, /nothing to delete/);
});

test('a running station prunes at once; only refs change', async (t) => {
  const s = keeping(t);
  await s.up(t);
  const head = s.git('rev-parse', 'HEAD');
  const blob = s.git('rev-parse', `${prefix(s)}/WO-1:run.sh`);
  const done = s.waybill('keep', 'prune', 'WO-1', '--yes', '--json');
  const told = JSON.parse(done.stdout) as { v: number; taken: boolean; keeps: KeepRow[] };
  assert.deepEqual([told.v, told.taken, told.keeps.map((k) => k.name)], [1, true, ['WO-1']]);
  assert.deepEqual(s.kept(), ['WO-2']);
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.equal(s.git('cat-file', '-t', blob), 'blob', 'git drops it at its next gc, not we');
});

test('exit codes: 64 usage, 66 what is not there', (t) => {
  const s = keeping(t);
  const cases: [number, string[]][] = [
    [64, []],
    [64, ['frob']],
    [64, ['ls', 'WO-1']],
    [64, ['show']],
    [64, ['restore', 'WO-1', 'a', 'b']],
    [64, ['prune']],
    [64, ['prune', '--older-than', 'soon']],
    [66, ['show', 'WO-9']],
    [66, ['show', '../../heads/main']],
    [66, ['show', 'WO-1', 'no/such.file']],
    [66, ['restore', 'WO-9']],
    [66, ['prune', 'WO-1', 'WO-9', '--yes']],
  ];
  for (const [code, args] of cases) {
    const run = s.waybill('keep', ...args);
    assert.equal(run.code, code, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
  }
  assert.deepEqual(s.kept(), ['WO-1', 'WO-2']);
});

terminal('prune asks on a terminal, and only y deletes', async (t) => {
  const s = keeping(t);
  await s.up(t);
  const answer = (text: string) =>
    spawnSync('script', ['-qec', `'${process.execPath}' '${CLI}' keep prune WO-1`, '/dev/null'], {
      cwd: s.root,
      encoding: 'utf8',
      input: text,
    }).stdout;
  assert.match(answer('n\n'), /would be deleted: 1 of 2[\s\S]*\[y\/N\][\s\S]*Nothing was deleted/);
  assert.match(answer('\n'), /Nothing was deleted/);
  assert.deepEqual(s.kept(), ['WO-1', 'WO-2']);
  assert.match(answer('y\n'), /deleted: WO-1/);
  assert.deepEqual(s.kept(), ['WO-2']);
});

test.run();
terminal.run();
