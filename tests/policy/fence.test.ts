import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { type Fence, fenceOf, resolveFolder, resolveTarget } from '../../src/policy/fence.ts';
import { loadPolicy } from '../../src/policy/policy.ts';
import { git, stationAt, write } from '../station/stations.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('policy/fence', { needs: ['git'] });

function denied(fence: Fence, path: string, why: RegExp): WaybillError {
  let error: unknown;
  assert.throws(
    () => {
      const at = resolveTarget(fence, path);
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
async function fenced(t: TestContext, settings?: string): Promise<{ fence: Fence; root: string; outside: string }> {
  const around = t.tempDir();
  const root = join(around, 'repo');
  const outside = join(around, 'outside');
  mkdirSync(root);
  mkdirSync(outside);
  return { fence: await fenceAt(root, settings), root, outside };
}

/** The fence of a station at `root`, with this waybill.yaml and the policy.yaml that lies there, or that init writes. */
async function fenceAt(root: string, settings?: string): Promise<Fence> {
  const station = await stationAt(root, settings);
  return fenceOf(station, loadPolicy(root));
}

test('rule 9: paths inside are relative to the root, in whatever way they are written', async (t) => {
  const { fence, root } = await fenced(t);
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
    assert.equal(resolveTarget(fence, raw), expected, raw);
});

test('rule 9: traversal, absolute and home paths lead outside and are refused, with the root to allow', async (t) => {
  const { fence } = await fenced(t);
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
    denied(fence, raw, /outside the station/);
  assert.match(denied(fence, '../outside/deep/x', /outside/).hint, /roots: \["\.\.\/outside\/deep"\]/);
});

test('rule 9: a path that can be no file is refused', async (t) => {
  const { fence, root } = await fenced(t);
  write(root, 'file', 'x');
  denied(fence, 'a\0b', /NUL/);
  for (const raw of ['a/', '.', '..', './', 'a/..', 'a/.', '', '~', `../${basename(root)}`, root])
    denied(fence, raw, /folder|outside/);
  denied(fence, 'file/below', /file is a file, not a folder/);
  denied(fence, 'file/deeper/below', /is a file, not a folder/);
});

test('rule 9: parents that are links are followed: out is refused, inside is named as it is', async (t) => {
  const { fence, root, outside } = await fenced(t);
  mkdirSync(join(root, 'real'));
  symlinkSync('real', join(root, 'inner'));
  symlinkSync(outside, join(root, 'outer'));
  symlinkSync('/nowhere/at/all', join(root, 'dangling'));
  symlinkSync('.git', join(root, 'sneaky'));
  symlinkSync('state', join(root, 'records'));
  assert.equal(resolveTarget(fence, 'inner/a/b'), 'real/a/b');
  denied(fence, 'outer/x', /outside/);
  denied(fence, 'outer/new/folder/x', /outside/);
  assert.equal(resolveTarget(fence, 'outer/../x'), 'x', 'as written, and so it is used');
  denied(fence, 'dangling/x', /nowhere/);
  denied(fence, 'sneaky/hooks/x', /git's own/);
  mkdirSync(join(root, 'state'), { recursive: true });
  denied(fence, 'records/orders/x', /Waybill's own/);
});

test('rule 14: what shows what was done is closed to orders, under every spelling, and documents beside it are not', async (t) => {
  const { fence } = await fenced(t);
  for (const path of [
    'evidence/openclaw/jobs/JOB-NEW/result.json',
    'Evidence/OpenClaw/JOBS/JOB-NEW/packets/x.yaml',
    'evidence/openclaw/jobs',
    'terminal/TP_WO-NEW.yaml',
    'terminal/tp_wo-new.yaml/x',
    'review_packets/Review_Packet_WO-NEW_v1.0.md',
    'status/runtime_status.json',
    'status/drift_report_2026-W47.json',
    'packets/status/checkpoint_report_20261122.json',
  ])
    denied(fence, `state/artifacts/${path}`, /Waybill's own: it tells what was done/);
  denied(fence, 'state/lessons/lesson-1.json', /Waybill's own/);
  for (const path of ['evidence/openclaw/notes.md', 'terminal/notes.md', 'status/plan.md', 'status/runtime_status.md'])
    assert.equal(resolveTarget(fence, `state/artifacts/${path}`), `state/artifacts/${path}`);
  assert.equal(resolveTarget(fence, 'state/lessons/lesson-1.md'), 'state/lessons/lesson-1.md');
});

test('rule 9: a link itself is no target, and the hint says to name what it points to', async (t) => {
  const { fence, root } = await fenced(t);
  write(root, 'real.txt', 'x');
  symlinkSync('real.txt', join(root, 'link.txt'));
  symlinkSync('/nowhere', join(root, 'dangling.txt'));
  assert.match(denied(fence, 'link.txt', /symbolic link to real\.txt/).hint, /points to/);
  denied(fence, 'dangling.txt', /symbolic link/);
});

test("rule 9: git's own folder is closed under every spelling a disk may take for it", async (t) => {
  const { fence, root } = await fenced(t);
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
    denied(fence, `${name}/config`, /git's own/);
    denied(fence, name, /git's own/);
    denied(fence, `a/${name}/hooks/x`, /git's own/);
  }
  denied(fence, join(root, '.git/HEAD'), /git's own/);
  for (const fine of ['git', '.gitx/a', 'a.git/x', '.git2', 'git~2', '. git'])
    assert.equal(resolveTarget(fence, fine), fine);
});

test("rule 9: git's folder is closed under another name too, where the repository keeps it there", async (t) => {
  const root = t.tempDir();
  git(root, 'init', '-q', '--separate-git-dir', join(root, 'store'));
  const fence = await fenceAt(root);
  denied(fence, 'store/hooks/post-commit', /git's own/);
  denied(fence, 'store', /git's own/);
  assert.equal(resolveTarget(fence, 'stored'), 'stored');
});

test("rule 9: Waybill's own paths and settings are closed, in any case of letters", async (t) => {
  const { fence } = await fenced(t);
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
    'agents/builder/agent.yaml',
    'agents/anybody/prompt.md',
    'agents/builder/prompt-short.md',
    'agents/chains/short.yaml',
    'agents/chains/deep/x',
    'agents/chains',
  ]) {
    denied(fence, path, /Waybill's own/);
    denied(fence, path.toUpperCase(), /Waybill's own/);
    denied(fence, `./x/../${path}`, /Waybill's own/);
  }
  assert.equal(resolveTarget(fence, 'state/other.txt'), 'state/other.txt');
  assert.equal(resolveTarget(fence, 'sub/waybill.yaml'), 'sub/waybill.yaml');
  // other repositories have such folders too, for code
  for (const path of [
    'agents/README.md',
    'agents/planner/main.py',
    'sub/agents/builder/agent.yaml',
    'agents/agent.yaml',
  ])
    assert.equal(resolveTarget(fence, path), path);
});

test('rule 9: paths that settings move stay closed where they are then', async (t) => {
  const { fence } = await fenced(t, 'paths: {state: g/followup/state, inbox: in}\n');
  denied(fence, 'g/followup/state/WO-1.json', /Waybill's own/);
  denied(fence, 'in/MAIN/x', /Waybill's own/);
  assert.equal(resolveTarget(fence, 'state/orders/x'), 'state/orders/x');
});

test('rule 9: a command runs in the root, below it or in a root that policy opens, and nowhere else', async (t) => {
  const around = t.tempDir();
  const root = join(around, 'repo');
  for (const folder of ['repo/sub', 'open/deep', 'closed']) mkdirSync(join(around, folder), { recursive: true });
  symlinkSync('../open', join(root, 'out'));
  symlinkSync('../closed', join(root, 'leak'));
  write(root, 'policy.yaml', 'version: 1\nroots: [../open]\n');
  write(root, 'file', 'x');
  const fence = await fenceAt(root);
  assert.equal(resolveFolder(fence, '.'), root);
  assert.equal(resolveFolder(fence, 'sub/../sub'), join(root, 'sub'));
  assert.equal(resolveFolder(fence, 'out/deep'), join(around, 'open/deep'));
  for (const raw of ['..', '../closed', 'leak', '/', '.git', '.git/hooks', 'file', 'missing', '../repo2'])
    assert.throws(
      () => resolveFolder(fence, raw),
      (e: unknown) => e instanceof WaybillError && e.code === 'PATH_DENIED',
      raw,
    );
});

test('rule 9: roots that policy opens are absolute then, resolved, and no wider than they are', async (t) => {
  const around = t.tempDir();
  const root = join(around, 'repo');
  for (const folder of ['repo', 'open/sub', 'closed', 'openly']) mkdirSync(join(around, folder), { recursive: true });
  symlinkSync('open', join(around, 'alias'));
  symlinkSync(join(around, 'closed'), join(around, 'open', 'leak'));
  write(root, 'policy.yaml', 'version: 1\nroots: [../alias, "~/w"]\n');
  const fence = await fenceAt(root);
  const open = (rest: string) => join(around, 'open', rest);
  assert.equal(resolveTarget(fence, '../open/x'), open('x'));
  assert.equal(resolveTarget(fence, '../alias/sub/x'), open('sub/x'));
  assert.equal(resolveTarget(fence, join(around, 'alias/new/x')), open('new/x'));
  const home = process.env['HOME'] ?? '';
  assert.equal(basename(dirname(resolveTarget(fence, '~/w/x'))), 'w');
  assert.ok(home.length > 0);
  denied(fence, '../openly/x', /outside/);
  denied(fence, '../open/leak/x', /outside/);
  denied(fence, '../open/../closed/x', /outside/);
  denied(fence, '~/x', /outside/);
  denied(fence, '../open/.git/config', /git's own/);
});

test('rule 9: nothing is written into a repository inside the repository', async (t) => {
  const { fence, root } = await fenced(t);
  mkdirSync(join(root, 'vendor/lib/src'), { recursive: true });
  git(join(root, 'vendor/lib'), 'init', '-q');
  denied(fence, 'vendor/lib/x', /vendor\/lib is another repository/);
  denied(fence, 'vendor/lib/src/new/x', /another repository/);
  assert.equal(resolveTarget(fence, 'vendor/x'), 'vendor/x');
  write(root, 'module/.git', 'gitdir: ../.git/modules/module\n');
  denied(fence, 'module/x', /another repository/);
});

test.run();
