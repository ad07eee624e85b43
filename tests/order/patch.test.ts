import { WaybillError } from '../../src/order/error.ts';
import { readPatch } from '../../src/order/patch.ts';
import { assert, suite } from '../support/suite.ts';
import { patchOf, planOf } from './plans.ts';

const test = suite('order/patch');

const code =
  (expected: string, message = /./) =>
  (error: unknown) =>
    error instanceof WaybillError && error.code === expected && message.test(error.message);
const hunk = '@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n';
const namesIn = (patch: string) => readPatch(patch, null).map((f) => [f.from, f.to]);

test('patch: plain and git forms change a file', () => {
  const files = { 'a.txt': 'one\ntwo\nthree\n' };
  const after = { 'a.txt': 'one\n2\nthree\n' };
  assert.deepEqual(patchOf(files, `--- a.txt\n+++ a.txt\n${hunk}`), after);
  assert.deepEqual(patchOf(files, `--- a.txt\t2026-01-01 00:00:00\n+++ a.txt\t2026-01-02\n${hunk}`), after);
  assert.deepEqual(patchOf(files, `--- a/a.txt\n+++ b/a.txt\n${hunk}`), after);
  const git = `diff --git a/a.txt b/a.txt\nindex 814f4a4..9f0a1b2 100644\n--- a/a.txt\n+++ b/a.txt\n${hunk}`;
  assert.deepEqual(patchOf(files, git), after);
});

test('patch: a folder that is really called a keeps its name', () => {
  assert.deepEqual(namesIn(`--- a/x\n+++ a/x\n${hunk}`), [['a/x', 'a/x']]);
  assert.deepEqual(namesIn(`--- a/a/x\n+++ b/a/x\n${hunk}`), [['a/x', 'a/x']]);
});

test('patch: creates from /dev/null and refuses where the file is', () => {
  const plain = '--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+a\n+b\n';
  assert.deepEqual(patchOf({}, plain), { 'new.txt': 'a\nb\n' });
  assert.throws(() => patchOf({ 'new.txt': '' }, plain), code('PATCH_FAILED', /new\.txt.*exists/));
  const git = `diff --git a/t.sh b/t.sh\nnew file mode 100755\nindex 0000000..1\n${plain.replace('b/new.txt', 'b/t.sh')}`;
  const plan = planOf({}, { actions: [{ action: 'patch', patch: git }] });
  assert.deepEqual(plan.changes[0]?.after, { mode: '100755', bytes: Buffer.from('a\nb\n') });
  const empty = 'diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n';
  assert.deepEqual(patchOf({}, empty), { e: '' });
});

test('patch: deletes to /dev/null, but only a file that holds exactly what the patch removes', () => {
  const patch = '--- a/old.txt\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n';
  assert.deepEqual(patchOf({ 'old.txt': 'a\nb\n' }, patch), { 'old.txt': null });
  assert.throws(() => patchOf({ 'old.txt': 'a\nb\nc\n' }, patch), code('PATCH_FAILED', /would leave 2 bytes/));
  assert.throws(() => patchOf({ 'old.txt': 'a\n' }, patch), code('PATCH_FAILED'));
  assert.throws(() => patchOf({}, patch), code('PATCH_FAILED', /does not exist/));
  const git = `diff --git a/old.txt b/old.txt\ndeleted file mode 100644\nindex 1..0\n${patch}`;
  assert.deepEqual(patchOf({ 'old.txt': 'a\nb\n' }, git), { 'old.txt': null });
});

test('patch: renames, with and without hunks, and never onto a file', () => {
  const head = 'diff --git a/x.txt b/y.txt\nsimilarity index 66%\nrename from x.txt\nrename to y.txt\n';
  const files = { 'x.txt': 'one\ntwo\nthree\n' };
  assert.deepEqual(patchOf(files, head), { 'x.txt': null, 'y.txt': 'one\ntwo\nthree\n' });
  const both = patchOf(files, `${head}--- a/x.txt\n+++ b/y.txt\n${hunk}`);
  assert.deepEqual(both, { 'x.txt': null, 'y.txt': 'one\n2\nthree\n' });
  assert.throws(() => patchOf({ ...files, 'y.txt': '' }, head), code('PATCH_FAILED', /y\.txt/));
  const copy = head.replaceAll('rename', 'copy');
  assert.deepEqual(patchOf(files, copy), { 'y.txt': 'one\ntwo\nthree\n' });
});

test('patch: changes the mode alone, and refuses modes that are no plain file', () => {
  const mode = 'diff --git a/t b/t\nold mode 100644\nnew mode 100755\n';
  const plan = planOf({ t: 'x' }, { actions: [{ action: 'patch', patch: mode }] });
  assert.deepEqual(
    plan.changes.map((c) => [c.before?.mode, c.after?.mode]),
    [['100644', '100755']],
  );
  const link = 'diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n';
  assert.throws(() => patchOf({}, link), code('PATCH_INVALID', /120000/));
});

