import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOrdinary, isOrdinaryConfig } from '../../src/git/ordinary.ts';
import { Refs } from '../../src/git/refs.ts';
import { askWhere } from '../../src/git/repository.ts';
import { commitAll, git, write } from '../station/stations.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** A wrong git dir would be somebody else's station: what is read from files says what git says, or nothing. */

const test = suite('git/ordinary', { needs: ['git'] });

function repository(t: TestContext, ...more: string[]): string {
  const root = t.tempDir();
  git(root, 'init', '--quiet', ...more);
  write(root, 'sub/folder/file.txt', 'x\n');
  commitAll(root);
  return root;
}

/** What git says, 'refused' where it, or we after asking it, say no. */
const gitSays = (folder: string) => askWhere(folder).catch(() => 'refused');

/** It must be found without git, and as git finds it. */
async function assertFound(folder: string): Promise<void> {
  const found = findOrdinary(folder);
  assert.ok(found !== 'ask git' && found !== null, `git would be asked in ${folder}`);
  assert.deepEqual(found, await gitSays(folder));
}

async function assertAsked(folder: string): Promise<void> {
  assert.equal(
    findOrdinary(folder),
    'ask git',
    `it says where the repository of ${folder} is: git says ${JSON.stringify(await gitSays(folder))}`,
  );
}

test('a work tree, a folder in it, and one that no repository has', async (t) => {
  const root = repository(t);
  await assertFound(root);
  await assertFound(join(root, 'sub/folder'));
  const nowhere = t.tempDir();
  assert.equal(findOrdinary(nowhere), null);
  assert.equal(await gitSays(nowhere), null);
  const link = join(t.tempDir(), 'link');
  symlinkSync(join(root, 'sub'), link);
  await assertFound(link);
});

test('a clone, and a repository in a repository', async (t) => {
  const root = repository(t);
  const clone = join(t.tempDir(), 'clone');
  git(root, 'clone', '--quiet', root, clone);
  await assertFound(clone);
  const inner = join(root, 'sub/inner');
  mkdirSync(inner);
  git(inner, 'init', '--quiet');
  await assertFound(inner);
});

test('a linked work tree leads to the main one, and only while each names the other', async (t) => {
  const root = repository(t);
  const linked = join(t.tempDir(), 'linked');
  git(root, 'worktree', 'add', '--quiet', linked);
  await assertFound(linked);
  await assertFound(join(linked, 'sub/folder'));
  assert.equal((findOrdinary(linked) as { root: string }).root, root);
  const moved = `${linked}-moved`;
  renameSync(linked, moved);
  await assertAsked(moved);
});

test('a work tree of a bare repository, a submodule, and a git folder elsewhere are for git to tell', async (t) => {
  const [bare, root] = [join(t.tempDir(), 'bare.git'), repository(t)];
  git(root, 'clone', '--quiet', '--bare', root, bare);
  await assertAsked(bare);
  const linked = join(t.tempDir(), 'linked');
  git(bare, 'worktree', 'add', '--quiet', linked);
  await assertAsked(linked);
  const inGit = join(t.tempDir(), '.git');
  git(root, 'clone', '--quiet', '--bare', root, inGit);
  const odd = join(t.tempDir(), 'odd');
  git(inGit, 'worktree', 'add', '--quiet', odd);
  await assertAsked(odd);
  git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', bare, 'module');
  await assertAsked(join(root, 'module'));
  const elsewhere = repository(t, '--separate-git-dir', join(t.tempDir(), 'apart'));
  await assertAsked(elsewhere);
});

test('a .git that is a link, is broken or lies around us is for git to tell', async (t) => {
  const root = repository(t);
  await assertAsked(join(root, '.git'));
  await assertAsked(join(root, '.git/refs'));
  write(root, 'sub/HEAD', 'a file of this name\n');
  await assertAsked(join(root, 'sub'));
  const inner = join(root, 'inner');
  mkdirSync(join(inner, '.git'), { recursive: true });
  await assertAsked(inner);
  assert.equal(((await gitSays(inner)) as { root: string }).root, root, 'git goes on to the one above');
  const other = repository(t);
  rmSync(join(other, '.git/HEAD'));
  symlinkSync('refs/heads/main', join(other, '.git/HEAD'));
  await assertAsked(other);
  const link = t.tempDir();
  symlinkSync(join(root, '.git'), join(link, '.git'));
  await assertAsked(link);
});

