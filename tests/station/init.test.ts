import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { loadPolicy } from '../../src/policy/policy.ts';
import { initStation, openStation, prepareStation } from '../../src/station/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { commitAll, git, stationAt, write } from './stations.ts';

const test = suite('station/init', { needs: ['git'] });

const code =
  (expected: string, message = /./) =>
  (e: unknown) =>
    e instanceof WaybillError && e.code === expected && message.test(e.message);
const status = (root: string) =>
  git(root, 'status', '--porcelain', '--untracked-files=all').split('\n').filter(Boolean);

function repository(t: TestContext): string {
  const root = t.tempDir();
  git(root, 'init', '-q');
  write(root, 'README.md', 'hi\n');
  commitAll(root);
  return root;
}

/** Everything Waybill may write, written. */
function fillOwnPaths(root: string): void {
  for (const path of [
    'bridge/inbox/MAIN/a.yaml',
    'bridge/outbox/MAIN/a.json',
    'bridge/quarantine/MAIN/x',
    'state/orders/WO-1.json',
    'state/archive/2026/01/01/x',
    'state/evidence/WO-1/plan.json',
    'state/telemetry/unified.jsonl',
    'state/telemetry/unified.2026-11-20.1.jsonl',
    'state/followup.json',
    'logs/guardrail_alerts.log',
  ])
    write(root, path, 'x');
}

test('init: an empty or missing folder becomes a repository and a station', async (t) => {
  const root = join(t.tempDir(), 'new', 'My Station!');
  const { station, created } = await initStation(root, 'default');
  assert.deepEqual(created, ['.git', 'waybill.yaml', 'policy.yaml', 'bridge/inbox/MAIN/', 'bridge/README.md']);
  assert.match(station.id, /^my-station-[a-z0-9]{4}$/);
  for (const path of [
    '.git/waybill/ledger',
    '.git/waybill/claimed',
    '.git/waybill/commands',
    '.git/waybill/tmp',
    '.git/waybill/station.json',
    'bridge/outbox/MAIN',
  ])
    assert.ok(existsSync(join(root, path)), path);
  assert.match(readFileSync(join(root, 'bridge/README.md'), 'utf8'), /bridge\/inbox\/MAIN/);
  assert.deepEqual(status(root), ['?? bridge/README.md', '?? policy.yaml', '?? waybill.yaml']);
});

test('init: an existing repository keeps its files, its settings and its clean status', async (t) => {
  const root = repository(t);
  write(root, 'waybill.yaml', 'lanes: {CLC: {}}\n');
  await assert.rejects(initStation(root, '02luka'), code('SETTINGS_INVALID', /preset 02luka/));
  assert.equal(readFileSync(join(root, 'waybill.yaml'), 'utf8'), 'lanes: {CLC: {}}\n');
  const { station, created } = await initStation(root, 'default');
  assert.deepEqual(created, ['policy.yaml', 'bridge/inbox/CLC/', 'bridge/README.md']);
  assert.equal(station.settings.defaultLane, 'CLC');
  commitAll(root);
  fillOwnPaths(root);
  assert.deepEqual(status(root), []);
  git(root, 'checkout', '-q', '--orphan', 'other');
  assert.ok(!status(root).some((line) => line.includes('state/')), 'also on a branch without ignore files');
});

test('init: again it changes nothing, and the id stays', async (t) => {
  const root = repository(t);
  const first = await stationAt(root);
  const exclude = readFileSync(join(root, '.git/info/exclude'), 'utf8');
  writeFileSync(join(root, 'bridge/README.md'), 'our own words\n');
  writeFileSync(join(root, 'policy.yaml'), 'version: 1\nroots: [../ours]\n');
  const { station, created } = await initStation(root, 'default');
  assert.deepEqual([station.id, created], [first.id, []]);
  assert.equal(readFileSync(join(root, '.git/info/exclude'), 'utf8'), exclude);
  assert.equal(readFileSync(join(root, 'bridge/README.md'), 'utf8'), 'our own words\n');
  assert.equal(readFileSync(join(root, 'policy.yaml'), 'utf8'), 'version: 1\nroots: [../ours]\n');
  assert.equal((await openStation(root)).id, first.id);
});

test('init: a fresh clone, which has settings only, is prepared when it starts', async (t) => {
  const [origin, clone] = [repository(t), join(t.tempDir(), 'clone')];
  const first = await stationAt(origin);
  commitAll(origin);
  git(origin, 'clone', '-q', origin, clone);
  await assert.rejects(openStation(clone), code('NO_STATION', /never started/));
  const { station } = await prepareStation(clone);
  assert.notEqual(station.id, first.id);
});

test('rule 7: a first start writes the policy that asks; one that goes away later is not written anew', async (t) => {
  const root = repository(t);
  write(root, 'waybill.yaml', 'lanes: {CLC: {}}\n');
  assert.ok((await prepareStation(root)).created.includes('policy.yaml'));
  const { rules, defaults } = loadPolicy(root);
  assert.deepEqual([rules, defaults.commands], [[], 'ask']);
  rmSync(join(root, 'policy.yaml'));
  await prepareStation(root);
  assert.ok(!existsSync(join(root, 'policy.yaml')));
});

test('init: a linked work tree is no second station', async (t) => {
  const root = repository(t);
  const linked = join(t.tempDir(), 'linked');
  git(root, 'worktree', 'add', '-q', linked);
  await assert.rejects(initStation(linked, 'default'), code('REPO_UNSUPPORTED', /linked work tree/));
  assert.equal(existsSync(join(linked, 'waybill.yaml')), false);
});

