import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ensureDir,
  exists,
  moveDurable,
  namesIn,
  readIfThere,
  removeDurable,
  writeDurable,
  writeNew,
  writeProjection,
} from '../../src/platform/durable.ts';
import { decorateFileSystem, type FileSystem, fs } from '../../src/platform/fs.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('platform/durable');

/** The names of the file system calls that `act` makes, in order. */
function callsOf(act: () => void): string[] {
  const calls: string[] = [];
  const before = { ...fs };
  decorateFileSystem((inner) => {
    const traced: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(inner))
      traced[name] = (...args: unknown[]): unknown => {
        calls.push(name);
        return (call as (...a: unknown[]) => unknown)(...args);
      };
    return traced as unknown as FileSystem;
  });
  try {
    act();
  } finally {
    decorateFileSystem(() => before);
  }
  return calls;
}

test('rule 5: temporary file, sync, rename, sync the folder: in this order', (t) => {
  const path = join(t.tempDir(), 'a');
  const calls = callsOf(() => writeDurable(path, 'x')).filter((c) => /fsync|rename|write/.test(c));
  assert.deepEqual(calls, ['writeSync', 'fsyncSync', 'renameSync', 'fsyncSync']);
  assert.equal(readFileSync(path, 'utf8'), 'x');
  assert.deepEqual(readdirSync(join(path, '..')), ['a']);
});

test('rule 5: a reader never sees anything but the old or the new file', (t) => {
  const folder = t.tempDir();
  const path = join(folder, 'a');
  writeDurable(path, 'old');
  const { renameSync } = fs;
  const broken = (() => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  }) as typeof renameSync;
  decorateFileSystem((inner) => ({ ...inner, renameSync: broken }));
  try {
    assert.throws(() => writeDurable(path, 'new'));
  } finally {
    decorateFileSystem((inner) => ({ ...inner, renameSync }));
  }
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['a'], 'no temporary file stays');
});

test('rule 1: a new file never overwrites, and follows no link', (t) => {
  const folder = t.tempDir();
  const path = join(folder, 'a');
  writeNew(path, 'one');
  assert.throws(() => writeNew(path, 'two'), /EEXIST/);
  symlinkSync(join(folder, 'target'), join(folder, 'link'));
  assert.throws(() => writeNew(join(folder, 'link'), 'x'), /EEXIST/);
  assert.equal(existsSync(join(folder, 'target')), false);
});

test('files: an executable is executable whatever the umask', (t) => {
  const folder = t.tempDir();
  const old = process.umask(0o077);
  t.defer(() => process.umask(old));
  writeNew(join(folder, 'x'), '', 0o755);
  writeNew(join(folder, 'plain'), '');
  assert.equal(statSync(join(folder, 'x')).mode & 0o777, 0o755);
  assert.equal(statSync(join(folder, 'plain')).mode & 0o111, 0);
});

test('rule 5: folders are made with their parents, outermost first, once', (t) => {
  const folder = t.tempDir();
  const made = ensureDir(join(folder, 'a/b/c'));
  assert.deepEqual(
    made,
    ['a', 'a/b', 'a/b/c'].map((p) => join(folder, p)),
  );
  assert.deepEqual(ensureDir(join(folder, 'a/b/c')), []);
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => ensureDir(join(folder, 'file/x')), /ENOTDIR/);
});

test('rule 5: a projection is atomic, makes its folder, and replaces what was there', (t) => {
  const path = join(t.tempDir(), 'x/y/state.json');
  writeProjection(path, 'one');
  writeProjection(path, Buffer.from('two'));
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.deepEqual(readdirSync(join(path, '..')), ['state.json']);
  assert.ok(!callsOf(() => writeProjection(path, 'three')).includes('fsyncSync'));
});

test('rule 5: moves and removals sync the folders they change', (t) => {
  const folder = t.tempDir();
  mkdirSync(join(folder, 'to'));
  writeFileSync(join(folder, 'a'), 'x');
  const moved = callsOf(() => moveDurable(join(folder, 'a'), join(folder, 'to/a')));
  assert.equal(moved.filter((c) => c === 'fsyncSync').length, 2);
  const removed = callsOf(() => removeDurable(join(folder, 'to/a')));
  assert.equal(removed.filter((c) => c === 'fsyncSync').length, 1);
  assert.doesNotThrow(() => removeDurable(join(folder, 'to/a')));
});

test('rule 10: what is not there is nothing, also below a file; other faults are told', (t) => {
  const folder = t.tempDir();
  writeFileSync(join(folder, 'file'), 'x');
  assert.equal(readIfThere(join(folder, 'no')), undefined);
  assert.equal(readIfThere(join(folder, 'file/below')), undefined);
  assert.deepEqual(namesIn(join(folder, 'no')), []);
  assert.equal(exists(join(folder, 'no')), false);
  symlinkSync('nowhere', join(folder, 'dangling'));
  assert.equal(exists(join(folder, 'dangling')), true);
  assert.throws(() => readIfThere(folder), /EISDIR/);
});

test('rule 5: many writers of one projection leave one whole file', (t) => {
  const folder = t.tempDir();
  const script = `
    import { writeProjection } from ${JSON.stringify(new URL('../../src/platform/durable.ts', import.meta.url).href)};
    for (let i = 0; i < 50; i++) writeProjection(${JSON.stringify(join(folder, 'a'))}, String(process.pid).repeat(1000));`;
  const file = join(folder, 'writer.mts');
  writeFileSync(file, script);
  const tsx = import.meta.resolve('tsx');
  execFileSync('sh', ['-c', `for i in 1 2 3; do "$0" --import "$1" "$2" & done; wait`, process.execPath, tsx, file]);
  assert.match(readFileSync(join(folder, 'a'), 'utf8'), /^(\d+?)\1{999}$/);
  assert.deepEqual(readdirSync(folder).sort(), ['a', 'writer.mts']);
});

test.run();
