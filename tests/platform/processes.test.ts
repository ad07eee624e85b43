import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  groupMembers,
  isAlive,
  isStopped,
  processesIn,
  startTimeOf,
  withEnvironment,
} from '../../src/platform/processes.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { until } from './children.ts';

const test = suite('platform/processes', { needs: ['linux'] });

function sleeper(
  t: TestContext,
  options: { detached?: boolean; cwd?: string; env?: Record<string, string> } = {},
): number {
  const child = spawn('sleep', ['60'], {
    stdio: 'ignore',
    ...options,
    env: { PATH: process.env['PATH'], ...options.env },
  });
  const ended = once(child, 'exit');
  t.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child.pid ?? -1;
}

test('processes: a pid with its start time names one process', (t) => {
  const pid = sleeper(t);
  const start = startTimeOf(pid);
  assert.match(start ?? '', /^\d+$/);
  assert.equal(isAlive(pid), true);
  assert.equal(isAlive(pid, start), true);
  assert.equal(isAlive(pid, '1'), false, 'the number was given to another process');
  assert.equal(startTimeOf(process.pid), startTimeOf(process.pid));
});

test('processes: one that is gone is gone', async () => {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  assert.equal(isAlive(child.pid ?? -1), false);
  assert.equal(startTimeOf(child.pid ?? -1), null);
  assert.equal(isAlive(2 ** 22 + 5), false);
});

test('processes: a zombie is not alive, has no start time and belongs to no group', async (t) => {
  // exec keeps the parent's pid, and sleep reaps nobody: its child stays a zombie
  const parent = spawn('sh', ['-c', `sh -c 'echo up; kill -STOP $$' & exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const ended = once(parent, 'exit');
  t.defer(async () => {
    process.kill(-(parent.pid ?? 0), 'SIGKILL');
    await ended;
  });
  await once(parent.stdout, 'data');
  const state = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
  const find = () => groupMembers(parent.pid ?? -1).find((pid) => pid !== parent.pid && isStopped(pid));
  await until(() => find() !== undefined, 'the stopped child');
  const child = find() ?? -1;
  process.kill(child, 'SIGKILL');
  await until(() => state(child) === 'Z', 'zombie');
  assert.equal(isAlive(child), false);
  assert.equal(startTimeOf(child), null);
  assert.ok(!groupMembers(parent.pid ?? -1).includes(child));
});

test('processes: a group is found by its leader, also when it has only members left', (t) => {
  const pid = sleeper(t, { detached: true });
  assert.deepEqual(groupMembers(pid), [pid]);
  assert.deepEqual(groupMembers(2 ** 22 + 5), []);
});

test('processes: what left its group is found by a mark in its environment', async (t) => {
  const mark = `mark-${process.pid}-${Date.now()}`;
  const pid = sleeper(t, { detached: true, env: { WAYBILL_ORDER: mark } });
  await until(() => withEnvironment('WAYBILL_ORDER', mark).length > 0, 'found');
  assert.deepEqual(withEnvironment('WAYBILL_ORDER', mark), [pid]);
  assert.deepEqual(withEnvironment('WAYBILL_ORDER', mark.slice(0, -1)), [], 'the whole value');
});

test('processes: a stopped process is known as one', async (t) => {
  const pid = sleeper(t);
  assert.equal(isStopped(pid), false);
  process.kill(pid, 'SIGSTOP');
  await until(() => isStopped(pid), 'stopped');
  assert.equal(isAlive(pid), true);
  process.kill(pid, 'SIGCONT');
  await until(() => !isStopped(pid), 'going on');
});

test('processes: others are found by name and folder, our own children are not', async (t) => {
  const folder = t.tempDir();
  sleeper(t, { cwd: folder });
  assert.deepEqual(processesIn(folder, 'sleep'), []);
  // a process whose parent is not us
  const shell = spawn('sh', ['-c', 'sleep 60 & wait'], { cwd: folder, stdio: 'ignore', detached: true });
  const ended = once(shell, 'exit');
  t.defer(async () => {
    process.kill(-(shell.pid ?? 0), 'SIGKILL');
    await ended;
  });
  await until(() => processesIn(folder, 'sleep').length === 1, 'found');
  assert.deepEqual(processesIn(`${folder}-other`, 'sleep'), []);
  assert.deepEqual(processesIn(folder.slice(0, -1), 'sleep'), [], 'a folder is no prefix of a name');
});

test.run();
