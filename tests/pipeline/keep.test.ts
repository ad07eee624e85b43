import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { program } from '../support/program.ts';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rule 1: what somebody wrote at an unlucky moment comes under a ref of its own, where `waybill keep` finds it and nothing takes it. */

const test = suite('keep');
const ulid = (n: number) => `01JD0000000000000000000${String(n).padStart(3, '0')}`;

/** Bytes put aside as a landing does it, for the next start to find. */
function aside(s: TestStation, n: number, woId: string, path: string, bytes: string | Buffer): void {
  const folder = `.git/waybill/kept/${ulid(n)}`;
  s.write(`${folder}/about.json`, JSON.stringify({ v: 1, wo_id: woId, path, why: 'a test wrote it' }));
  s.write(`${folder}/bytes`, bytes);
}

function keepRef(s: TestStation, name: string): string {
  return s.git('for-each-ref', '--format=%(refname)', `refs/waybill/*/keep/${name}`);
}

/** The files of a keep with their contents. */
function filesOf(s: TestStation, name: string): Record<string, string> {
  const ref = keepRef(s, name);
  const paths = s.git('ls-tree', '-r', '--name-only', ref).split('\n');
  const bytes = (path: string) => execFileSync('git', ['show', `${ref}:${path}`], { cwd: s.root, encoding: 'utf8' });
  return Object.fromEntries(paths.map((path) => [path, bytes(path)]));
}

function commitsIn(s: TestStation, name: string): number {
  return Number(s.git('rev-list', '--count', keepRef(s, name)));
}

/** What lies in the three folders for plain files. */
function plainFiles(s: TestStation): string[] {
  return ['kept', 'late', 'unreadable'].flatMap((folder) => s.names(`.git/waybill/${folder}`));
}

function events(s: TestStation, name: string): number {
  return s.telemetry().filter(({ event }) => event === name).length;
}

/** A program that has a file open, and writes into it whenever the next `.git/go-<n>` appears. */
async function writer(t: TestContext, s: TestStation, path: string): Promise<{ end(): Promise<void> }> {
  const script =
    'exec 3>>"$1"; touch .git/did-0; for n in 1 2; do while [ ! -e .git/go-$n ]; do sleep 0.005; done; echo "late $n" >&3; touch .git/did-$n; done; while :; do sleep 1; done';
  const child = spawn('sh', ['-c', script, 'sh', path], { cwd: s.root, stdio: 'ignore', detached: true });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const end = async () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // it has ended
    }
    await gone;
  };
  t.defer(end);
  await until(() => s.exists('.git/did-0'), 'the file is open', 60_000);
  return { end };
}

const GO = (n: number) => `touch .git/go-${n}; while [ ! -e .git/did-${n} ]; do sleep 0.005; done`;

const linux = suite('keep: open files', { needs: ['linux'], timeoutMs: 250_000 });

linux(
  'what a program writes into a replaced file is kept as long as it has it open, and survives every gc',
  async (t) => {
    const s = testStation(t, { files: { 'docs/a.md': 'one\n' } });
    s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'docs/a.md', content: 'new\n' }] });
    const program = await writer(t, s, 'docs/a.md');
    s.drainKilledAt(0, { at: 'landing 6: refs committed', command: GO(1) });
    assert.equal(s.state('WO-1').status, 'done');
    assert.equal(s.read('docs/a.md'), 'new\n');
    assert.deepEqual(s.kept(), ['WO-1']);
    assert.match(JSON.stringify(s.result('WO-1')), /docs\/a\.md: .*waybill keep show WO-1/);
    assert.match(
      s.git('log', '-1', '--format=%B', keepRef(s, 'WO-1')),
      /Work-Order: WO-1\nPath: docs\/a\.md\nWhy: .*after it was replaced/,
    );
    assert.equal(plainFiles(s).length, 1, 'the program still has it open');
    // it goes on writing, long after its file was replaced
    s.write('.git/go-2', '');
    await until(() => s.exists('.git/did-2'), 'it wrote again', 60_000);
    await program.end();
    s.drain();
    assert.deepEqual(plainFiles(s), []);
    s.git('reflog', 'expire', '--expire=all', '--all');
    s.git('gc', '--quiet', '--prune=now');
    const kept = filesOf(s, 'WO-1');
    assert.deepEqual(kept, { 'docs/a.md': 'one\nlate 1\n', 'docs/a.md.1': 'one\nlate 1\nlate 2\n' });
    assert.equal(events(s, 'kept'), 2);
    assert.deepEqual(s.leftovers(), []);
    assert.equal(s.waybill('verify').code, 0);
  },
);

