import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { resolveTarget } from '../../src/policy/fence.ts';
import type { Station } from '../../src/station/station.ts';
import { git, stationAt, write } from '../station/stations.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('policy/fence', { needs: ['git'] });

function denied(station: Station, path: string, why: RegExp): WaybillError {
  let error: unknown;
  assert.throws(
    () => {
      const at = resolveTarget(station, path);
      throw new Error(`${JSON.stringify(path)} was resolved to ${JSON.stringify(at)}`);
    },
    (thrown: unknown) => {
      error = thrown;
      return thrown instanceof WaybillError && thrown.code === 'PATH_DENIED' && why.test(thrown.message);
    },
  );
  return error as WaybillError;
}

/** A station in a folder of its own, so that what lies beside it is ours too. */
async function fenced(t: TestContext, settings?: string): Promise<{ station: Station; root: string; outside: string }> {
  const around = t.tempDir();
  const root = join(around, 'repo');
  const outside = join(around, 'outside');
  mkdirSync(root);
  mkdirSync(outside);
  return { station: await stationAt(root, settings), root, outside };
}

test('rule 9: paths inside are relative to the root, in whatever way they are written', async (t) => {
  const { station, root } = await fenced(t);
  for (const [raw, expected] of [
    ['a.txt', 'a.txt'],
    ['./a/./b.txt', 'a/b.txt'],
    ['a/../b.txt', 'b.txt'],
    [`../${basename(root)}/b.txt`, 'b.txt'],
    [join(root, 'x/y'), 'x/y'],
    ['..a/b', '..a/b'],
    ['...', '...'],
    ['a b/$(date)', 'a b/$(date)'],
    ['.github/x', '.github/x'],
    ['.gitignore', '.gitignore'],
    ['bridge/README.md', 'bridge/README.md'],
    ['~x/y', '~x/y'],
  ] as const)
    assert.equal(resolveTarget(station, raw), expected, raw);
});

test('rule 9: traversal, absolute and home paths lead outside and are refused, with the root to allow', async (t) => {
  const { station } = await fenced(t);
  for (const raw of [
    '../x',
    'a/../../x',
    '../outside/x',
    '/etc/passwd',
    '/x',
    '~/x',
    '../../../../../../etc/passwd',
    '../repo2/x',
  ])
    denied(station, raw, /outside the station/);
  assert.match(denied(station, '../outside/deep/x', /outside/).hint, /roots: \["\.\.\/outside\/deep"\]/);
});

test('rule 9: a path that can be no file is refused', async (t) => {
  const { station, root } = await fenced(t);
  write(root, 'file', 'x');
  denied(station, 'a\0b', /NUL/);
  for (const raw of ['a/', '.', '..', './', 'a/..', 'a/.', '', '~', `../${basename(root)}`, root])
    denied(station, raw, /folder|outside/);
  denied(station, 'file/below', /file is a file, not a folder/);
  denied(station, 'file/deeper/below', /is a file, not a folder/);
});

