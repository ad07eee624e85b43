import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readIndex } from '../../../src/git/index/index-file.ts';
import { updateIndex } from '../../../src/git/index/index-update.ts';
import { blobId } from '../../../src/git/objects/object-id.ts';
import { closeRepository, openRepository, type Repository } from '../../../src/git/repository.ts';
import type { Image, ImageChange } from '../../../src/order/change.ts';
import { randomOf } from '../../../src/torture/random.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** Rule 1, and "Landing" of design.md: our entries get into the index, and nothing else of it changes. */

const test = suite('entries that we put into the index');

async function repository(t: TestContext): Promise<Repository> {
  const root = t.tempDir();
  const repo = await (async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    return openRepository(root);
  })();
  t.defer(() => closeRepository(repo));
  return repo;
}

function git(repo: Repository, ...args: string[]): string {
  return execFileSync('git', args, { cwd: repo.root, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

function write(repo: Repository, path: string, content: string): void {
  mkdirSync(dirname(join(repo.root, path)), { recursive: true });
  writeFileSync(join(repo.root, path), content);
}

/** A file that an order writes: on disk, as an object, and as the change of the index that follows. */
function landed(repo: Repository, path: string, content: string | null, mode: Image['mode'] = '100644'): ImageChange {
  if (content === null) {
    rmSync(join(repo.root, path), { recursive: true, force: true });
    return { path, before: null, after: null };
  }
  write(repo, path, content);
  chmodSync(join(repo.root, path), mode === '100755' ? 0o755 : 0o644);
  git(repo, 'hash-object', '-w', path);
  const id = blobId(Buffer.from(content));
  return { path, before: null, after: { mode, blob: id, disk: id } };
}

const update = (repo: Repository, changes: readonly ImageChange[]) =>
  updateIndex(repo, join(repo.gitDir, 'scratch-index'), changes);

test('where there is no index, taking out what is not in it makes none', async (t) => {
  const repo = await repository(t);
  await update(repo, [{ path: 'gone', before: null, after: null }]);
  assert.equal(git(repo, 'ls-files'), '');
});

test('the index is what git would have made of it, whatever stands in it', async (t) => {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Date.now() % 1_000_000);
  const random = randomOf(seed);
  const repo = await repository(t);
  const names = ['a', 'a.b', 'a-b', 'ab', 'b', 'ä', 'lib', 'lib-a', 'x'.repeat(240)];
  const pathOf = () =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => names[Math.floor(random() * names.length)]).join('/');
  const files = new Map<string, { content: string; mode: Image['mode'] }>();
  for (let step = 0; step < 40; step++) {
    const changes: ImageChange[] = [];
    for (let n = Math.floor(random() * 5); n >= 0; n--) {
      const path = pathOf();
      const stands = [...files.keys()].some((f) => f.startsWith(`${path}/`) || path.startsWith(`${f}/`));
      if (stands || changes.some((c) => c.path === path)) continue;
      const content = random() < 0.3 ? null : `${step} ${n}`;
      const mode = random() < 0.3 ? '100755' : '100644';
      changes.push(landed(repo, path, content, mode));
      if (content === null) files.delete(path);
      else files.set(path, { content, mode });
    }
    // a cache of trees in the index, sometimes
    if (random() < 0.5 && step > 0) git(repo, 'write-tree');
    await update(repo, changes);
    const lines = [...files].map(([path, { content, mode }]) => `${mode} ${blobId(Buffer.from(content))} 0\t${path}\0`);
    const sorted = lines.sort((a, b) =>
      Buffer.compare(Buffer.from(a.split('\t')[1] ?? ''), Buffer.from(b.split('\t')[1] ?? '')),
    );
    assert.equal(git(repo, 'ls-files', '-s', '-z'), sorted.join(''), `seed ${seed}, step ${step}`);
    // without a look at contents: the times that we noted are those of the files
    assert.equal(git(repo, 'diff-files', '--name-only'), '', `seed ${seed}, step ${step}`);
    const ours = git(repo, 'write-tree');
    rmSync(join(repo.root, '.git/again'), { force: true });
    const env = { ...process.env, GIT_INDEX_FILE: join(repo.root, '.git/again') };
    execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: repo.root, env, input: sorted.join('') });
    const theirs = execFileSync('git', ['write-tree'], { cwd: repo.root, env, encoding: 'utf8' });
    assert.equal(ours, theirs, `seed ${seed}, step ${step}: the cache of trees`);
  }
  git(repo, 'fsck', '--strict', '--no-dangling');
});