test('a drop that is written to after its claim is kept under its claim, with its order in the message', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-W', title: 'x', files: [{ path: 'w', content: 'w' }] });
  const late = `for f in .git/waybill/claimed/*/MAIN@WO-W.json; do echo " and more" >> "$f"; done`;
  s.drainKilledAt(0, { at: 'landing 6: refs committed', command: late });
  const [name = ''] = s.kept();
  assert.match(name, /^claim-[0-9A-Z]{26}$/);
  assert.match(s.git('log', '-1', '--format=%B', keepRef(s, name)), /Work-Order: WO-W\nPath: MAIN\/WO-W\.json\n/);
  assert.deepEqual(Object.keys(filesOf(s, name)), ['MAIN/WO-W.json']);
  assert.match(filesOf(s, name)['MAIN/WO-W.json'] ?? '', / and more\n$/);
  assert.deepEqual(plainFiles(s), []);
});

test('a kill between the commit and the removal of the plain file, then another start: one copy, one commit', (t) => {
  const steps = (() => {
    const s = testStation(t);
    aside(s, 1, 'WO-1', 'a.txt', 'hers');
    return s.drainKilledAt(0).steps;
  })();
  const at = steps.indexOf('keep: in git');
  assert.ok(at >= 0, steps.join(', '));
  const s = testStation(t);
  aside(s, 1, 'WO-1', 'a.txt', 'hers');
  assert.ok(s.drainKilledAt(at + 1).killed);
  assert.equal(plainFiles(s).length, 1);
  // and a landing that was cut short keeps the very same bytes once more
  aside(s, 2, 'WO-1', 'a.txt', 'hers');
  s.drain();
  s.drain();
  assert.deepEqual(filesOf(s, 'WO-1'), { 'a.txt': 'hers' });
  assert.equal(commitsIn(s, 'WO-1'), 1);
  assert.deepEqual(plainFiles(s), []);
  assert.deepEqual(s.leftovers(), []);
});

test('a kill before any change of a file after the commit leaves one copy under one name', (t) => {
  const script = program('kill-after');
  const s = testStation(t);
  const names: string[] = [];
  for (let n = 0; n < 14; n++) {
    const claim = ulid(100 + n);
    aside(s, n, `WO-${n}`, 'a.txt', `hers ${n}`);
    s.write(`.git/waybill/late/${claim}.json`, JSON.stringify({ v: 1, wo_id: `WO-${n}` }));
    s.write(`.git/waybill/late/${claim}/MAIN/x.yaml`, `late ${n}`);
    const args = [script, s.root, 'keep: in git', String(n)];
    assert.equal(spawnSync(process.execPath, args, { stdio: 'ignore' }).signal, 'SIGKILL', `change ${n}`);
    names.push(`WO-${n}`, `claim-${claim}`);
  }
  s.drain();
  assert.deepEqual(s.kept(), names.sort());
  assert.deepEqual(plainFiles(s), []);
  // every commit with the files that it brought: each once
  const log = s.git('log', '--root', '--format=', '--name-only', '--glob=refs/waybill/*/keep/*').split('\n');
  assert.deepEqual(log.sort(), names.map((name) => (name.startsWith('WO') ? 'a.txt' : 'MAIN/x.yaml')).sort());
});

test('later keepings of an order join the earlier ones, whatever their names; what has no note is found too', (t) => {
  const s = testStation(t);
  aside(s, 1, 'WO-1', 'a', 'first');
  s.drain();
  aside(s, 2, 'WO-1', 'a', 'second');
  aside(s, 3, 'WO-1', 'a/b', 'below a file');
  aside(s, 4, 'WO-1', '/etc/../.git/GIT~1/x', 'odd names');
  aside(s, 5, 'WO-1', 'c/d', 'd');
  aside(s, 6, 'WO-1', 'c', 'named as a folder');
  s.write('.git/waybill/kept/01JD0000000000000000000009/bytes', 'whose?');
  s.write('.git/waybill/kept/left-by-an-older-version', 'old');
  s.write(`.git/waybill/kept/${ulid(8)}/about.json`, '{"v":1}');
  symlinkSync('/etc/passwd', s.path('.git/waybill/kept/a-link'));
  s.drain();
  assert.deepEqual(filesOf(s, 'WO-1'), {
    a: 'first',
    'a.1': 'second',
    'a.2/b': 'below a file',
    'etc/%2E%2E/%2Egit/GIT%7E1/x': 'odd names',
    'c/d': 'd',
    'c.1': 'named as a folder',
  });
  const unknown = s.kept().filter((name) => name.startsWith('unknown-'));
  assert.deepEqual(unknown.flatMap((name) => Object.values(filesOf(s, name))).sort(), ['/etc/passwd', 'old', 'whose?']);
  assert.deepEqual(plainFiles(s), []);
  s.git('fsck', '--strict', '--no-dangling');
});

