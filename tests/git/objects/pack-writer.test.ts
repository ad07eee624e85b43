import { execFileSync } from 'node:child_process';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitTo } from '../../../src/git/objects/commit-to.ts';
import { type FileEntry, PackWriter, removeLeftKeeps } from '../../../src/git/objects/pack-writer.ts';
import { moveRefs } from '../../../src/git/ref-transaction.ts';
import { closeRepository, openRepository, type Repository } from '../../../src/git/repository.ts';
import { randomOf } from '../../../src/torture/random.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('packs that we write');

const IDENT = 'T <t@example.com> 0 +0000';

function git(root: string, input: string | null, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    ...(input === null ? {} : { input }),
    stdio: ['pipe', 'pipe', 'pipe'],
  }).trim();
}

async function repository(t: TestContext): Promise<{ repo: Repository; scratch: string }> {
  const root = t.tempDir();
  git(root, null, 'init', '--quiet');
  git(root, null, 'commit', '--quiet', '--allow-empty', '-m', 'x');
  const repo = await openRepository(root);
  t.defer(() => closeRepository(repo));
  return { repo, scratch: join(root, '.git/scratch') };
}

const text = (path: string, content: string, mode = '100644'): FileEntry => ({
  path,
  mode,
  bytes: Buffer.from(content),
});

const keeps = ({ gitDir }: Repository) =>
  readdirSync(join(gitDir, 'objects/pack'))
    .filter((name) => name.endsWith('.keep'))
    .sort();

/** The tree that git itself makes of these files. */
function treeOf(root: string, files: ReadonlyMap<string, { mode: string; content: string }>): string {
  const lines = [...files].map(([path, { mode, content }]) => {
    const blob = git(root, content, 'hash-object', '-w', '--stdin');
    return `${mode} ${blob}\t${path}\0`;
  });
  const env = { ...process.env, GIT_INDEX_FILE: join(root, '.git/other-index') };
  const run = (args: string[], input: string) =>
    execFileSync('git', args, { cwd: root, env, input, encoding: 'utf8' }).trim();
  run(['read-tree', '--empty'], '');
  run(['update-index', '-z', '--index-info'], lines.join(''));
  return run(['write-tree'], '');
}

test('a chain that was made on one tip is made again on another, with what was remembered and what is new there', async (t) => {
  const { repo, scratch } = await repository(t);
  const pack = new PackWriter(repo, scratch);
  const tip = (message: string, files: FileEntry[]) => pack.commit({ parent: null, ident: IDENT, message, files });
  const base = [text('made/old.txt', 'old'), text('mine.txt', '0')];
  const first = await tip('first', base);
  const elsewhere = await tip('elsewhere', [text('made/old.txt', 'old'), text('mine.txt', '1')]);
  const inside = await tip('inside', [...base, text('made/hers.txt', 'hers')]);
  const chain = [
    [text('made/a.txt', 'a')],
    [text('made/sub/b.txt', 'b'), { path: 'made/old.txt', remove: true } as const],
  ];
  const made = async (parent: string) => {
    let commit = parent;
    for (const files of chain) commit = await pack.commit({ parent: commit, ident: IDENT, message: 'x', files });
    return commit;
  };
  await pack.write();
  let tree = await repo.trees.ofCommit(first);
  for (const files of chain) tree = await pack.tree(tree, files, true);
  await pack.write();
  // one that comes to nothing in between
  await made(first);
  pack.forget();
  const ends: string[] = [];
  for (const parent of [elsewhere, inside]) ends.push(await made(parent));
  await pack.write();
  git(repo.root, null, 'fsck', '--strict', '--no-dangling');
  const files = (commit: string) => git(repo.root, null, 'ls-tree', '-r', '--name-only', commit).split('\n');
  assert.deepEqual(files(ends[0] ?? ''), ['made/a.txt', 'made/sub/b.txt', 'mine.txt']);
  assert.deepEqual(files(ends[1] ?? ''), ['made/a.txt', 'made/hers.txt', 'made/sub/b.txt', 'mine.txt']);
  assert.equal(git(repo.root, null, 'show', `${ends[0]}:mine.txt`), '1');
});