test('patch: the end of the file with and without a newline', () => {
  const no = '\\ No newline at end of file\n';
  const p = (body: string) => `--- a/f\n+++ b/f\n${body}`;
  assert.deepEqual(patchOf({ f: 'a\nb' }, p(`@@ -1,2 +1,2 @@\n a\n-b\n${no}+B\n${no}`)), { f: 'a\nB' });
  assert.deepEqual(patchOf({ f: 'a\nb' }, p(`@@ -1,2 +1,2 @@\n a\n-b\n${no}+b\n`)), { f: 'a\nb\n' });
  assert.deepEqual(patchOf({ f: 'a\nb\n' }, p(`@@ -1,2 +1,2 @@\n a\n-b\n+b\n${no}`)), { f: 'a\nb' });
  assert.throws(() => patchOf({ f: 'a\nb\n' }, p(`@@ -1,2 +1,2 @@\n a\n-b\n${no}+B\n${no}`)), code('PATCH_FAILED'));
});

test('patch: one hunk that does not apply fails the whole patch', () => {
  const two = '@@ -1 +1 @@\n-a\n+A\n@@ -9 +9 @@\n-nowhere\n+x\n';
  assert.throws(() => patchOf({ f: 'a\nb\n' }, `--- a/f\n+++ b/f\n${two}`), code('PATCH_FAILED', /^f:/));
});

test('patch: several files are all or nothing', () => {
  const good = '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+A\n';
  const bad = '--- a/g\n+++ b/g\n@@ -1 +1 @@\n-other\n+B\n';
  assert.throws(() => patchOf({ f: 'a\n', g: 'b\n' }, good + bad), code('PATCH_FAILED', /^g:/));
  const fine = patchOf({ f: 'a\n', g: 'b\n' }, good + bad.replace('other', 'b'));
  assert.deepEqual(fine, { f: 'A\n', g: 'B\n' });
});

test('rule 1: CRLF files keep their ends of line, and match only patches that have them', () => {
  const crlf = '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n';
  assert.deepEqual(patchOf({ f: 'a\r\nb\r\n' }, crlf), { f: 'a\r\nB\r\n' });
  const lf = crlf.replaceAll('\r', '');
  assert.throws(() => patchOf({ f: 'a\r\nb\r\n' }, lf), code('PATCH_FAILED'));
});

test('rule 1: bytes of the target that are no UTF-8 arrive unchanged', () => {
  const before = Buffer.concat([
    Buffer.from([0xff, 0xe9, 0x0a]),
    Buffer.from('é\nx\n'),
    Buffer.from([0x80, 0x85, 0x0a]),
  ]);
  const patch = '--- a/f\n+++ b/f\n@@ -2,2 +2,2 @@\n é\n-x\n+ü\n';
  const plan = planOf({ f: before }, { actions: [{ action: 'patch', patch }] });
  const after = Buffer.concat([
    Buffer.from([0xff, 0xe9, 0x0a]),
    Buffer.from('é\nü\n'),
    Buffer.from([0x80, 0x85, 0x0a]),
  ]);
  assert.deepEqual(plan.changes[0]?.after?.bytes, after);
});

test('patch: names with spaces, quotes, escapes and letters of any alphabet', () => {
  assert.deepEqual(namesIn(`--- a/a b c\t\n+++ b/a b c\t\n${hunk}`), [['a b c', 'a b c']]);
  const quoted = '"a/q\\"t\\tx"';
  assert.deepEqual(namesIn(`--- ${quoted}\n+++ ${quoted.replace('a/', 'b/')}\n${hunk}`), [['q"t\tx', 'q"t\tx']]);
  const octal = 'caf\\303\\251/\\346\\226\\207';
  const git = `diff --git "a/${octal}" "b/${octal}"\nold mode 100644\nnew mode 100755\n`;
  assert.deepEqual(namesIn(git), [['café/文', 'café/文']]);
  assert.deepEqual(namesIn(`--- a/voilà\n+++ b/voilà\n${hunk}`), [['voilà', 'voilà']]);
  assert.deepEqual(namesIn(`--- a/文\n+++ b/文\n${hunk}`), [['文', '文']]);
});

test('patch: lines that look like headers inside a hunk are content', () => {
  const patch = '--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n keep\n';
  assert.deepEqual(patchOf({ 'x.sql': '-- old\nkeep\n' }, patch), { 'x.sql': '++ new\nkeep\n' });
});

test('patch: path names the file of a patch without headers, and of no more than one', () => {
  assert.deepEqual(patchOf({ f: 'one\ntwo\nthree\n' }, hunk, 'f'), { f: 'one\n2\nthree\n' });
  assert.throws(() => patchOf({}, hunk), code('PATCH_INVALID', /names no file/));
  const two = `--- a/f\n+++ b/f\n${hunk}--- a/g\n+++ b/g\n${hunk}`;
  assert.throws(() => patchOf({ f: 'one\ntwo\nthree\n' }, two, 'f'), code('PATCH_INVALID', /2/));
});

test('rule 10: what is no patch is PATCH_INVALID', () => {
  for (const patch of [
    '',
    'hello\n',
    '--- a/f\n+++ b/f\n',
    '--- a/f\n@@ -1 +1 @@\n-a\n+b\n',
    '--- a/f\n+++ b/f\n@@ -1,5 +1 @@\n-a\n+b\n',
  ])
    assert.throws(() => readPatch(patch, null), code('PATCH_INVALID'), JSON.stringify(patch));
  const binary = 'diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png differ\n';
  assert.throws(() => readPatch(binary, null), code('PATCH_INVALID', /binary/));
});

test.run();