test('init: a submodule is a repository of its own, and can be a station', async (t) => {
  const [library, root] = [repository(t), repository(t)];
  git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib');
  commitAll(root);
  const station = await stationAt(join(root, 'lib'));
  assert.equal(station.layout.gitDir, join(root, '.git/modules/lib'));
  commitAll(join(root, 'lib'));
  fillOwnPaths(join(root, 'lib'));
  assert.deepEqual(status(join(root, 'lib')), []);
});

test('rule 7: a folder inside a repository is refused, and nothing is written there', async (t) => {
  const root = repository(t);
  mkdirSync(join(root, 'sub'));
  await assert.rejects(initStation(join(root, 'sub'), 'default'), code('REPO_UNSUPPORTED', /not the root/));
  assert.deepEqual(readdirSync(join(root, 'sub')), []);
});

test('rule 7: an unknown preset is refused before anything is made', async (t) => {
  const root = join(t.tempDir(), 'x');
  await assert.rejects(initStation(root, 'nope'), code('UNKNOWN_PRESET'));
  assert.equal(existsSync(root), false);
});

test('rule 7: repositories that cannot be written safely are refused and left as they are', async (t) => {
  const cases: Record<string, (root: string) => void> = {
    'a bare repository': (root) => void git(root, 'init', '-q', '--bare'),
    'SHA-256 objects': (root) => void git(root, 'init', '-q', '--object-format=sha256'),
    'a sparse checkout': (root) => {
      git(root, 'init', '-q');
      git(root, 'config', 'core.sparseCheckout', 'true');
    },
    'a split index': (root) => {
      git(root, 'init', '-q');
      git(root, 'config', 'core.splitIndex', 'true');
    },
    'another ref storage': (root) => {
      git(root, 'init', '-q');
      git(root, 'config', 'extensions.refStorage', 'reftable');
    },
  };
  for (const [what, make] of Object.entries(cases)) {
    const root = t.tempDir();
    make(root);
    const before = readdirSync(root);
    const failure = await initStation(root, 'default').then(
      () => null,
      (e: unknown) => e,
    );
    // git itself cannot open a ref storage it does not know
    const codes = what === 'another ref storage' ? ['REPO_UNSUPPORTED', 'GIT_FAILED'] : ['REPO_UNSUPPORTED'];
    assert.ok(failure instanceof WaybillError && codes.includes(failure.code), `${what}: ${String(failure)}`);
    assert.deepEqual(readdirSync(root), before, what);
  }
});

test("exclude: others' lines stay byte for byte, wherever they stand", async (t) => {
  const root = repository(t);
  const file = join(root, '.git/info/exclude');
  const foreign = Buffer.concat([
    Buffer.from('# mine\n*.o\n'),
    Buffer.from([0xe9, 0xff, 0x0a]),
    Buffer.from('no newline at the end'),
  ]);
  writeFileSync(file, foreign);
  await stationAt(root);
  const once = readFileSync(file);
  assert.deepEqual(once.subarray(0, foreign.length), foreign);
  writeFileSync(file, Buffer.concat([once, Buffer.from('after\n')]));
  write(root, 'waybill.yaml', 'paths: {state: été/state}\n');
  await prepareStation(root);
  const twice = readFileSync(file);
  assert.deepEqual(twice.subarray(0, foreign.length), foreign);
  assert.match(twice.toString('utf8'), /\nafter\n/);
  assert.equal(twice.toString('utf8').split('waybill: begin').length, 2);
  write(root, 'été/state/WO-1.json', 'x');
  assert.ok(!status(root).some((line) => line.includes('state')));
});

test('rule 7: state that is tracked already is TRACKED_STATE, and names the file', async (t) => {
  for (const path of ['state/orders/old.json', 'bridge/inbox/MAIN/a.yaml', 'logs/guardrail_alerts.log']) {
    const root = repository(t);
    write(root, path, 'x');
    commitAll(root);
    await assert.rejects(stationAt(root), code('TRACKED_STATE', new RegExp(path)), path);
  }
  const near = repository(t);
  write(near, 'state/orders.md', 'x');
  write(near, 'bridge/notes.md', 'x');
  commitAll(near);
  await assert.doesNotReject(stationAt(near));
});

test('rule 7: an ignore file that brings state back is TRACKED_STATE', async (t) => {
  for (const [lines, path] of [
    ['!state/orders\n', 'state/orders'],
    ['*\n!*/\n!*.json\n!/bridge\n!/bridge/**\n', 'bridge/inbox'],
    ['!unified.jsonl\n', 'unified.jsonl'],
    ['!*.log\n', 'guardrail_alerts.log'],
  ] as const) {
    const root = repository(t);
    write(root, '.gitignore', lines);
    commitAll(root);
    await assert.rejects(stationAt(root), code('TRACKED_STATE', new RegExp(path)), lines);
  }
});

test('rule 10: a station file that names no station is NO_STATION', async (t) => {
  const root = repository(t);
  await stationAt(root);
  for (const text of ['{"v":1}', '{"v":1,"id":"../x"}', '[]']) {
    writeFileSync(join(root, '.git/waybill/station.json'), text);
    await assert.rejects(openStation(root), code('NO_STATION'), text);
  }
  rmSync(join(root, '.git/waybill/station.json'));
  await assert.rejects(openStation(root), code('NO_STATION', /never started/));
});

test.run();
