import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CommandOptions,
  type CommandResult,
  runCommand,
  runTool,
  startConversation,
} from '../../src/platform/process.ts';
import { groupMembers, isAlive } from '../../src/platform/processes.ts';
import { assert, suite } from '../support/suite.ts';
import { script, until } from './children.ts';

const test = suite('platform/process', { needs: ['linux'] });

const ENV = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
let group = 0;

function run(argv: readonly string[], more: Partial<CommandOptions> = {}): Promise<CommandResult> {
  return runCommand({
    argv,
    cwd: '/',
    env: ENV,
    timeoutMs: 20_000,
    graceMs: 200,
    maxOutputBytes: 4096,
    onStarted: ({ pgid }) => {
      group = pgid;
    },
    ...more,
  });
}

const sh = (line: string, more: Partial<CommandOptions> = {}) => run(['/bin/sh', '-c', line], more);
const out = (result: CommandResult) => result.stdout.bytes.toString();

test('commands: exit code, both outputs, working folder and duration are what they were', async (t) => {
  const cwd = t.tempDir();
  const result = await sh('echo out; echo err >&2; pwd -P; exit 3', { cwd });
  assert.deepEqual([result.exitCode, result.signal, result.timedOut, result.aborted], [3, null, false, false]);
  assert.equal(out(result), `out\n${realpathSync(cwd)}\n`);
  assert.equal(result.stderr.bytes.toString(), 'err\n');
  assert.ok(result.durationMs >= 0 && result.durationMs < 10_000);
  assert.equal((await sh('true')).exitCode, 0);
});

test('commands: a signal is told as one, a missing program as 127, a file that is none as 126', async (t) => {
  const killed = await sh('kill -KILL $$');
  assert.deepEqual([killed.exitCode, killed.signal], [null, 'SIGKILL']);
  assert.equal((await run(['no-such-program-anywhere'])).exitCode, 127);
  const plain = join(t.tempDir(), 'plain');
  writeFileSync(plain, 'x');
  assert.equal((await run([plain])).exitCode, 126);
  assert.equal((await run(['true'], { cwd: join(t.tempDir(), 'never') })).exitCode, 127);
});

test('rule 8: arguments arrive as they are, and no shell looks at them', async () => {
  const words = ['$(date)', '`id`', '$HOME', '*', 'a b', '', '"', "'", '\\', ';', '&&', '-n', 'é\n文'];
  const result = await run(['printf', '%s|', ...words]);
  assert.equal(out(result), words.map((w) => `${w}|`).join(''));
});

test('rule 8: a command sees the environment it is given and no more, and its input is empty', async () => {
  process.env['WAYBILL_TEST_SECRET'] = 'leaked';
  const result = await sh('env | sort; cat; echo end', { env: { ...ENV, ONLY: 'this' } });
  delete process.env['WAYBILL_TEST_SECRET'];
  const names = out(result)
    .split('\n')
    .map((l) => l.split('=')[0]);
  assert.ok(names.includes('ONLY') && !out(result).includes('leaked'), out(result));
  assert.ok(
    names.every((n) => ['', 'ONLY', 'PATH', 'PWD', 'OLDPWD', 'SHLVL', '_', 'end'].includes(n ?? '')),
    out(result),
  );
});

test('limits: output beyond the cap is counted and dropped, and the end of the command is not held up', async () => {
  const result = await sh('head -c 3000000 /dev/zero; head -c 10 /dev/zero >&2', { maxOutputBytes: 1000 });
  assert.deepEqual([result.stdout.bytes.length, result.stdout.dropped], [1000, 2_999_000]);
  assert.deepEqual([result.stderr.bytes.length, result.stderr.dropped], [10, 0]);
});

test('limits: at the timeout the group gets TERM, and may end in order', async () => {
  const result = await sh('trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.05; done', {
    timeoutMs: 300,
    graceMs: 5000,
  });
  assert.deepEqual([result.timedOut, result.exitCode, out(result)], [true, 7, 'up\nbye\n']);
  assert.ok(result.durationMs < 3000, `${result.durationMs} ms`);
});

