import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { locateStation } from '../../src/station/locate.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { commitAll, git, stationAt, write } from './stations.ts';

const test = suite('station/locate', { needs: ['git'] });

const none = (e: unknown) => e instanceof WaybillError && e.code === 'NO_STATION';

/** Sets variables for one test. */
function environment(t: TestContext, variables: Record<string, string | undefined>): void {
  const names = ['WAYBILL_STATION', 'LUKA_SOT'];
  const before = names.map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const name of names) set(name, variables[name]);
  t.defer(() => {
    for (const [name, value] of before) set(name, value);
  });
}

async function station(t: TestContext): Promise<string> {
  const root = t.tempDir();
  await stationAt(root);
  return root;
}

test('station: named, else $WAYBILL_STATION, else $LUKA_SOT, else the nearest parent', async (t) => {
  const [a, b, c, d] = [await station(t), await station(t), await station(t), await station(t)];
  mkdirSync(join(d, 'x/y'), { recursive: true });
  environment(t, { WAYBILL_STATION: b, LUKA_SOT: c });
  assert.equal(await locateStation(a, join(d, 'x/y')), a);
  assert.equal(await locateStation(undefined, join(d, 'x/y')), b);
  environment(t, { WAYBILL_STATION: '', LUKA_SOT: c });
  assert.equal(await locateStation(undefined, join(d, 'x/y')), c);
  environment(t, {});
  assert.equal(await locateStation(undefined, join(d, 'x/y')), d);
  assert.equal(await locateStation(undefined, d), d);
});

test('station: a name may be relative, or begin with the home folder', async (t) => {
  environment(t, {});
  const root = await station(t);
  assert.equal(await locateStation('..', join(root, 'bridge')), root);
  assert.equal(await locateStation('bridge/..', root), root);
  await assert.rejects(locateStation('~/nowhere-at-all', root), none);
});

test('rule 10: a folder that is no station, or does not exist, is NO_STATION with what to do', async (t) => {
  environment(t, {});
  const folder = t.tempDir();
  await assert.rejects(locateStation(undefined, folder), none);
  await assert.rejects(locateStation(join(folder, 'never'), '/'), none);
  await assert.rejects(
    locateStation(folder, '/'),
    (e: unknown) => none(e) && (e as WaybillError).hint.includes(`waybill init ${folder}`),
  );
});

test('station: a named folder is taken at its word: one below the station is none', async (t) => {
  environment(t, {});
  const root = await station(t);
  await assert.rejects(locateStation(join(root, 'bridge'), '/'), none);
});

test('station: from a linked work tree it is the one that owns the repository, committed settings or not', async (t) => {
  environment(t, {});
  for (const committed of [true, false]) {
    const root = t.tempDir();
    git(root, 'init', '-q');
    write(root, 'README.md', 'x');
    commitAll(root);
    await stationAt(root);
    if (committed) commitAll(root);
    const linked = join(t.tempDir(), 'linked');
    git(root, 'worktree', 'add', '-q', linked);
    mkdirSync(join(linked, 'deep'));
    assert.equal(await locateStation(undefined, join(linked, 'deep')), root, `committed: ${committed}`);
    if (committed) assert.equal(await locateStation(linked, '/'), root);
  }
});

test('station: a linked work tree that lies in another station still belongs to its own', async (t) => {
  environment(t, {});
  const root = await station(t);
  commitAll(root);
  const around = await station(t);
  git(root, 'worktree', 'add', '-q', join(around, 'wt'));
  assert.equal(await locateStation(undefined, join(around, 'wt')), root);
});

test('station: the nearest of two wins, and a repository inside is part of the station around it', async (t) => {
  environment(t, {});
  const outer = await station(t);
  mkdirSync(join(outer, 'vendor/lib/src'), { recursive: true });
  git(join(outer, 'vendor/lib'), 'init', '-q');
  assert.equal(await locateStation(undefined, join(outer, 'vendor/lib/src')), outer);
  await stationAt(join(outer, 'vendor/lib'));
  assert.equal(await locateStation(undefined, join(outer, 'vendor/lib/src')), join(outer, 'vendor/lib'));
});

test('station: reached through a link it is still found', async (t) => {
  environment(t, {});
  const root = await station(t);
  const link = join(t.tempDir(), 'link');
  symlinkSync(root, link);
  assert.equal(await locateStation(link, '/'), link);
  assert.equal(await locateStation(undefined, link), link);
});

test.run();
