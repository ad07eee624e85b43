import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PackWriter } from '../../../src/git/objects/pack-writer.ts';
import { PackUpkeep, toGather } from '../../../src/git/objects/upkeep.ts';
import { moveRefs } from '../../../src/git/ref-transaction.ts';
import { closeRepository, openRepository } from '../../../src/git/repository.ts';
import { openLog } from '../../../src/platform/log.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('packs are gathered');

const IDENT = 'T <t@example.com> 0 +0000';

async function manyPacks(t: TestContext, count: number) {
  const root = t.tempDir();
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  const repo = await openRepository(root);
  t.defer(() => closeRepository(repo));
  let parent: string | null = null;
  for (let n = 0; n < count; n++) {
    const pack = new PackWriter(repo, join(root, '.git/scratch'));
    const files = [{ path: `a/${n}`, mode: '100644', bytes: Buffer.from(`${n}`) }];
    parent = await pack.commit({ parent, ident: IDENT, message: `${n}\n`, files });
    await pack.write();
    pack.release();
  }
  await moveRefs(repo, [{ ref: 'refs/heads/made', from: null, to: parent ?? '' }]);
  const packs = () => readdirSync(join(repo.gitDir, 'objects/pack')).filter((name) => name.endsWith('.pack'));
  return { repo, packs, git: (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }) };
}

test('rule 11: many packs become few, and what is being landed, or belongs to nobody yet, stays', async (t) => {
  const { repo, packs, git } = await manyPacks(t, 105);
  const waiting = new PackWriter(repo, join(repo.gitDir, 'scratch'));
  const commit = await waiting.commit({ parent: null, ident: IDENT, message: 'waits', files: [] });
  await waiting.write();
  const upkeep = new PackUpkeep(repo, openLog('silent'), new AbortController().signal);
  upkeep.look();
  upkeep.look();
  await upkeep.last();
  assert.ok(packs().length <= 3, packs().join('\n'));
  assert.equal(git('cat-file', '-t', commit).trim(), 'commit');
  assert.equal(git('rev-list', '--count', 'refs/heads/made').trim(), '105');
  git('fsck', '--strict', '--full', '--no-dangling');
  // what was in memory of packs that are gone is no reason to fail
  const next = new PackWriter(repo, join(repo.gitDir, 'scratch'));
  const parent = repo.refs.read('refs/heads/made');
  const files = [{ path: 'a/next', mode: '100644', bytes: Buffer.from('next') }];
  const to = await next.commit({ parent, ident: IDENT, message: 'next\n', files });
  await next.write();
  await moveRefs(repo, [{ ref: 'refs/heads/made', from: parent, to }]);
  next.release();
  assert.equal(git('ls-tree', '--name-only', `${to}:a`).trim().split('\n').length, 106);
});

test('rule 1: where an object cannot be read no pack goes, and a pack that somebody marked is not touched', async (t) => {
  const { repo, packs } = await manyPacks(t, 110);
  const folder = join(repo.gitDir, 'objects/pack');
  const [marked = '', broken = ''] = packs();
  writeFileSync(join(folder, marked.replace(/pack$/, 'keep')), '');
  const bytes = readFileSync(join(folder, broken));
  chmodSync(join(folder, broken), 0o644);
  writeFileSync(
    join(folder, broken),
    Buffer.concat([bytes.subarray(0, 12), Buffer.alloc(bytes.length - 32, 7), bytes.subarray(-20)]),
  );
  const all = packs();
  const upkeep = () => new PackUpkeep(repo, openLog('silent'), new AbortController().signal);
  await upkeep().last();
  assert.deepEqual(
    all.filter((name) => !packs().includes(name)),
    [],
  );
  writeFileSync(join(folder, broken), bytes);
  await upkeep().last();
  assert.ok(packs().length <= 3 && packs().includes(marked), packs().join('\n'));
  execFileSync('git', ['fsck', '--strict', '--full', '--no-dangling'], { cwd: repo.root });
});

test('rule 11: what was gathered is copied again only when as much has come to it, and never too much at once', () => {
  const packs = (...objects: number[]) => objects.map((n, i) => ({ name: `${i}`, objects: n }));
  assert.deepEqual(toGather(packs(3, 3, 3, 80)), ['0', '1', '2']);
  assert.deepEqual(toGather(packs(3, 3, 3, 17, 900)), ['0', '1', '2', '3']);
  assert.deepEqual(toGather(packs(1, 2, 6, 18, 54)), []);
  const large = toGather(packs(...Array.from({ length: 500 }, () => 10_000)));
  assert.equal(large.length, 20);
});

test('few packs are left alone, and so is a repository in which git gc is at work', async (t) => {
  const { repo, packs } = await manyPacks(t, 105);
  writeFileSync(join(repo.gitDir, 'gc.pid'), '1 here\n');
  const upkeep = new PackUpkeep(repo, openLog('silent'), new AbortController().signal);
  await upkeep.last();
  assert.equal(packs().length, 105);
  const few = await manyPacks(t, 20);
  await new PackUpkeep(few.repo, openLog('silent'), new AbortController().signal).last();
  assert.equal(few.packs().length, 20);
});

test.run();
