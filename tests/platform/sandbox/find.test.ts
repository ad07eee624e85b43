import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSandbox, lookForSandbox, sandboxOrRefuse } from '../../../src/platform/sandbox/find.ts';
import { assert, findOnPath, suite, type TestContext } from '../../support/suite.ts';

const test = suite('platform/sandbox/find');

const look = (path: string, proc = '/proc') => lookForSandbox({ path, platform: 'linux', proc });

/** A folder with a bwrap that says this. */
function broken(t: TestContext, line: string): string {
  const folder = t.tempDir();
  writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return folder;
}

function kernel(t: TestContext, name: string, value: string): string {
  const proc = t.tempDir();
  const file = join(proc, 'sys', name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${value}\n`);
  return proc;
}

test('rule 7: where there is none, or none that works, it is told why and what to do, and who requires one is refused', async (t) => {
  const none = await look(t.tempDir());
  assert.match(none.why ?? '', /^bwrap is not on PATH/);
  assert.match(none.mend ?? '', /apt-get install bubblewrap/);
  assert.throws(() => sandboxOrRefuse(none), { code: 'SANDBOX_MISSING' });

  const folder = broken(t, 'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1');
  const refused = await look(folder, t.tempDir());
  assert.equal(refused.sandbox, null);
  assert.match(refused.why ?? '', /bwrap does not work here: bwrap: setting up uid map: Permission denied$/);
  assert.match(refused.mend ?? '', /container/);
  for (const [name, value, mend] of [
    ['kernel/apparmor_restrict_unprivileged_userns', '1', /AppArmor.*docs\/sandbox\.md/],
    ['kernel/unprivileged_userns_clone', '0', /unprivileged_userns_clone=1/],
    ['user/max_user_namespaces', '0', /max_user_namespaces=/],
  ] as const)
    assert.match((await look(folder, kernel(t, name, value))).mend ?? '', mend);
  assert.match((await look(broken(t, 'exit 9'))).why ?? '', /it ended with 9/);
  assert.match((await look(broken(t, 'kill -9 $$'))).why ?? '', /does not work here/);
});

test('a relative folder of PATH is not looked into: an order could put a program there', async (t) => {
  process.chdir(broken(t, 'exit 0'));
  t.defer(() => process.chdir('/'));
  assert.equal((await look('.:relative:')).sandbox, null);
});

test('no other system has one, and macOS says why its own does not work here', async () => {
  const at = { path: '/usr/bin', proc: '/proc' };
  assert.match((await lookForSandbox({ ...at, platform: 'win32' })).why ?? '', /none for win32/);
  if (process.platform === 'darwin') return;
  assert.match((await lookForSandbox({ ...at, platform: 'darwin' })).why ?? '', /sandbox-exec does not work here/);
});

test('one that works is found, and tried once for each PATH', async (t) => {
  const folder = t.tempDir();
  const file = join(folder, 'tried');
  writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\necho x >> ${file}\n`, { mode: 0o755 });
  const path = `${folder}:/usr/bin:/bin`;
  const first = await findSandbox(path);
  assert.deepEqual(first, { sandbox: { name: 'bwrap', program: join(folder, 'bwrap') }, why: null, mend: null });
  assert.equal(await findSandbox(path), first);
  assert.equal(sandboxOrRefuse(first).program, findOnPath([join(folder, 'bwrap')]) ?? first.sandbox?.program);
});

test.run();
