import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { every } from '../../src/platform/schedule.ts';
import { folderIdentity, watchFolders } from '../../src/platform/watch.ts';
import { assert, suite } from '../support/suite.ts';
import { until } from './children.ts';

const test = suite('platform/watch and schedule');

test('rule 6: a new, a renamed and a changed file each give a hint soon', async (t) => {
  const [a, b, aside] = [t.tempDir(), t.tempDir(), t.tempDir()];
  let hints = 0;
  const watch = watchFolders([a, b], () => void hints++);
  t.defer(() => watch.close());
  await sleep(300);
  writeFileSync(join(aside, 'c'), '');
  for (const act of [
    () => writeFileSync(join(a, 'x.yaml'), 'a'),
    () => writeFileSync(join(b, 'y.json'), 'a'),
    () => renameSync(join(aside, 'c'), join(a, 'c')),
    () => rmSync(join(a, 'x.yaml')),
  ]) {
    await sleep(150);
    hints = 0;
    act();
    await until(() => hints > 0, act.toString());
  }
});

test('rule 12: nothing happens, nothing is said; what lies deeper is not watched', async (t) => {
  const folder = t.tempDir();
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'before'), '');
  let hints = 0;
  const watch = watchFolders([folder], () => void hints++);
  t.defer(() => watch.close());
  await sleep(400);
  hints = 0;
  await sleep(300);
  assert.equal(hints, 0);
  writeFileSync(join(folder, 'deep', 'x'), '');
  await sleep(300);
  assert.equal(hints, 0);
});

test('rule 6: a closed watch says nothing more', async (t) => {
  const folder = t.tempDir();
  let hints = 0;
  const watch = watchFolders([folder], () => void hints++);
  await sleep(200);
  await watch.close();
  hints = 0;
  writeFileSync(join(folder, 'x'), '');
  await sleep(200);
  assert.equal(hints, 0);
});

test('rule 6: a folder deleted and made again is another one, so that a deaf watcher is noticed', (t) => {
  const folder = join(t.tempDir(), 'lane');
  assert.equal(folderIdentity(folder), 'gone');
  mkdirSync(folder);
  const identity = folderIdentity(folder);
  writeFileSync(join(folder, 'x'), '');
  assert.equal(folderIdentity(folder), identity);
  renameSync(folder, `${folder}.old`);
  assert.equal(folderIdentity(folder), 'gone');
  mkdirSync(folder);
  assert.notEqual(folderIdentity(folder), identity);
});

test('rule 6: the interval calls at its time, again, and no more when stopped', async () => {
  let calls = 0;
  const stop = every(1, () => void calls++);
  await until(() => calls >= 2, 'two calls');
  await stop();
  const after = calls;
  await sleep(1200);
  assert.equal(calls, after);
});

test.run();