test('what was remembered of a chain that was forgotten before it was written is made again', async (t) => {
  const { repo, scratch } = await repository(t);
  const pack = new PackWriter(repo, scratch);
  const files = [text('made/a.txt', 'a')];
  const base = await pack.commit({ parent: null, ident: IDENT, message: 'base', files: [text('mine.txt', '0')] });
  await pack.write();
  await pack.tree(await repo.trees.ofCommit(base), files, true);
  pack.forget();
  const commit = await pack.commit({ parent: base, ident: IDENT, message: 'x', files });
  await pack.write();
  git(repo.root, null, 'fsck', '--strict', '--no-dangling');
  assert.equal(git(repo.root, null, 'show', `${commit}:made/a.txt`), 'a');
});

test('trees are those that git makes of the same files, whatever they are called and become', async (t) => {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Date.now() % 1_000_000);
  const random = randomOf(seed);
  const { repo, scratch } = await repository(t);
  // names that sort differently as files and as folders
  const names = ['a', 'a.b', 'a-b', 'a0', 'ab', 'ä', 'b', 'B', 'lib', 'lib-a'];
  const files = new Map<string, { mode: string; content: string }>();
  let parent: string | null = null;
  const pack = new PackWriter(repo, scratch);
  for (let step = 0; step < 60; step++) {
    const changes: FileEntry[] = [];
    for (let n = Math.floor(random() * 4); n >= 0; n--) {
      const path = Array.from(
        { length: 1 + Math.floor(random() * 3) },
        () => names[Math.floor(random() * names.length)],
      ).join('/');
      const isRemoved = random() < 0.3;
      for (const known of [...files.keys()])
        if (known === path || known.startsWith(`${path}/`) || (!isRemoved && path.startsWith(`${known}/`)))
          files.delete(known);
      if (isRemoved) changes.push({ path, remove: true });
      else {
        const content = `${step} ${n} ${'x'.repeat(Math.floor(random() * 200))}`;
        const mode = random() < 0.2 ? '100755' : '100644';
        files.set(path, { mode, content });
        changes.push(text(path, content, mode));
      }
    }
    parent = await pack.commit({ parent, ident: IDENT, message: `step ${step}\n`, files: changes });
    if (step % 7 === 0) await pack.write();
    if (step % 10 === 9) {
      await pack.write();
      const ours = git(repo.root, null, 'rev-parse', `${parent}^{tree}`);
      assert.equal(ours, treeOf(repo.root, files), `seed ${seed}, step ${step}`);
    }
  }
  await moveRefs(repo, [{ ref: 'refs/heads/made', from: null, to: parent ?? '' }]);
  pack.release();
  git(repo.root, null, 'fsck', '--strict', '--full', '--no-dangling');
  assert.equal(git(repo.root, null, 'rev-list', '--count', 'refs/heads/made'), '60');
});

test('a folder that many commits add to is stored as what changed in it, and git reads it', async (t) => {
  const { repo, scratch } = await repository(t);
  const pack = new PackWriter(repo, scratch);
  let parent: string | null = null;
  for (let n = 0; n < 120; n++)
    parent = await pack.commit({
      parent,
      ident: IDENT,
      message: `${n}\n`,
      files: [text(`made/file-${n}.txt`, `${n}`)],
    });
  await pack.write();
  await moveRefs(repo, [{ ref: 'refs/heads/made', from: null, to: parent ?? '' }]);
  const [name = ''] = readdirSync(join(repo.gitDir, 'objects/pack')).filter((n) => n.endsWith('.idx'));
  const said = git(repo.root, null, 'verify-pack', '-v', join(repo.gitDir, 'objects/pack', name));
  const chains = [...said.matchAll(/^chain length = (\d+): /gm)].map((m) => Number(m[1]));
  assert.ok(chains.length > 20 && Math.max(...chains) <= 40, said.split('\n').slice(-50).join('\n'));
  git(repo.root, null, 'fsck', '--strict', '--full', '--no-dangling');
  assert.equal(git(repo.root, null, 'ls-tree', '--name-only', `${parent}:made`).split('\n').length, 120);
});