for (const [what, prepare] of [
  ['version 2', []],
  ['version 4', ['update-index', '--index-version', '4']],
  ['an untracked cache', ['update-index', '--force-untracked-cache']],
] as const)
  test(`what a person staged stays, also in an index with ${what}`, async (t) => {
    const repo = await repository(t);
    for (const name of ['staged', 'edited', 'hidden', 'mine/deep/file', 'other']) write(repo, name, name);
    git(repo, 'add', '--all');
    git(repo, 'commit', '--quiet', '-m', 'x');
    if (prepare.length > 0) git(repo, ...prepare);
    write(repo, 'staged', 'staged anew');
    git(repo, 'add', 'staged');
    write(repo, 'edited', 'edited, and not staged');
    write(repo, 'later', 'intended');
    git(repo, 'add', '--intent-to-add', 'later');
    git(repo, 'update-index', '--skip-worktree', 'hidden');
    git(repo, 'status');
    await update(repo, [landed(repo, 'mine/deep/new', 'ours'), landed(repo, 'other', 'replaced')]);
    const status = git(repo, 'status', '--porcelain').split('\n').filter(Boolean).sort();
    assert.deepEqual(status, [' A later', ' M edited', 'A  mine/deep/new', 'M  other', 'M  staged']);
    assert.match(git(repo, 'ls-files', '-v', 'hidden'), /^S /);
    const { entries } = readIndex(repo.gitDir, ['later', 'hidden', 'mine/deep/new']);
    assert.equal(entries.get('later')?.[0]?.intentToAdd, true);
    assert.equal(entries.get('hidden')?.[0]?.skipWorktree, true);
    assert.equal(entries.get('mine/deep/new')?.[0]?.blob, blobId(Buffer.from('ours')));
  });

test('a merge that a person has not resolved stays unresolved, apart from a path that we write', async (t) => {
  const repo = await repository(t);
  for (const name of ['a', 'b', 'c']) write(repo, name, 'base');
  git(repo, 'add', '--all');
  git(repo, 'commit', '--quiet', '-m', 'base');
  git(repo, 'branch', 'other');
  for (const name of ['a', 'b', 'c']) write(repo, name, 'ours');
  git(repo, 'commit', '--quiet', '-am', 'ours');
  git(repo, 'checkout', '--quiet', 'other');
  for (const name of ['a', 'b', 'c']) write(repo, name, 'theirs');
  git(repo, 'commit', '--quiet', '-am', 'theirs');
  assert.throws(() => git(repo, 'merge', 'main', 'master'));
  assert.throws(() => git(repo, 'merge', '@{-1}'));
  write(repo, 'c', 'resolved');
  git(repo, 'add', 'c');
  await update(repo, [landed(repo, 'b', 'by an order'), landed(repo, 'aa', 'by an order')]);
  const stages = git(repo, 'ls-files', '-s')
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\d+ [0-9a-f]+ (\d)\t/, '$1 '));
  assert.deepEqual(stages, ['1 a', '2 a', '3 a', '0 aa', '0 b', '0 c']);
  // what undoes a resolution is kept
  git(repo, 'update-index', '--unresolve', 'c');
  assert.match(git(repo, 'ls-files', '-u', 'c'), / 1\tc\n/);
});

test('rule 1: a save in the second in which the index was written is seen by git after our landing', async (t) => {
  const repo = await repository(t);
  for (let tries = 0; tries < 20; tries++) {
    write(repo, 'theirs', 'one');
    git(repo, 'add', 'theirs');
    git(repo, 'commit', '--quiet', '--allow-empty', '-m', `${tries}`);
    // as long, and in the same second as the index more often than not
    write(repo, 'theirs', 'two');
    await update(repo, [landed(repo, `ours-${tries}`, `${tries}`)]);
    assert.match(git(repo, 'status', '--porcelain', 'theirs'), /^ M theirs/);
  }
});

test('rule 1: a save with the very times and size that the index knows is seen, too', async (t) => {
  const repo = await repository(t);
  write(repo, 'theirs', 'one');
  const index = join(repo.gitDir, 'index');
  const second = Math.floor(Date.now() / 1000) + 5;
  utimesSync(join(repo.root, 'theirs'), second, second);
  git(repo, '-c', 'core.trustctime=false', 'add', 'theirs');
  git(repo, 'config', 'core.trustctime', 'false');
  writeFileSync(join(repo.root, 'theirs'), 'two');
  utimesSync(join(repo.root, 'theirs'), second, second);
  utimesSync(index, second, second);
  await update(repo, [landed(repo, 'ours', 'x')]);
  utimesSync(index, second + 100, second + 100);
  assert.match(git(repo, 'status', '--porcelain', 'theirs'), /^AM theirs/);
});

test('links and files that are gone stand in nobody’s way', async (t) => {
  const repo = await repository(t);
  write(repo, 'gone', 'x');
  symlinkSync('gone', join(repo.root, 'link'));
  git(repo, 'add', '--all');
  rmSync(join(repo.root, 'gone'));
  await update(repo, [landed(repo, 'ours', 'x')]);
  assert.equal(git(repo, 'status', '--porcelain'), 'AD gone\nA  link\nA  ours\n');
  assert.ok(!existsSync(join(repo.gitDir, 'scratch-index')));
});

test('what lies in the way is found between names that sort around it', async (t) => {
  const repo = await repository(t);
  for (const path of ['a', 'b/c/d', 'b-', 'b.', 'c/x', 'c.x', 'd']) write(repo, path, path);
  git(repo, 'add', '--all');
  const { entries, conflicts } = readIndex(repo.gitDir, ['a/x', 'b', 'c', 'c/x', 'd', 'e']);
  assert.deepEqual([...entries.keys()], ['c/x', 'd']);
  assert.deepEqual(Object.fromEntries(conflicts), { 'a/x': 'a', b: 'b/c/d', c: 'c/x' });
  assert.equal(readFileSync(join(repo.root, 'd'), 'utf8'), 'd');
});

test.run();