test('settings that name another work tree, form or file are for git to tell', async (t) => {
  const elsewhere = t.tempDir();
  for (const [key, value] of [
    ['core.worktree', elsewhere],
    ['core.bare', 'true'],
    ['core.sparseCheckout', 'true'],
    ['core.splitIndex', 'true'],
    ['core.repositoryFormatVersion', '1'],
    ['extensions.worktreeConfig', 'true'],
    ['include.path', 'other'],
    ['includeIf.gitdir:/.path', 'other'],
  ] as const) {
    const root = repository(t);
    git(root, 'config', key, value);
    await assertAsked(root);
  }
  const root = repository(t);
  appendFileSync(join(root, '.git/config'), '[core] worktree = /nowhere\n');
  await assertAsked(root);
});

test('what is written otherwise than git writes it is for git to read', () => {
  const plain = '[core]\n\trepositoryformatversion = 0\n\tbare = false\n';
  for (const [more, isOrdinary] of [
    ['', true],
    ['# a remark\n; another\n\n', true],
    ['[remote "o\\"x]"]\n\turl = /a b/c.git\n\tfetch = +refs/heads/*:refs/remotes/o/*\n', true],
    ['\tsparseCheckout = false\n', true],
    ['[core "worktree"]\n\tbare = true\n', true],
    ['\tBare = true\n', false],
    ['[CORE]\n\tworkTree = /x\n', false],
    ['\tbare\n', false],
    ['\tbare = true ; a remark\n', false],
    ['[user]\n\tname = x\\\n[core]\n', false],
    ['[Extensions]\n', false],
    ['[extensions "x"]\n', false],
    ['[include]\n\tpath = x\n', false],
    ['[alias] x = y\n', false],
    ['something else\n', false],
  ] as const)
    assert.equal(isOrdinaryConfig(plain + more), isOrdinary, more);
  assert.equal(isOrdinaryConfig(''), false);
  assert.equal(isOrdinaryConfig('[core "x"]\n\trepositoryformatversion = 0\n\tbare = false\n'), false);
});

test('variables that point git elsewhere point nobody elsewhere', async (t) => {
  const [root, other] = [repository(t), repository(t)];
  const before = { ...process.env };
  t.defer(() => {
    process.env = before;
  });
  Object.assign(process.env, {
    GIT_DIR: join(other, '.git'),
    GIT_WORK_TREE: other,
    GIT_COMMON_DIR: join(other, '.git'),
  });
  assert.equal((findOrdinary(root) as { root: string }).root, root);
  assert.deepEqual(findOrdinary(root), await gitSays(root));
});

test('refs below a folder are those that git lists, loose and packed', (t) => {
  const root = repository(t);
  const names = ['a', 'b/c', 'b/d'];
  const refs = new Refs(join(root, '.git'));
  const head = git(root, 'rev-parse', 'HEAD');
  assert.equal(refs.below('refs/waybill/s/keep').size, 0);
  for (const name of names) git(root, 'update-ref', `refs/waybill/s/keep/${name}`, head);
  git(root, 'update-ref', 'refs/waybill/s/keeper', head);
  const all = () => [...refs.below('refs/waybill/s/keep')].sort();
  const wanted = names.map((name) => [name, head]);
  assert.deepEqual(all(), wanted);
  git(root, 'pack-refs', '--all');
  assert.deepEqual(all(), wanted);
  const next = commitAll(root, 'next');
  git(root, 'update-ref', 'refs/waybill/s/keep/b/c', next);
  assert.deepEqual(
    all(),
    [
      ['a', head],
      ['b/c', next],
      ['b/d', head],
    ],
    'a loose one counts',
  );
  writeFileSync(join(root, '.git/refs/waybill/s/keep/e.lock'), '');
  assert.deepEqual(all().length, 3);
  assert.match(readFileSync(join(root, '.git/packed-refs'), 'utf8'), /keep\/b\/c/);
});

test.run();
