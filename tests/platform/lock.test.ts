import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { lockHolder, takeLock } from '../../src/platform/lock.ts';
import { isStopped } from '../../src/platform/processes.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { type Child, script, until } from './children.ts';

const test = suite('platform/lock');

const code = (expected: string) => (e: unknown) => e instanceof WaybillError && e.code === expected;

async function holder(t: TestContext, path: string): Promise<Child> {
  const child = script(
    t,
    `import { takeLock } from 'PLATFORMlock.ts';
     takeLock(${JSON.stringify(path)});
     console.log('held');
     setInterval(() => {}, 1000);`,
  );
  await child.says('held');
  return child;
}

test('rule 3: a second process is refused and told who holds it, and since when', async (t) => {
  const path = join(t.tempDir(), 'deep/lock');
  const child = await holder(t, path);
  assert.throws(
    () => takeLock(path),
    (e: unknown) => {
      assert.ok(e instanceof WaybillError);
      assert.equal(e.code, 'STATION_HELD');
      assert.match(e.message, new RegExp(`process ${child.pid} on ${hostname()} since 20\\d\\d-`));
      return true;
    },
  );
  assert.equal(lockHolder(path)?.pid, child.pid);
});

test('rule 3: the kernel frees the lock when its holder is killed', async (t) => {
  const path = join(t.tempDir(), 'lock');
  const child = await holder(t, path);
  child.process.kill('SIGKILL');
  await child.ended;
  assert.equal(lockHolder(path), null);
  const lock = takeLock(path);
  assert.equal((JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid, process.pid);
  lock.release();
});

test('rule 3: a stopped holder keeps the lock: no sleep of any length makes two', async (t) => {
  const path = join(t.tempDir(), 'lock');
  const child = await holder(t, path);
  child.process.kill('SIGSTOP');
  await until(() => isStopped(child.pid), 'stopped');
  assert.throws(() => takeLock(path), code('STATION_HELD'));
  child.process.kill('SIGCONT');
  await until(() => !isStopped(child.pid), 'going on');
  assert.throws(() => takeLock(path), code('STATION_HELD'));
});

test('rule 3: of many that begin at once, one wins', async (t) => {
  const path = join(t.tempDir(), 'lock');
  const text = `import { takeLock } from 'PLATFORMlock.ts';
     try { takeLock(${JSON.stringify(path)}); console.log('<won>'); } catch { console.log('<lost>'); }
     setInterval(() => {}, 1000);`;
  const said = await Promise.all([1, 2, 3, 4].map(() => script(t, text).says('>')));
  assert.equal(said.filter((s) => s.includes('<won>')).length, 1);
});

test('rule 3: a lock file that was removed or replaced is LOCK_LOST at the next look', (t) => {
  for (const harm of [
    (path: string) => rmSync(path),
    (path: string) => renameSync(path, `${path}.old`),
    (path: string) => {
      rmSync(path);
      writeFileSync(path, '');
    },
  ]) {
    const path = join(t.tempDir(), 'lock');
    const lock = takeLock(path);
    assert.doesNotThrow(() => lock.assertHeld());
    harm(path);
    assert.throws(() => lock.assertHeld(), code('LOCK_LOST'));
    lock.release();
  }
});

test('rule 3: released it is free, and looking at it neither makes nor changes it', (t) => {
  const path = join(t.tempDir(), 'lock');
  assert.equal(lockHolder(path), null);
  assert.equal(existsSync(path), false);
  const lock = takeLock(path);
  const text = readFileSync(path, 'utf8');
  assert.equal(lockHolder(path)?.pid, process.pid);
  assert.equal(readFileSync(path, 'utf8'), text);
  lock.release();
  assert.equal(lockHolder(path), null);
  takeLock(path).release();
});

test('rule 10: a holder whose file says nothing is still refused, by no name', async (t) => {
  const path = join(t.tempDir(), 'lock');
  await holder(t, path);
  writeFileSync(path, '{"pid": "x"');
  assert.throws(
    () => takeLock(path),
    (e: unknown) => code('STATION_HELD')(e) && /another process/.test(String(e)),
  );
  assert.deepEqual(lockHolder(path), { pid: 0, host: 'unknown', since: 'unknown' });
});

test.run();
