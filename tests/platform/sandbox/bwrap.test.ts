import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { type CommandOptions, runCommand } from '../../../src/platform/process.ts';
import { groupMembers, isAlive, withEnvironment } from '../../../src/platform/processes.ts';
import { findSandbox } from '../../../src/platform/sandbox/find.ts';
import { type Sandbox, type SandboxNeeds, wrap } from '../../../src/platform/sandbox/sandbox.ts';
import { assert, findOnPath, suite, type TestContext } from '../../support/suite.ts';
import { script, until } from '../children.ts';

/** What the sandbox holds off, tried from inside with the real one. */

const test = suite('platform/sandbox/bwrap', { needs: ['linux', 'bwrap'], timeoutMs: 60_000 });

const ENV = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent', TMPDIR: '/somewhere' };

async function bwrap(): Promise<Sandbox> {
  const { sandbox, why } = await findSandbox(ENV.PATH);
  if (sandbox === null) throw new Error(why);
  return sandbox;
}

/** A work folder, and beside it what the sandbox is to keep safe. All in a temporary folder, so `beside` is shown to it. */
class Yard {
  readonly work: string;
  readonly beside: string;
  readonly secret: string;
  readonly token: string;
  readonly #more: Partial<SandboxNeeds>;

  constructor(t: TestContext, more: Partial<SandboxNeeds> = {}) {
    const folder = t.tempDir();
    this.work = join(folder, 'work');
    this.beside = join(folder, 'beside');
    this.secret = join(this.beside, '.ssh');
    this.token = join(this.beside, '.netrc');
    for (const path of [this.work, this.beside, this.secret]) mkdirSync(path);
    writeFileSync(join(this.beside, 'theirs.txt'), 'theirs\n');
    writeFileSync(join(this.secret, 'id'), 'SECRET\n');
    writeFileSync(this.token, 'SECRET\n');
    this.#more = more;
  }

  needs(): SandboxNeeds {
    return {
      writable: [this.work],
      readOnly: [this.beside],
      hidden: [this.secret, this.token],
      network: false,
      cwd: this.work,
      ...this.#more,
    };
  }

  /** Runs a line of shell inside, and returns what it said and its exit code. */
  async sh(line: string): Promise<{ said: string; code: number | null }> {
    const argv = wrap(await bwrap(), ['/bin/sh', '-c', line], this.needs());
    const { status, stdout, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), {
      cwd: this.work,
      env: ENV,
      encoding: 'utf8',
    });
    return { said: `${stdout}${stderr}`, code: status };
  }

  async refuses(line: string, why: RegExp): Promise<void> {
    const { said, code } = await this.sh(line);
    assert.notEqual(code, 0, `${line}: ${said}`);
    assert.match(said, why, line);
    assert.equal(readFileSync(join(this.beside, 'theirs.txt'), 'utf8'), 'theirs\n', line);
    assert.ok(!said.includes('SECRET'), line);
  }
}

const READ_ONLY = /Read-only file system|read-only/i;

test('rule 9: it writes in its work folder, and nowhere else', async (t) => {
  const yard = new Yard(t);
  const { said, code } = await yard.sh('echo made > made.txt && mkdir -p a/b && pwd && cat made.txt');
  assert.deepEqual([said, code], [`${yard.work}\nmade\n`, 0]);
  assert.equal(readFileSync(join(yard.work, 'made.txt'), 'utf8'), 'made\n');
  assert.equal((await yard.sh(`cat ${yard.beside}/theirs.txt`)).said, 'theirs\n');
  await yard.refuses(`echo x > ${yard.beside}/new.txt`, READ_ONLY);
  await yard.refuses(`echo x >> ${yard.beside}/theirs.txt`, READ_ONLY);
  await yard.refuses(`rm ${yard.beside}/theirs.txt`, READ_ONLY);
  await yard.refuses(`mv ${yard.beside} ${yard.work}/`, /cannot/);
  await yard.refuses(`chmod 777 ${yard.beside}/theirs.txt`, READ_ONLY);
  await yard.refuses(`touch -d 2001-01-01 ${yard.beside}/theirs.txt`, READ_ONLY);
  await yard.refuses('echo x > /etc/waybill-was-here', READ_ONLY);
  await yard.refuses('echo x > /usr/bin/waybill-was-here', READ_ONLY);
});