test('large and odd contents come out as they went in', async (t) => {
  const { repo, scratch } = await repository(t);
  const large = Buffer.alloc(3_000_000, 'waybill ');
  const files: FileEntry[] = [
    { path: 'large', mode: '100644', bytes: large },
    { path: 'empty', mode: '100644', bytes: Buffer.alloc(0) },
    { path: 'same', mode: '100755', bytes: large },
  ];
  const commit = await commitTo(repo, scratch, 'refs/heads/made', { parent: null, message: 'large\n', files });
  const read = (path: string) =>
    execFileSync('git', ['cat-file', 'blob', `${commit}:${path}`], { cwd: repo.root, maxBuffer: 1e8 });
  assert.ok(read('large').equals(large) && read('same').equals(large));
  assert.equal(read('empty').length, 0);
  const emptied = await commitTo(repo, scratch, 'refs/heads/made', {
    parent: commit,
    message: 'nothing\n',
    files: ['large', 'empty', 'same'].map((path) => ({ path, remove: true as const })),
  });
  assert.equal(git(repo.root, null, 'ls-tree', emptied), '');
  git(repo.root, null, 'fsck', '--strict', '--full', '--no-dangling');
});

test('rule 1: no gc takes what is written and not referenced yet; what nobody came to reference goes', async (t) => {
  const { repo, scratch } = await repository(t);
  const make = async (name: string) => {
    const pack = new PackWriter(repo, scratch);
    const commit = await pack.commit({ parent: null, ident: IDENT, message: name, files: [text(name, name)] });
    await pack.write();
    return { pack, commit };
  };
  const [landed, vain] = [await make('landed'), await make('vain')];
  git(repo.root, null, 'gc', '--quiet', '--prune=now');
  await moveRefs(repo, [{ ref: 'refs/heads/made', from: null, to: landed.commit }]);
  landed.pack.release();
  vain.pack.release();
  git(repo.root, null, 'gc', '--quiet', '--prune=now');
  assert.equal(git(repo.root, null, 'cat-file', '-t', landed.commit), 'commit');
  assert.throws(() => git(repo.root, null, 'cat-file', '-t', vain.commit));
  assert.deepEqual(keeps(repo), []);
});

test('rule 6: nothing is built on a commit that is gone', async (t) => {
  const { repo, scratch } = await repository(t);
  const ref = 'refs/heads/made';
  const commit = await commitTo(repo, scratch, ref, { parent: null, message: 'a\n', files: [text('a/b', 'a')] });
  git(repo.root, null, 'update-ref', '-d', ref);
  git(repo.root, null, 'gc', '--quiet', '--prune=now');
  const again = commitTo(repo, scratch, ref, { parent: commit, from: null, message: 'b\n', files: [text('a/c', 'c')] });
  await assert.rejects(again, /git has no object/);
  assert.equal(repo.refs.read(ref), null);
});

test('rule 6: a ref that somebody moved is not moved by us, and the next commit goes well', async (t) => {
  const { repo, scratch } = await repository(t);
  const ref = 'refs/heads/made';
  const commit = await commitTo(repo, scratch, ref, { parent: null, message: 'a\n', files: [text('a', 'a')] });
  const vain = commitTo(repo, scratch, ref, { parent: null, message: 'b\n', files: [text('b', 'b')] });
  await assert.rejects(vain, /somebody else has moved or locked it/);
  assert.equal(repo.refs.read(ref), commit);
  assert.deepEqual(keeps(repo), []);
  const next = await commitTo(repo, scratch, ref, { parent: commit, message: 'c\n', files: [text('c', 'c')] });
  assert.equal(repo.refs.read(ref), next);
});

test('rule 6: the mark of a writer that was killed goes; a younger one, and a person’s, stay', async (t) => {
  const { repo, scratch } = await repository(t);
  const pack = new PackWriter(repo, scratch);
  await pack.commit({ parent: null, ident: IDENT, message: 'x', files: [text('x', 'x')] });
  await pack.write();
  const theirs = join(repo.gitDir, 'objects/pack', `pack-${'1'.repeat(40)}.keep`);
  writeFileSync(theirs, 'mine\n');
  utimesSync(theirs, 0, 0);
  const [ours = ''] = keeps(repo).filter((name) => !theirs.endsWith(name));
  removeLeftKeeps(repo.gitDir, Date.now() - 60_000);
  assert.ok(keeps(repo).includes(ours), 'one that is younger than the run may be at work');
  removeLeftKeeps(repo.gitDir, Date.now() + 1000);
  assert.equal(keeps(repo).length, 1);
  assert.ok(theirs.endsWith(keeps(repo)[0] ?? '?'));
});

test.run();
