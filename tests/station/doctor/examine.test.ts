import { mkdirSync, readdirSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decorateFileSystem, type FileSystem, O_RDWR } from '../../../src/platform/fs.ts';
import { CHECKS, examine } from '../../../src/station/doctor/examine.ts';
import { type Check, fine } from '../../../src/station/doctor/finding.ts';
import { isOlder } from '../../../src/station/doctor/node.ts';
import { type PolicySubject, type Subject, subjectOf } from '../../../src/station/doctor/subject.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { stationAt } from '../stations.ts';

const test = suite('station/doctor/examine', { needs: ['git', 'linux'] });

async function stationOf(t: TestContext): Promise<Subject> {
  const { layout } = await stationAt(join(t.tempDir(), 'ops'));
  return subjectOf(layout.root, {
    policy: () => ({ commands: [], sandbox: 'off' }),
    agents: () => ({ roles: [], faults: [] }),
  });
}

const checkNamed = (name: string) => CHECKS.filter((check) => check.name === name);

test('rule 10: a check that breaks or hangs is a fault named as such, and the next one is made', async (t) => {
  const subject = await stationOf(t);
  const check = (name: string, look: Check['look']): Check => ({ name, look });
  const found = await examine(
    subject,
    [
      check('throws', () => {
        throw new Error('oops');
      }),
      check('rejects', () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))),
      check('hangs', () => new Promise(() => {})),
      check('works', () => [fine('yes')]),
    ],
    50,
  );
  assert.deepEqual(
    found.map(({ check: name, ok, message }) => `${name} ${ok} ${message}`),
    [
      'throws fault the check itself failed: oops',
      'rejects fault the check itself failed: EIO: i/o error',
      'hangs fault the check itself failed: no end within 0.05 s',
      'works ok yes',
    ],
  );
  for (const { mend, ok } of found) assert.ok(ok === 'ok' || (mend ?? '') !== '');
});

/** A disk that cannot do one thing. Such disks (network mounts) are not to be had here, so the call itself says what they say. */
function withoutCall(t: TestContext, name: 'swapSync' | 'linkSync' | 'fsyncSync' | 'renameSync', code: string): void {
  let before: FileSystem | null = null;
  decorateFileSystem((inner) => {
    before = inner;
    return {
      ...inner,
      [name]: () => {
        throw Object.assign(new Error(code), { code });
      },
    };
  });
  t.defer(() => decorateFileSystem((inner) => before ?? inner));
}

for (const [call, code, what] of [
  ['swapSync', 'EINVAL', 'an atomic swap of two files'],
  ['linkSync', 'EPERM', 'a hard link'],
  ['fsyncSync', 'EIO', 'writing and syncing a file'],
  ['renameSync', 'EXDEV', 'a rename'],
] as const)
  test(`a disk without ${call} is a fault in both places, and the trial's folder is removed`, async (t) => {
    const subject = await stationOf(t);
    withoutCall(t, call, code);
    const found = (await examine(subject, checkNamed('disk'))).filter(({ ok }) => ok === 'fault');
    const named = found.filter(({ message }) => message.startsWith(`${what} does not work in `));
    assert.equal(named.length, 2, JSON.stringify(found));
    assert.equal(found.length, 2);
    assert.ok(named.every(({ message }) => message.includes(`(${code})`)));
    const root = subject.station?.root ?? '';
    for (const folder of [root, join(root, '.git')])
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes('doctor')),
        [],
      );
  });

test('a disk that says yes and does nothing is found: the outcome is looked at', async (t) => {
  const subject = await stationOf(t);
  let before: FileSystem | null = null;
  decorateFileSystem((inner) => {
    before = inner;
    return { ...inner, swapSync: () => {}, renameSync: () => {} };
  });
  t.defer(() => decorateFileSystem((inner) => before ?? inner));
  const found = (await examine(subject, checkNamed('disk'))).map(({ message }) => message).join('\n');
  assert.match(found, /swap of two files does not work in \S+ \(the files are not exchanged\)/);
  assert.match(found, /a rename does not work in \S+ \(both names are there\)/);
});