test('rule 9: no link leads out: symbolic ones, hard ones, those of /proc', async (t) => {
  const yard = new Yard(t);
  symlinkSync(yard.beside, join(yard.work, 'out'));
  await yard.refuses('echo x > out/theirs.txt', READ_ONLY);
  await yard.refuses(`ln -s ${yard.beside}/theirs.txt l && echo x > l`, READ_ONLY);
  await yard.refuses(`ln ${yard.beside}/theirs.txt hard`, /cross-device|Invalid/i);
  await yard.refuses(`echo x > /proc/1/root${yard.beside}/theirs.txt`, READ_ONLY);
  await yard.refuses(`echo x > /proc/self/cwd/../beside/theirs.txt`, READ_ONLY);
  await yard.refuses(`cat /proc/1/root${yard.token}`, /denied/);
  await yard.refuses(`cat out/.ssh/id`, /No such file/);
});

test('a file that had a second name outside before is the same file inside: said in docs/sandbox.md', async (t) => {
  const yard = new Yard(t);
  writeFileSync(join(yard.beside, 'shared.txt'), 'before\n');
  linkSync(join(yard.beside, 'shared.txt'), join(yard.work, 'shared.txt'));
  assert.equal((await yard.sh('echo after > shared.txt')).code, 0);
  assert.equal(readFileSync(join(yard.beside, 'shared.txt'), 'utf8'), 'after\n');
});

test('credentials are neither read nor written, and a folder in them may still be', async (t) => {
  const yard = new Yard(t);
  assert.equal((await yard.sh(`ls -A ${yard.secret}`)).said, '');
  await yard.refuses(`cat ${yard.secret}/id`, /No such file/);
  await yard.refuses(`cat ${yard.token}`, /denied/);
  await yard.refuses(`echo x > ${yard.secret}/known_hosts`, READ_ONLY);
  await yard.refuses(`echo x > ${yard.token}`, /Read-only|denied/);
  await yard.refuses(`rm ${yard.token}`, /busy|Read-only/);
  const inner = join(yard.secret, 'work');
  mkdirSync(inner);
  const within = new Yard(t, { writable: [inner], hidden: [yard.secret], cwd: inner });
  assert.equal((await within.sh(`echo x > here && ls -A ${yard.secret}`)).said, 'work\n');
  assert.ok(existsSync(join(inner, 'here')));
});

test('what is closed in a work folder stays in its place: it is not moved away to make another', async (t) => {
  const yard = new Yard(t);
  const git = join(yard.work, '.git');
  mkdirSync(join(git, 'hooks'), { recursive: true });
  mkdirSync(join(git, 'waybill'));
  const guarded = new Yard(t, {
    writable: [yard.work],
    readOnly: [git],
    hidden: [join(git, 'waybill')],
    cwd: yard.work,
  });
  await guarded.refuses('echo x > .git/hooks/post-checkout', READ_ONLY);
  await guarded.refuses('mv .git away', /busy/i);
  await guarded.refuses('rm -rf .git', /busy|Read-only/i);
  await guarded.refuses('echo x > .git/waybill/command', READ_ONLY);
  assert.equal((await guarded.sh('echo x > free && rm free')).code, 0);
});

test('temporary folders and services are its own, empty, and gone with it', async (t) => {
  const yard = new Yard(t, { readOnly: [] });
  writeFileSync('/tmp/waybill-sandbox-test', 'outside\n');
  t.defer(() => execFileSync('rm', ['-f', '/tmp/waybill-sandbox-test']));
  const { said } = await yard.sh(
    'echo $TMPDIR; ls /run /var/tmp; test -e /tmp/waybill-sandbox-test && echo seen; echo inside > /tmp/waybill-sandbox-test && mktemp',
  );
  assert.match(said, /^\/tmp\n\/run:\n(current-system\n)?\n\/var\/tmp:\n\/tmp\/tmp\.\w+\n$/);
  assert.equal(readFileSync('/tmp/waybill-sandbox-test', 'utf8'), 'outside\n');
});

