import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import {
  contentOf,
  exchange,
  Folder,
  LARGEST_TARGET,
  makeParents,
  place,
  readTarget,
  removeEmptyFolders,
  sameFileSystem,
  takeAside,
} from '../../src/platform/target.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('platform/target');

const denied = (e: unknown) => e instanceof WaybillError && e.code === 'PATH_DENIED';
const openFolders = () => readdirSync('/proc/self/fd').length;

test('rule 9: a target is plain content or nothing; everything else is named and refused', (t) => {
  const folder = t.tempDir();
  const at = (name: string) => join(folder, name);
  writeFileSync(at('plain'), Buffer.from([0, 255]));
  writeFileSync(at('tool'), 'x', { mode: 0o755 });
  writeFileSync(at('odd'), 'x', { mode: 0o654 });
  mkdirSync(at('folder'));
  symlinkSync('plain', at('link'));
  execFileSync('mkfifo', [at('pipe')]);
  assert.deepEqual(readTarget(at('plain')), {
    kind: 'file',
    content: { mode: '100644', bytes: Buffer.from([0, 255]) },
  });
  assert.equal(contentOf(at('tool'))?.mode, '100755');
  assert.equal(contentOf(at('odd'))?.mode, '100644');
  assert.equal(contentOf(at('none')), null);
  assert.equal(contentOf(at('plain/below')), null);
  for (const name of ['folder', 'link', 'pipe']) assert.throws(() => contentOf(at(name)), denied, name);
});

test('rule 10: a file that memory cannot hold is let alone, with its size', (t) => {
  const path = join(t.tempDir(), 'sparse');
  writeFileSync(path, '');
  truncateSync(path, LARGEST_TARGET + 1);
  assert.equal(readTarget(path).kind, 'other');
  assert.throws(
    () => contentOf(path),
    (e: unknown) => e instanceof WaybillError && e.code === 'TOO_LARGE' && e.message.includes('1073741825 bytes'),
  );
});

test('landing: an exchange brings out what was there, both whole', (t) => {
  const [folder, tmp] = [t.tempDir(), t.tempDir()];
  writeFileSync(join(folder, 'a'), 'theirs');
  writeFileSync(join(tmp, 'new'), 'ours');
  assert.equal(exchange(join(folder, 'a'), join(tmp, 'new')), true);
  assert.deepEqual(
    [readFileSync(join(folder, 'a'), 'utf8'), readFileSync(join(tmp, 'new'), 'utf8')],
    ['ours', 'theirs'],
  );
  rmSync(join(folder, 'a'));
  assert.equal(exchange(join(folder, 'a'), join(tmp, 'new')), false);
  assert.equal(readFileSync(join(tmp, 'new'), 'utf8'), 'theirs');
});

test('landing: a file is placed only where nothing is', (t) => {
  const [folder, tmp] = [t.tempDir(), t.tempDir()];
  writeFileSync(join(tmp, 'new'), 'ours');
  assert.equal(place(join(folder, 'a'), join(tmp, 'new')), true);
  writeFileSync(join(tmp, 'next'), 'next');
  assert.equal(place(join(folder, 'a'), join(tmp, 'next')), false);
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'ours');
  symlinkSync('nowhere', join(folder, 'link'));
  assert.equal(place(join(folder, 'link'), join(tmp, 'next')), false);
});

test('landing: what is removed is first taken aside, to be looked at', (t) => {
  const [folder, tmp] = [t.tempDir(), t.tempDir()];
  writeFileSync(join(folder, 'a'), 'theirs');
  assert.equal(takeAside(join(folder, 'a'), join(tmp, 'kept')), true);
  assert.deepEqual([existsSync(join(folder, 'a')), readFileSync(join(tmp, 'kept'), 'utf8')], [false, 'theirs']);
  assert.equal(takeAside(join(folder, 'a'), join(tmp, 'kept')), false);
});

test('rule 9: a parent that is a link by now is refused, near or far, and what it leads to is left alone', (t) => {
  const [folder, outside, tmp] = [t.tempDir(), t.tempDir(), t.tempDir()];
  for (const name of ['sub', 'up/sub']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'a'), 'inside');
  }
  mkdirSync(join(outside, 'sub'));
  for (const name of ['a', 'sub/a']) writeFileSync(join(outside, name), 'outside');
  writeFileSync(join(tmp, 'new'), 'ours');
  renameSync(join(folder, 'sub'), join(folder, 'sub.was'));
  symlinkSync(outside, join(folder, 'sub'));
  renameSync(join(folder, 'up'), join(folder, 'up.was'));
  symlinkSync(outside, join(folder, 'up'));
  const before = openFolders();
  for (const path of [join(folder, 'sub/a'), join(folder, 'up/sub/a')]) {
    assert.throws(() => exchange(path, join(tmp, 'new')), denied, path);
    assert.throws(() => takeAside(path, join(tmp, 'kept')), denied, path);
    assert.throws(() => place(path.replace(/a$/, 'b'), join(tmp, 'new')), denied, path);
  }
  assert.equal(openFolders(), before, 'a refusal leaves nothing open');
  assert.deepEqual(
    [readFileSync(join(outside, 'a'), 'utf8'), readFileSync(join(outside, 'sub/a'), 'utf8')],
    ['outside', 'outside'],
  );
  assert.deepEqual([readdirSync(outside).sort(), readdirSync(tmp)], [['a', 'sub'], ['new']]);
});

test('rule 9: an open folder keeps meaning itself when its name is given to another', (t) => {
  const [root, outside] = [t.tempDir(), t.tempDir()];
  mkdirSync(join(root, 'sub'));
  const folder = new Folder(join(root, 'sub'));
  renameSync(join(root, 'sub'), join(root, 'moved'));
  symlinkSync(outside, join(root, 'sub'));
  writeFileSync(folder.entry('x'), 'y');
  assert.deepEqual([readdirSync(outside), readdirSync(join(root, 'moved'))], [[], ['x']]);
  assert.throws(() => folder.assertInPlace(), denied);
  folder.close();
});

test('rule 9: a parent that is a file is refused', (t) => {
  const folder = t.tempDir();
  writeFileSync(join(folder, 'file'), '');
  linkSync(join(folder, 'file'), join(folder, 'new'));
  assert.throws(() => place(join(folder, 'file/x'), join(folder, 'new')), denied);
});

test('landing: folders made for a target are taken back when they stayed empty, and only then', (t) => {
  const folder = t.tempDir();
  const made = makeParents(join(folder, 'a/b/c/file'));
  assert.deepEqual(
    made,
    ['a', 'a/b', 'a/b/c'].map((p) => join(folder, p)),
  );
  writeFileSync(join(folder, 'a/theirs'), '');
  removeEmptyFolders(made);
  assert.deepEqual(readdirSync(join(folder, 'a')), ['theirs']);
  assert.doesNotThrow(() => removeEmptyFolders(made));
});

test('landing: a path that is not there yet lies on the file system of its nearest folder', (t) => {
  const folder = t.tempDir();
  assert.equal(sameFileSystem(folder, join(folder, 'a/b/c')), true);
  assert.equal(sameFileSystem(folder, '/proc/self'), false);
});

test.run();