test('rule 9: parents that are links are followed: out is refused, inside is named as it is', async (t) => {
  const { station, root, outside } = await fenced(t);
  mkdirSync(join(root, 'real'));
  symlinkSync('real', join(root, 'inner'));
  symlinkSync(outside, join(root, 'outer'));
  symlinkSync('/nowhere/at/all', join(root, 'dangling'));
  symlinkSync('.git', join(root, 'sneaky'));
  symlinkSync('state', join(root, 'records'));
  assert.equal(resolveTarget(station, 'inner/a/b'), 'real/a/b');
  denied(station, 'outer/x', /outside/);
  denied(station, 'outer/new/folder/x', /outside/);
  assert.equal(resolveTarget(station, 'outer/../x'), 'x', 'as written, and so it is used');
  denied(station, 'dangling/x', /nowhere/);
  denied(station, 'sneaky/hooks/x', /git's own/);
  mkdirSync(join(root, 'state'), { recursive: true });
  denied(station, 'records/orders/x', /Waybill's own/);
});

test('rule 9: a link itself is no target, and the hint says to name what it points to', async (t) => {
  const { station, root } = await fenced(t);
  write(root, 'real.txt', 'x');
  symlinkSync('real.txt', join(root, 'link.txt'));
  symlinkSync('/nowhere', join(root, 'dangling.txt'));
  assert.match(denied(station, 'link.txt', /symbolic link to real\.txt/).hint, /points to/);
  denied(station, 'dangling.txt', /symbolic link/);
});

test("rule 9: git's own folder is closed under every spelling a disk may take for it", async (t) => {
  const { station, root } = await fenced(t);
  for (const name of [
    '.git',
    '.GIT',
    '.Git',
    '.git.',
    '.git ',
    '.git. .',
    '.g\u200cit',
    '.gi\ufefft',
    'git~1',
    'GIT~1',
    '\uff0egit',
    '.g\u00adit',
  ]) {
    denied(station, `${name}/config`, /git's own/);
    denied(station, name, /git's own/);
    denied(station, `a/${name}/hooks/x`, /git's own/);
  }
  denied(station, join(root, '.git/HEAD'), /git's own/);
  for (const fine of ['git', '.gitx/a', 'a.git/x', '.git2', 'git~2', '. git'])
    assert.equal(resolveTarget(station, fine), fine);
});

test("rule 9: git's folder is closed under another name too, where the repository keeps it there", async (t) => {
  const root = t.tempDir();
  git(root, 'init', '-q', '--separate-git-dir', join(root, 'store'));
  const station = await stationAt(root);
  denied(station, 'store/hooks/post-commit', /git's own/);
  denied(station, 'store', /git's own/);
  assert.equal(resolveTarget(station, 'stored'), 'stored');
});

test("rule 9: Waybill's own paths and settings are closed, in any case of letters", async (t) => {
  const { station } = await fenced(t);
  for (const path of [
    'bridge/inbox/MAIN/x.yaml',
    'bridge/outbox/MAIN/x',
    'bridge/quarantine/x',
    'state/orders/WO-1.json',
    'state/archive/x',
    'state/evidence/WO-1/plan.json',
    'state/telemetry/unified.jsonl',
    'state/followup.json',
    'logs/guardrail_alerts.log',
    'waybill.yaml',
    'policy.yaml',
  ]) {
    denied(station, path, /Waybill's own/);
    denied(station, path.toUpperCase(), /Waybill's own/);
    denied(station, `./x/../${path}`, /Waybill's own/);
  }
  assert.equal(resolveTarget(station, 'state/other.txt'), 'state/other.txt');
  assert.equal(resolveTarget(station, 'sub/waybill.yaml'), 'sub/waybill.yaml');
});

test('rule 9: paths that settings move stay closed where they are then', async (t) => {
  const { station } = await fenced(t, 'paths: {state: g/followup/state, inbox: in}\n');
  denied(station, 'g/followup/state/WO-1.json', /Waybill's own/);
  denied(station, 'in/MAIN/x', /Waybill's own/);
  assert.equal(resolveTarget(station, 'state/orders/x'), 'state/orders/x');
});

test('rule 9: protected paths are closed, however settings and order write them', async (t) => {
  const { station } = await fenced(t, 'fence: {protected: [secrets/, ./deploy/key.pem, "a/../b"]}\n');
  for (const path of ['secrets/x', 'secrets', 'Secrets/x', 'deploy/key.pem', 'deploy/KEY.pem', 'b/x', 'x/../secrets/y'])
    denied(station, path, /protected/);
  for (const path of ['secrets2', 'deploy/key.pem2', 'a/x']) assert.equal(resolveTarget(station, path), path);
});

test('rule 9: roots that settings open are absolute then, resolved, and no wider than they are', async (t) => {
  const around = t.tempDir();
  const root = join(around, 'repo');
  for (const folder of ['repo', 'open/sub', 'closed', 'openly']) mkdirSync(join(around, folder), { recursive: true });
  symlinkSync('open', join(around, 'alias'));
  symlinkSync(join(around, 'closed'), join(around, 'open', 'leak'));
  const station = await stationAt(root, 'fence: {roots: [../alias, "~/w"]}\n');
  const open = (rest: string) => join(around, 'open', rest);
  assert.equal(resolveTarget(station, '../open/x'), open('x'));
  assert.equal(resolveTarget(station, '../alias/sub/x'), open('sub/x'));
  assert.equal(resolveTarget(station, join(around, 'alias/new/x')), open('new/x'));
  const home = process.env['HOME'] ?? '';
  assert.equal(basename(dirname(resolveTarget(station, '~/w/x'))), 'w');
  assert.ok(home.length > 0);
  denied(station, '../openly/x', /outside/);
  denied(station, '../open/leak/x', /outside/);
  denied(station, '../open/../closed/x', /outside/);
  denied(station, '~/x', /outside/);
  denied(station, '../open/.git/config', /git's own/);
});

test('rule 9: nothing is written into a repository inside the repository', async (t) => {
  const { station, root } = await fenced(t);
  mkdirSync(join(root, 'vendor/lib/src'), { recursive: true });
  git(join(root, 'vendor/lib'), 'init', '-q');
  denied(station, 'vendor/lib/x', /vendor\/lib is another repository/);
  denied(station, 'vendor/lib/src/new/x', /another repository/);
  assert.equal(resolveTarget(station, 'vendor/x'), 'vendor/x');
  write(root, 'module/.git', 'gitdir: ../.git/modules/module\n');
  denied(station, 'module/x', /another repository/);
});

test.run();