test('inotify limits that leave no room are told, with what is in use counted', async (t) => {
  const subject = await stationOf(t);
  const proc = t.tempDir();
  mkdirSync(join(proc, 'sys/fs/inotify'), { recursive: true });
  const limit = (watches: number, instances: number) => {
    writeFileSync(join(proc, 'sys/fs/inotify/max_user_watches'), `${watches}\n`);
    writeFileSync(join(proc, 'sys/fs/inotify/max_user_instances'), `${instances}\n`);
  };
  const look = async () => (await examine({ ...subject, proc }, checkNamed('watches'))).map(({ message }) => message);
  limit(10, 100);
  assert.match((await look())[0] ?? '', /max_user_watches is 10, 0 are in use, and the station may need 6\d/);
  limit(1000, 2);
  assert.match((await look())[0] ?? '', /max_user_instances is 2, 0 are in use/);
  limit(1000, 100);
  assert.deepEqual(await look(), ['1000 of 1000 watches are free']);
  // this very process, with watches of its own
  symlinkSync(`/proc/${process.pid}`, join(proc, String(process.pid)));
  const watcher = watch(t.tempDir());
  t.defer(() => watcher.close());
  assert.deepEqual(await look(), ['999 of 1000 watches are free']);
  // elsewhere than on Linux nothing tells
  assert.deepEqual(await examine({ ...subject, proc: t.tempDir() }, checkNamed('watches')), []);
});

test('rule 3: a lock that keeps nobody out is found by another process', async (t) => {
  const subject = await stationOf(t);
  const lock = async () => (await examine(subject, checkNamed('lock'))).map(({ ok, message }) => `${ok} ${message}`);
  assert.deepEqual(await lock(), ['ok the native addon loads and its lock keeps others out']);
  // what this process locks is another file: as on a disk whose locks others don't see
  const elsewhere = join(t.tempDir(), 'lock');
  writeFileSync(elsewhere, '');
  let before: FileSystem | null = null;
  decorateFileSystem((inner) => {
    before = inner;
    return {
      ...inner,
      openSync: (path, ...rest) =>
        inner.openSync(String(path).endsWith('/lock') && rest[0] === O_RDWR ? elsewhere : path, ...rest),
    };
  });
  t.defer(() => decorateFileSystem((inner) => before ?? inner));
  assert.deepEqual(await lock(), ['fault two processes hold the same lock at once']);
});

test('rule 7: no sandbox is a note, a warning or a fault, as policy has it; how to get one is said each time', async (t) => {
  const subject = { ...(await stationOf(t)), path: t.tempDir() };
  const look = async (sandbox: PolicySubject['sandbox']) => {
    const [found] = await examine({ ...subject, policy: { commands: [], sandbox } }, checkNamed('sandbox'));
    return `${found?.ok} ${found?.message} ${found?.mend ?? ''}`;
  };
  assert.match(await look('off'), /^ok .* bwrap is not on PATH .*apt-get install bubblewrap/);
  assert.match(await look('prefer'), /^warning .* without one: bwrap is not on PATH .*apt-get install bubblewrap/);
  assert.match(await look('require'), /^fault .* no command runs: bwrap is not on PATH .*apt-get install bubblewrap/);
});

test('versions are compared as numbers', () => {
  assert.deepEqual(
    ['20.18.9', '20.19.0', '9.9', '21.0.0', '2.36', '2.4.11'].map((version) => isOlder(version, 20, 19)),
    [true, false, true, false, true, true],
  );
  assert.ok(isOlder('2.4.11', 2, 36) && !isOlder('2.100.0', 2, 36) && !isOlder('2.36.0.rc1', 2, 36));
});

test.run();