test('without a network there is none, this machine’s own services included; with it there is', async (t) => {
  let asked = 0;
  const server = createServer((_, answer) => {
    asked++;
    answer.end('reached');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.defer(() => new Promise((done) => server.close(done)));
  const { port } = server.address() as AddressInfo;
  // an abstract socket has no place on the disk that could be hidden
  const abstract = createSocket((socket) => socket.resume().end('reached'));
  await new Promise<void>((done) => abstract.listen(`\0waybill-sandbox-${process.pid}`, done));
  t.defer(() => new Promise((done) => abstract.close(done)));
  const ask = `const s = require('node:net').connect(process.argv[1] === 'tcp' ? ${port} : '\\0waybill-sandbox-${process.pid}');
    s.on('connect', () => { s.write('GET / HTTP/1.0\\r\\n\\r\\n'); }); s.on('data', (d) => console.log(String(d)));
    s.on('error', (e) => { console.log(e.code); process.exitCode = 1; });`;
  const run = async (network: boolean, kind: string) => {
    const yard = new Yard(t, { network });
    const argv = wrap(await bwrap(), [process.execPath, '-e', ask, kind], yard.needs());
    const child = spawn(argv[0] ?? '', argv.slice(1), { env: ENV, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((done) => child.once('close', done));
    return said;
  };
  assert.match(await run(false, 'tcp'), /ECONNREFUSED|ENETUNREACH/);
  assert.match(await run(false, 'abstract'), /ECONNREFUSED/);
  assert.equal(asked, 0);
  assert.match(await run(true, 'tcp'), /reached/);
  assert.equal(asked, 1);
  assert.match(await run(true, 'abstract'), /reached/);
});

test('no rights are left that undo a mount, also not those of a user namespace of its own', async (t) => {
  const yard = new Yard(t);
  const { said } = await yard.sh('grep -E "^(CapEff|CapPrm|NoNewPrivs)" /proc/self/status | tr -d "\\n\\t"');
  assert.equal(said, 'CapPrm:0000000000000000CapEff:0000000000000000NoNewPrivs:1');
  await yard.refuses(`umount ${yard.secret} && cat ${yard.secret}/id`, /./);
  await yard.refuses(`mount -o remount,rw ${yard.beside} && echo x > ${yard.beside}/theirs.txt`, /./);
  if (findOnPath(['unshare']) === undefined) return;
  const asRoot = (line: string) => `unshare --user --map-root-user --mount sh -c '${line}'`;
  await yard.refuses(asRoot(`umount ${yard.secret} && cat ${yard.secret}/id`), /./);
  await yard.refuses(asRoot(`umount -l ${yard.token}; cat ${yard.token}`), /./);
  await yard.refuses(asRoot(`mount -o remount,bind,rw ${yard.beside} && echo x > ${yard.beside}/theirs.txt`), /./);
  await yard.refuses(asRoot(`mkdir m && mount --bind / m && cat m${yard.secret}/id`), /./);
});

test('it sees no process outside, and a missing program is 127 as ever', async (t) => {
  const yard = new Yard(t);
  const { said } = await yard.sh('ls /proc | grep -c "^[0-9]"');
  assert.ok(Number(said) < 8, said);
  await yard.refuses(`kill -0 ${process.pid}`, /No such process/i);
  const argv = wrap(await bwrap(), ['no-such-program'], yard.needs());
  assert.equal(spawnSync(argv[0] ?? '', argv.slice(1), { env: ENV }).status, 127);
});

/** Runs a line of shell as a station runs commands. */
async function command(yard: Yard, line: string, mark: string, more: Partial<CommandOptions> = {}) {
  return runCommand({
    argv: wrap(await bwrap(), ['/bin/sh', '-c', line], yard.needs()),
    isSandbox: true,
    cwd: yard.work,
    env: { ...ENV, WAYBILL_RUN: mark },
    mark: { name: 'WAYBILL_RUN', value: mark },
    timeoutMs: 30_000,
    graceMs: 5000,
    maxOutputBytes: 4096,
    onStarted: () => {},
    ...more,
  });
}

test('at its timeout the command gets TERM and time to end; what ignores that is killed', async (t) => {
  const yard = new Yard(t);
  const polite = await command(
    yard,
    'trap "echo bye > bye; exit 3" TERM; echo up; while :; do sleep 0.05; done',
    'sandbox-polite',
    { timeoutMs: 1500, graceMs: 20_000 },
  );
  assert.deepEqual([polite.timedOut, polite.exitCode, existsSync(join(yard.work, 'bye'))], [true, 3, true]);
  const deaf = await command(yard, 'trap "" TERM; while :; do sleep 0.05; done', 'sandbox-deaf', {
    timeoutMs: 500,
    graceMs: 300,
  });
  assert.deepEqual([deaf.timedOut, deaf.signal], [true, 'SIGKILL']);
  assert.deepEqual(withEnvironment('WAYBILL_RUN', 'sandbox-deaf'), []);
});

test('what is cancelled ends, with what left its group and its environment behind', async (t) => {
  const yard = new Yard(t);
  const abort = new AbortController();
  let group = 0;
  const running = command(
    yard,
    `env -i setsid sh -c 'echo $$ > pid; while :; do sleep 0.05; done' & while [ ! -s pid ]; do sleep 0.02; done; touch up; wait`,
    'sandbox-cancel',
    { signal: abort.signal, graceMs: 300, onStarted: ({ pgid }) => (group = pgid) },
  );
  await until(() => existsSync(join(yard.work, 'up')), 'it runs');
  const hidden = strays(yard.work);
  assert.ok(hidden.length > 0, 'the test finds what left');
  abort.abort();
  assert.equal((await running).aborted, true);
  assert.deepEqual([groupMembers(group), withEnvironment('WAYBILL_RUN', 'sandbox-cancel')], [[], []]);
  await until(() => hidden.every((pid) => !isAlive(pid)), 'all of it ended');
});

test('a station that is killed takes its command along; until then recovery would find it by its mark', async (t) => {
  const yard = new Yard(t);
  const mark = `sandbox-killed-${process.pid}`;
  const argv = wrap(await bwrap(), ['/bin/sh', '-c', 'setsid sleep 60 & touch up; wait'], yard.needs());
  const station = script(
    t,
    `import { runCommand } from 'PLATFORM/process.ts';
    await runCommand({ argv: ${JSON.stringify(argv)}, isSandbox: true, cwd: ${JSON.stringify(yard.work)},
      env: ${JSON.stringify({ ...ENV, WAYBILL_RUN: mark })}, mark: { name: 'WAYBILL_RUN', value: ${JSON.stringify(mark)} },
      timeoutMs: 60_000, graceMs: 1000, maxOutputBytes: 4096, onStarted: ({ pgid }) => console.log('group', pgid, 'is up') });`,
  );
  const group = Number(/group (\d+)/.exec(await station.says('is up'))?.[1]);
  await until(() => existsSync(join(yard.work, 'up')), 'it runs');
  const found = withEnvironment('WAYBILL_RUN', mark);
  assert.ok(found.length >= 4, `bwrap, its init, sh and sleep carry the mark: ${found.length}`);
  assert.ok(groupMembers(group).every((pid) => found.includes(pid)));
  process.kill(station.pid, 'SIGKILL');
  await until(() => found.every((pid) => !isAlive(pid)), 'all of it ended with the station');
});

test('the sandbox that is killed alone, by its group, takes all along', async (t) => {
  const yard = new Yard(t);
  let group = 0;
  const running = command(yard, 'setsid sleep 60 & touch up; wait', 'sandbox-group', {
    onStarted: ({ pgid }) => (group = pgid),
  });
  await until(() => existsSync(join(yard.work, 'up')), 'it runs');
  const found = withEnvironment('WAYBILL_RUN', 'sandbox-group');
  process.kill(-group, 'SIGKILL');
  assert.equal((await running).signal, 'SIGKILL');
  await until(() => found.every((pid) => !isAlive(pid)), 'all of it ended');
});

/** Processes that work in this folder, by /proc: those without a mark, too. */
function strays(folder: string): number[] {
  return execFileSync(
    'sh',
    ['-c', `for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = "$1" ] && basename $p; done; true`, 'sh', folder],
    {
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter(Boolean)
    .map(Number);
}

test.run();