test('limits: a tree that ignores TERM is gone after the grace, whatever it started', async () => {
  const result = await sh(
    'trap "" TERM; sh -c "trap \\"\\" TERM; while :; do sleep 1; done" & while :; do sleep 1; done',
    {
      timeoutMs: 200,
      graceMs: 200,
    },
  );
  assert.deepEqual([result.timedOut, result.signal], [true, 'SIGKILL']);
  assert.ok(result.durationMs < 3000, `${result.durationMs} ms`);
  await until(() => groupMembers(group).length === 0, 'the group is empty');
});

test('limits: what a command leaves running in its group ends with it', async () => {
  const result = await sh('sleep 60 & echo $!');
  assert.equal(result.exitCode, 0);
  assert.ok(result.durationMs < 2000, `${result.durationMs} ms`);
  await until(() => !isAlive(Number(out(result))), 'the grandchild is gone');
});

test('limits: a process that left the group and holds the output open delays the end by no more than a moment', async (t) => {
  const pidFile = join(t.tempDir(), 'pid');
  t.defer(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'));
  const result = await sh(
    `setsid sh -c 'echo $$ > ${pidFile}; exec sleep 60' & until [ -s ${pidFile} ]; do sleep 0.02; done; echo done`,
  );
  assert.deepEqual([result.exitCode, out(result)], [0, 'done\n']);
  assert.ok(result.durationMs < 2500, `${result.durationMs} ms`);
});

test('limits: aborting ends the group; aborted before, the command never ran', async (t) => {
  const mark = join(t.tempDir(), 'mark');
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  const result = await sh('sleep 60', { signal: abort.signal });
  assert.deepEqual([result.aborted, result.timedOut], [true, false]);
  assert.ok(result.durationMs < 3000);
  const late = await sh(`echo x > ${mark}; sleep 60`, { signal: abort.signal });
  assert.deepEqual([late.aborted, existsSync(mark)], [true, false]);
  assert.ok(late.durationMs < 3000);
});

test('rule 4: nothing runs before it is on record', async (t) => {
  const mark = join(t.tempDir(), 'mark');
  let there: boolean | undefined;
  let known = false;
  const result = await sh(`echo x > ${mark}`, {
    onStarted: ({ pgid, startTime }) => {
      for (const begun = Date.now(); Date.now() - begun < 150; );
      there = existsSync(mark);
      known = isAlive(pgid, startTime) && groupMembers(pgid).includes(pgid);
    },
  });
  assert.deepEqual([there, known, result.exitCode, existsSync(mark)], [false, true, 0, true]);
});

test('rule 4: when it cannot be put on record it does not run, and nothing of it stays', async (t) => {
  const mark = join(t.tempDir(), 'mark');
  let pgid = 0;
  const failing = sh(`echo x > ${mark}; sleep 60`, {
    onStarted: (child) => {
      pgid = child.pgid;
      throw new Error('disk full');
    },
  });
  await assert.rejects(failing, /disk full/);
  await until(() => groupMembers(pgid).length === 0, 'the gate is gone');
  assert.equal(existsSync(mark), false);
});

test('rule 4: a station killed before the record is written takes the command with it', async (t) => {
  const folder = t.tempDir();
  const [mark, pidFile] = [join(folder, 'mark'), join(folder, 'pid')];
  const child = script(
    t,
    `import { writeFileSync } from 'node:fs';
     import { runCommand } from 'PLATFORMprocess.ts';
     await runCommand({ argv: ['/bin/sh', '-c', 'echo x > ${mark}'], cwd: '/', env: {}, timeoutMs: 9999, graceMs: 1, maxOutputBytes: 9,
       onStarted: ({ pgid }) => { writeFileSync(${JSON.stringify(pidFile)}, String(pgid)); process.kill(process.pid, 'SIGKILL'); } });`,
  );
  await child.ended;
  const pgid = Number(readFileSync(pidFile, 'utf8'));
  await until(() => groupMembers(pgid).length === 0, 'the gate gave up');
  assert.equal(existsSync(mark), false);
});

test('tools: standard output is bytes, errors are text, an exit code is no exception', async () => {
  const result = await runTool(['sh', '-c', 'printf "\\377\\000"; cat; echo oops >&2; exit 4'], {
    cwd: '/',
    env: ENV,
    input: 'in',
  });
  assert.deepEqual([result.exitCode, result.stdout, result.stderr], [4, Buffer.from([0xff, 0, 0x69, 0x6e]), 'oops\n']);
  const missing = await runTool(['no-such-tool'], { cwd: '/', env: ENV });
  assert.equal(missing.exitCode, 127);
  assert.match(missing.stderr, /no-such-tool/);
});

test('tools: one that takes too long, or is not wanted any more, ends with everything that it started', async (t) => {
  // as git does with ssh: the tool waits for a child that holds its output open, and both refuse to be asked nicely
  const line = (file: string) =>
    `trap '' TERM; sh -c 'trap "" TERM; echo $$ >${file}; while :; do sleep 1; done' & echo begun; wait; wait`;
  const [timed, aborted] = [join(t.tempDir(), 'pid'), join(t.tempDir(), 'pid')];
  const late = await runTool(['sh', '-c', line(timed)], { cwd: '/', env: ENV, timeoutMs: 1500 });
  assert.deepEqual([late.cut, late.stdout.toString()], ['time', 'begun\n']);
  const stop = new AbortController();
  const running = runTool(['sh', '-c', line(aborted)], { cwd: '/', env: ENV, signal: stop.signal });
  await until(() => existsSync(aborted) && readFileSync(aborted, 'utf8') !== '', 'it runs');
  stop.abort();
  assert.equal((await running).cut, 'signal');
  for (const file of [timed, aborted])
    await until(() => !existsSync(`/proc/${readFileSync(file, 'utf8').trim()}`), 'its child is gone');
  assert.equal((await runTool(['true'], { cwd: '/', env: ENV, timeoutMs: 20_000, signal: stop.signal })).cut, 'signal');
  const quick = await runTool(['true'], { cwd: '/', env: ENV, timeoutMs: 20_000 });
  assert.deepEqual([quick.exitCode, quick.cut], [0, undefined]);
});

test('tools: a conversation goes line by line and ends with its input', async () => {
  const talk = startConversation(['sh', '-c', 'while read -r x; do echo "got $x"; done; echo bye >&2; exit 2'], {
    cwd: '/',
    env: ENV,
  });
  talk.say('a\n');
  assert.equal(await talk.hear(), 'got a');
  talk.say('b\n');
  assert.equal(await talk.hear(), 'got b');
  assert.deepEqual(await talk.end(), { exitCode: 2, stderr: 'bye' });
  assert.equal(await talk.hear(), null);
});

test('tools: one that says more than is asked for waits, and ends all the same', async () => {
  const much = 'seq 1 3000000; echo done >&2';
  const talk = startConversation(['sh', '-c', much], { cwd: '/', env: ENV });
  const before = process.memoryUsage().external;
  for (let n = 1; n <= 20_000; n++) assert.equal(await talk.hear(), String(n));
  await sleep(200);
  assert.ok(process.memoryUsage().external - before < 8_000_000, 'the rest waits in the pipe');
  assert.deepEqual(await talk.end(), { exitCode: 0, stderr: 'done' });
  const pieces = startConversation(['sh', '-c', much], { cwd: '/', env: ENV });
  let bytes = 0;
  for (let piece = await pieces.hearBytes(100_000); piece !== null; piece = await pieces.hearBytes(100_000))
    bytes += piece.length;
  assert.equal(bytes, 22_800_000);
  await pieces.end();
});

test.run();
