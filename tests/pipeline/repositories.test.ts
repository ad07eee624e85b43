import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Repositories and paths of other kinds than the plain one. */

const test = suite('repositories and paths');
const order = (wo_id: string, path: string, content: string) => ({ wo_id, title: wo_id, files: [{ path, content }] });

test('a repository without a commit gets its first from an order', (t) => {
  const s = new TestStation(t.tempDir());
  assert.equal(s.waybill('init').code, 0);
  s.drop(order('WO-1', 'first.txt', 'first\n'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.equal(s.git('rev-list', '--count', 'HEAD'), '1');
  assert.equal(s.git('show', 'HEAD:first.txt'), 'first');
  assert.equal(s.git('status', '--porcelain'), '?? bridge/\n?? policy.yaml\n?? waybill.yaml');
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test('paths with spaces, quotes, newlines and other scripts arrive as they are', (t) => {
  const s = testStation(t);
  const paths = [
    'a b/c d.txt',
    'quo"te\'s.txt',
    'new\nline.txt',
    'ไทย/日本語.txt',
    '-dash',
    ':(glob)*.txt',
    'tab\tbed',
  ];
  for (const [n, path] of paths.entries()) s.drop(order(`WO-${n}`, path, `${n}\n`));
  s.drain();
  for (const [n, path] of paths.entries()) {
    assert.equal(s.state(`WO-${n}`).status, 'done', `${path}: ${JSON.stringify(s.state(`WO-${n}`).last_error)}`);
    assert.equal(s.read(path), `${n}\n`);
  }
  assert.deepEqual(
    s
      .git('ls-tree', '-r', '-z', '--name-only', 'HEAD')
      .split('\0')
      .filter((p) => paths.includes(p)).length,
    paths.length,
  );
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test('end-of-line rules and clean filters: the disk has the exact bytes, git what its filters make of them', (t) => {
  const s = testStation(t, { files: { '.gitattributes': '*.crlf text eol=crlf\n*.up filter=up\n' } });
  s.git('config', 'filter.up.clean', 'tr a-z A-Z');
  s.git('config', 'filter.up.smudge', 'tr A-Z a-z');
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [
      { path: 'x.crlf', content: 'one\r\ntwo\r\n' },
      { path: 'x.up', content: 'shout\n' },
    ],
  });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.equal(s.read('x.crlf'), 'one\r\ntwo\r\n');
  assert.equal(s.git('cat-file', 'blob', 'HEAD:x.crlf'), 'one\ntwo');
  assert.equal(s.git('cat-file', 'blob', 'HEAD:x.up'), 'SHOUT');
  assert.equal(s.git('status', '--porcelain'), '');
  s.drop({
    wo_id: 'WO-2',
    title: 'x',
    actions: [
      { action: 'append', path: 'x.crlf', content: 'three\r\n' },
      { action: 'edit', path: 'x.up', find: 'shout', replace: 'cry' },
    ],
  });
  s.drain();
  assert.equal(s.state('WO-2').status, 'done', JSON.stringify(s.state('WO-2').last_error));
  assert.equal(s.git('cat-file', 'blob', 'HEAD:x.crlf'), 'one\ntwo\nthree');
  assert.equal(s.git('cat-file', 'blob', 'HEAD:x.up'), 'CRY');
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test('a target on another file system is staged beside it, swapped, and its pre-image is kept in the journal (rule 1)', (t) => {
  let shm: string;
  try {
    shm = realpathSync(mkdtempSync('/dev/shm/waybill-test-'));
  } catch {
    shm = realpathSync(t.tempDir());
  }
  t.defer(() => rmSync(shm, { recursive: true, force: true }));
  const s = testStation(t);
  s.write('policy.yaml', `version: 1\nroots: [${JSON.stringify(shm)}]\n`);
  s.commitAll('policy');
  writeFileSync(`${shm}/old.conf`, 'before\n', { mode: 0o640 });
  mkdirSync(`${shm}/sub`);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [
      { path: `${shm}/old.conf`, content: 'after\n' },
      { path: `${shm}/sub/deep/new.conf`, content: 'new\n' },
    ],
  });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.equal(readFileSync(`${shm}/old.conf`, 'utf8'), 'after\n');
  assert.equal(statSync(`${shm}/old.conf`).mode & 0o777, 0o640, 'permissions stay');
  assert.equal(readFileSync(`${shm}/sub/deep/new.conf`, 'utf8'), 'new\n');
  assert.deepEqual(s.result('WO-1').commits, [], 'outside the repository there is no commit');
  const journal = s.git('for-each-ref', '--format=%(refname)', 'refs/waybill');
  const kept = s
    .git('ls-tree', '-r', '--name-only', journal)
    .split('\n')
    .find((p) => p.endsWith(`before${shm}/old.conf`));
  assert.equal(s.git('show', `${journal}:${kept}`), 'before');
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test('files keep their permission bits; a folder where a file should be, and the reverse, are refused', (t) => {
  const s = testStation(t, { files: { 'private.txt': 'a\n', 'folder/x': 'x\n', file: 'f\n' } });
  s.git('update-index', '--refresh');
  rmSync(s.path('private.txt'));
  s.write('private.txt', 'a\n', 0o600);
  s.drop(order('WO-1', 'private.txt', 'b\n'));
  s.drop(order('WO-2', 'folder', 'b\n'));
  s.drop(order('WO-3', 'file/below', 'b\n'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(statSync(s.path('private.txt')).mode & 0o777, 0o600);
  assert.equal(s.state('WO-2').last_error?.code, 'PATH_DENIED');
  assert.equal(s.state('WO-3').last_error?.code, 'PATH_DENIED');
});

test('a linked work tree belongs to the station of the main one', (t) => {
  const s = testStation(t);
  const linked = s.path('../linked');
  s.git('worktree', 'add', '--quiet', linked, '-b', 'side');
  const other = new TestStation(realpathSync(linked));
  other.write('o.yaml', 'wo_id: WO-1\ntitle: x\nfiles: [{path: x, content: x}]\n');
  assert.equal(other.waybill('drop', 'o.yaml').code, 0);
  assert.equal(other.waybill('init').code, 69);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.ok(s.exists('x'));
  assert.ok(!other.exists('x'));
});

test('repositories that cannot be written safely are refused, also when they become so (REPO_UNSUPPORTED)', (t) => {
  const s = testStation(t);
  s.git('config', 'core.sparseCheckout', 'true');
  const { code, stderr } = s.waybill('up', '--drain');
  assert.equal(code, 69);
  assert.match(stderr, /REPO_UNSUPPORTED.*sparse/);
});

test('a hundred orders and a git gc --prune=now in the middle lose nothing', (t) => {
  const s = testStation(t);
  for (let n = 0; n < 20; n++) s.drop(order(`WO-A${n}`, `a/${n}`, `${n}\n`));
  s.drain();
  s.git('gc', '--quiet', '--prune=now');
  for (let n = 0; n < 20; n++) s.drop(order(`WO-B${n}`, `b/${n}`, `${n}\n`));
  s.drain();
  s.git('gc', '--quiet', '--prune=now');
  s.git('fsck', '--strict', '--no-dangling');
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test.run();