test('what cannot be read as a file waits where it lies, is listed, and stops nothing', (t) => {
  const s = testStation(t);
  aside(s, 1, 'WO-1', 'a', 'a');
  s.write(`.git/waybill/kept/${ulid(2)}/about.json`, JSON.stringify({ v: 1, wo_id: 'WO-2', path: 'b', why: 'x' }));
  s.write(`.git/waybill/kept/${ulid(2)}/bytes/inside`, 'a folder in place of a file');
  s.drop({ wo_id: 'WO-GOOD', title: 'x', files: [{ path: 'good', content: 'x' }] });
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
  assert.deepEqual(s.kept(), ['WO-1']);
  assert.match(s.waybill('keep', 'ls').stdout, /plain files that wait[^\n]*\n {2}WO-2 {2}\.git\/waybill\/kept\//);
  assert.match(s.waybill('keep', 'show', 'WO-2').stderr, /UNKNOWN_KEEP WO-2 is not in git yet/);
});

test('contents of living orders are held under work/ and swept; keeps are not', (t) => {
  const s = testStation(t, { policy: ANYTHING, files: { a: 'before\n' } });
  aside(s, 1, 'WO-0', 'x', 'hers');
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [{ path: 'a', content: 'after\n' }],
    tests: [{ name: 'look', command: 'git for-each-ref --format="%(refname)" refs/waybill > .git/refs.txt' }],
  });
  s.drain();
  assert.match(s.read('.git/refs.txt'), /\/work\/WO-1\n/);
  assert.doesNotMatch(s.read('.git/refs.txt'), /\/keep\/WO-1\n/);
  assert.deepEqual(s.kept(), ['WO-0']);
  assert.deepEqual(s.leftovers(), []);
});

test('over the limit the station says so once, and deletes nothing; below it again, once', (t) => {
  const s = testStation(t, { settings: 'keep: {max_mb: 1}\n' });
  aside(s, 1, 'WO-1', 'small', 'x');
  s.drain();
  assert.equal(events(s, 'keeps_over_limit'), 0);
  assert.match(s.waybill('status').stdout, /keeps: 1, 1 B of 1\.0 MB\n/);
  aside(s, 2, 'WO-2', 'big', Buffer.alloc(1024 * 1024, 7));
  s.drain();
  aside(s, 3, 'WO-3', 'more', 'y');
  s.drain();
  assert.equal(events(s, 'keeps_over_limit'), 1);
  assert.deepEqual(s.kept(), ['WO-1', 'WO-2', 'WO-3']);
  assert.match(s.waybill('status').stdout, /keeps: 3, 1\.0 MB of 1\.0 MB: over the limit/);
  assert.equal((JSON.parse(s.waybill('status', '--json').stdout) as { keeps: { over: boolean } }).keeps.over, true);
  assert.equal(s.waybill('keep', 'prune', 'WO-2', '--yes').code, 0);
  s.drain();
  assert.deepEqual(s.kept(), ['WO-1', 'WO-3']);
  assert.deepEqual([events(s, 'keeps_over_limit'), events(s, 'keeps_within_limit')], [1, 1]);
});

test('a keep to which something was added since it was shown is not deleted; the others are', (t) => {
  const s = testStation(t);
  aside(s, 1, 'WO-1', 'a', 'a');
  aside(s, 2, 'WO-2', 'b', 'b');
  s.drain();
  const asked = s.waybill('keep', 'prune', 'WO-1', 'WO-2', '--yes');
  assert.match(asked.stdout, /waiting for the station/);
  aside(s, 3, 'WO-1', 'a', 'more');
  s.drain();
  assert.deepEqual(s.kept(), ['WO-1']);
  assert.deepEqual(filesOf(s, 'WO-1'), { a: 'a', 'a.1': 'more' });
  const [refusal = ''] = readdirSync(s.path('.git/waybill/commands')).filter((n) => n.endsWith('.refused.json'));
  const { code, message } = JSON.parse(s.read(`.git/waybill/commands/${refusal}`)) as { code: string; message: string };
  assert.deepEqual([code, message.includes('WO-1'), message.includes('WO-2')], ['KEEP_CHANGED', true, false]);
});

test('a purge takes what was written into the drop, and names what others wrote into the files', (t) => {
  const s = testStation(t);
  const secret = 'tok-1b7d';
  s.drop({ wo_id: 'WO-W', title: 'x', files: [{ path: 'w', content: 'w' }] });
  const late = `for f in .git/waybill/claimed/*/MAIN@WO-W.json; do echo " ${secret}" >> "$f"; done`;
  s.drainKilledAt(0, { at: 'landing 6: refs committed', command: late });
  aside(s, 1, 'WO-W', 'w', 'hers');
  s.drain();
  assert.equal(s.kept().length, 2);
  s.waybill('purge', 'WO-W', '--secret');
  s.drain();
  assert.deepEqual(s.kept(), ['WO-W']);
  assert.deepEqual(filesOf(s, 'WO-W'), { w: 'hers' });
  assert.match(s.read('.git/waybill/purged/WO-W.json'), /waybill keep show WO-W/);
  const objects = s.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)').split('\n');
  const holds = objects.filter((line) => s.git('cat-file', '-p', line.split(' ')[0] ?? '').includes(secret));
  assert.deepEqual(holds, []);
  assert.equal(s.waybill('verify').code, 0);
});

test.run();
linux.run();
