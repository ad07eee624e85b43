import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DialogueOptions, startDialogue } from '../../src/platform/dialogue.ts';
import { groupMembers, isAlive, withEnvironment } from '../../src/platform/processes.ts';
import { assert, suite } from '../support/suite.ts';
import { until } from './children.ts';

const test = suite('platform/dialogue', { needs: ['linux'] });

const ENV = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

function talk(line: string, more: Partial<DialogueOptions> = {}) {
  let said = '';
  const dialogue = startDialogue({
    argv: ['/bin/sh', '-c', line],
    cwd: '/',
    env: ENV,
    timeoutMs: 20_000,
    graceMs: 300,
    maxErrorBytes: 1000,
    onStarted: () => {},
    onOutput: (bytes) => {
      said += bytes.toString();
    },
    ...more,
  });
  return { dialogue, said: () => said };
}

test('what is said is answered while it runs, and it ends when its input does', async () => {
  const { dialogue, said } = talk('while read -r line; do echo "got $line"; done; echo over >&2; exit 4');
  dialogue.say('one\n');
  await until(() => said() === 'got one\n', 'the first answer');
  dialogue.say('two\n');
  dialogue.finish();
  const end = await dialogue.ended;
  assert.equal(said(), 'got one\ngot two\n');
  assert.deepEqual([end.exitCode, end.timedOut, end.aborted], [4, false, false]);
  assert.equal(end.stderr.bytes.toString(), 'over\n');
});

test('half a megabyte goes in and three come out, and nothing of it is lost', async () => {
  const { dialogue, said } = talk('head -c 500000 | wc -c; head -c 3000000 /dev/zero | tr "\\0" x');
  dialogue.say(Buffer.alloc(500_000, 'p'));
  dialogue.finish();
  await dialogue.ended;
  assert.ok(said().startsWith('500000\n'), said().slice(0, 20));
  assert.equal(said().length, '500000\n'.length + 3_000_000);
});

test('rule 4: nothing runs before it is on record, and what cannot be recorded never runs', async (t) => {
  const mark = join(t.tempDir(), 'mark');
  let group = 0;
  const first = talk(`echo x > ${mark}`, {
    onStarted: ({ pgid, startTime }) => {
      group = pgid;
      assert.ok(isAlive(pgid, startTime) && groupMembers(pgid).includes(pgid));
      throw new Error('the disk is full');
    },
  });
  first.dialogue.say('go\ngo\n');
  await assert.rejects(() => first.dialogue.ended, /the disk is full/);
  assert.deepEqual([existsSync(mark), groupMembers(group)], [false, []]);
});

test('rule 4: aborted before it began it never runs, whatever is said to it', async (t) => {
  const mark = join(t.tempDir(), 'mark');
  const abort = new AbortController();
  abort.abort();
  const { dialogue } = talk(`echo x > ${mark}`, { signal: abort.signal });
  dialogue.say('a line\n');
  dialogue.finish();
  const end = await dialogue.ended;
  assert.deepEqual([end.aborted, existsSync(mark)], [true, false]);
});

test('a program that is not there ends with 127', async () => {
  const { dialogue } = talk('', { argv: ['no-such-program-anywhere'] });
  dialogue.say('hello');
  assert.equal((await dialogue.ended).exitCode, 127);
});

test('limits: timeout, stop, and finish end a tree that ignores TERM', async () => {
  const stubborn =
    'trap "" TERM; echo deaf; sh -c "trap \\"\\" TERM; while :; do sleep 1; done" & while :; do sleep 1; done';
  let group = 0;
  const onStarted = ({ pgid }: { pgid: number }) => {
    group = pgid;
  };
  const timed = await talk(stubborn, { timeoutMs: 1500, onStarted }).dialogue.ended;
  assert.deepEqual([timed.timedOut, timed.signal, groupMembers(group)], [true, 'SIGKILL', []]);
  for (const way of ['stop', 'finish'] as const) {
    const { dialogue, said } = talk(stubborn, { onStarted });
    await until(() => said() === 'deaf\n', 'it ignores TERM');
    dialogue[way]();
    const end = await dialogue.ended;
    assert.deepEqual([end.signal, end.timedOut, end.aborted, groupMembers(group)], ['SIGKILL', false, false, []]);
  }
});

test('limits: what left the group is found by its mark and ended, also while it starts more', async (t) => {
  const pids = join(t.tempDir(), 'pids');
  writeFileSync(pids, '');
  const { dialogue } = talk(
    `setsid sh -c 'while :; do sleep 30 & echo $! >> ${pids}; sleep 0.01; done' >/dev/null 2>&1 & until [ -s ${pids} ]; do sleep 0.02; done`,
    { env: { ...ENV, WAYBILL_RUN: 'dialogue-test' }, mark: { name: 'WAYBILL_RUN', value: 'dialogue-test' } },
  );
  await dialogue.ended;
  assert.deepEqual(withEnvironment('WAYBILL_RUN', 'dialogue-test'), []);
  const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  assert.ok(started.length > 0 && started.every((pid) => !isAlive(pid)));
});

test('a listener that fails ends the program, and is told to whoever waits', async () => {
  let group = 0;
  const { dialogue } = talk('echo x; exec sleep 60', {
    onStarted: ({ pgid }) => {
      group = pgid;
    },
    onOutput: () => {
      throw new Error('no room for evidence');
    },
  });
  await assert.rejects(() => dialogue.ended, /no room for evidence/);
  assert.deepEqual(groupMembers(group), []);
});

test.run();
