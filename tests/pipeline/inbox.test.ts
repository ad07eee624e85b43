import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { CLI, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Whatever lies in an inbox, and whatever is done to its folders: the rest goes on (rules 2, 6 and 10). */

const test = suite('inbox', { timeoutMs: 250_000 });

const order = (woId: string) => ({ wo_id: woId, title: woId, files: [{ path: `out/${woId}`, content: woId }] });
const isDone = (s: TestStation, woId: string) => s.exists(`out/${woId}`);
const TWO_LANES = 'intake: {scan_seconds: 1}\nlanes: {MAIN: {}, CLC: {}}\n';

test('a lane that is deleted, replaced, or appears while the station runs is watched again (rule 6)', async (t) => {
  const s = testStation(t, { settings: TWO_LANES });
  await s.up(t);
  s.drop(order('WO-1'), 'CLC');
  await until(() => isDone(s, 'WO-1'), 'an order in the lane');
  rmSync(s.path('bridge/inbox/CLC'), { recursive: true });
  await until(() => s.exists('bridge/inbox/CLC'), 'a lane of settings is made again');
  s.drop(order('WO-2'), 'CLC');
  await until(() => isDone(s, 'WO-2'), 'an order in the lane that was deleted');
  renameSync(s.path('bridge/inbox/CLC'), s.path('bridge/old-lane'));
  mkdirSync(s.path('bridge/inbox/CLC'), { recursive: true });
  s.drop(order('WO-3'), 'CLC');
  await until(() => isDone(s, 'WO-3'), 'an order in the lane that was replaced');
  s.drop(order('WO-4'), 'BRAND-NEW');
  await until(() => s.exists('bridge/outbox/BRAND-NEW/WO-4.result.json'), 'an order in a lane that appeared');
  assert.equal(s.state('WO-4').lane, 'BRAND-NEW');
  rmSync(s.path('bridge/inbox'), { recursive: true });
  await until(() => s.exists('bridge/inbox/MAIN'), 'the whole inbox is made again');
  s.drop(order('WO-5'));
  await until(() => isDone(s, 'WO-5'), 'an order in an inbox that was deleted');
});

test('a lane that is a link counts only where settings name it, also on another file system (rule 9)', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, FAR: {}}\n' });
  const far = otherFileSystem(t);
  mkdirSync(join(far, 'unnamed'));
  mkdirSync(join(far, 'named/WO-BUNDLE'), { recursive: true });
  rmSync(s.path('bridge/inbox/FAR'), { recursive: true, force: true });
  symlinkSync(join(far, 'named'), s.path('bridge/inbox/FAR'));
  symlinkSync(join(far, 'unnamed'), s.path('bridge/inbox/SNEAKY'));
  s.drop(order('WO-FAR'), 'FAR');
  s.write('bridge/inbox/FAR/WO-BUNDLE/WO-BUNDLE.json', JSON.stringify(order('WO-BUNDLE')));
  s.write('bridge/inbox/FAR/WO-BUNDLE/sub/note.txt', 'note');
  s.drop(order('WO-SNEAKY'), 'SNEAKY');
  s.drain();
  assert.equal(s.result('WO-FAR', 'FAR').status, 'done');
  assert.equal(s.result('WO-BUNDLE', 'FAR').status, 'done');
  assert.equal(s.read('state/evidence/WO-BUNDLE/request/sub/note.txt'), 'note');
  assert.ok(existsSync(join(far, 'unnamed/WO-SNEAKY.json')), 'what lies behind the link stays');
  assert.deepEqual(s.names('bridge/inbox/FAR'), []);
});

function otherFileSystem(t: TestContext): string {
  let folder: string;
  try {
    folder = realpathSync(mkdtempSync('/dev/shm/waybill-test-'));
  } catch {
    return t.tempDir(); // no second file system here
  }
  t.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('pipes, sockets, devices, links and folders are refused in place, once, and never opened; the rest goes on', async (t) => {
  const s = testStation(t);
  const lane = s.path('bridge/inbox/MAIN');
  execFileSync('mkfifo', [join(lane, 'pipe.json')]);
  symlinkSync('/etc/passwd', join(lane, 'link.yaml'));
  symlinkSync('nowhere', join(lane, 'dangling.yaml'));
  mkdirSync(join(lane, 'no-order'));
  s.write('bridge/inbox/MAIN/no-order/readme.md', 'no order');
  mkdirSync(join(lane, 'WO-PIPE'));
  s.write('bridge/inbox/MAIN/WO-PIPE/WO-PIPE.yaml', 'wo_id: WO-PIPE\n');
  execFileSync('mkfifo', [join(lane, 'WO-PIPE/body.md')]);
  mkdirSync(join(lane, 'empty-yet'));
  const server = createServer().listen(join(lane, 'socket.yaml'));
  t.defer(() => void server.close());
  await until(() => existsSync(join(lane, 'socket.yaml')), 'the socket is there');
  const hasDevice = spawnSync('mknod', [join(lane, 'device.yaml'), 'c', '1', '3']).status === 0;
  s.drop(order('WO-GOOD'));
  s.drain();
  s.drain();
  assert.ok(isDone(s, 'WO-GOOD'));
  const refused = s
    .rejections()
    .map((r) => `${r.file} ${r.error?.code ?? ''}`)
    .sort();
  const expected = ['WO-PIPE', 'dangling.yaml', 'link.yaml', 'no-order', 'pipe.json', 'socket.yaml'];
  if (hasDevice) expected.push('device.yaml');
  assert.deepEqual(
    refused,
    expected.sort().map((name) => `${name} NOT_A_FILE`),
  );
  for (const name of expected) assert.ok(s.names('bridge/inbox/MAIN').includes(name), `${name} stays where it is`);
  // a folder that becomes a bundle is taken after all
  rmSync(join(lane, 'WO-PIPE/body.md'));
  s.write('bridge/inbox/MAIN/WO-PIPE/WO-PIPE.yaml', `wo_id: WO-PIPE\nfiles: [{path: out/WO-PIPE, content: x}]\n`);
  s.write('bridge/inbox/MAIN/empty-yet/empty-yet.json', JSON.stringify(order('WO-YET')));
  s.drain();
  assert.ok(isDone(s, 'WO-PIPE'));
  assert.ok(isDone(s, 'WO-YET'));
});

test('sparse and huge files are refused by their size, unread, and stay; memory stays bounded', async (t) => {
  const s = testStation(t, { settings: 'intake: {max_order_bytes: 1048576}\n' });
  for (const [name, size] of [
    ['sparse.yaml', 20e9],
    ['sparse.json', 20e9],
    ['just-over.yaml', 1_048_577],
  ] as const) {
    s.write(`bridge/inbox/MAIN/${name}`, 'wo_id: WO-SPARSE\n');
    truncateSync(s.path('bridge/inbox/MAIN', name), size);
  }
  s.write('bridge/inbox/MAIN/bundle/bundle.yaml', 'wo_id: WO-BUNDLE\n');
  s.write('bridge/inbox/MAIN/bundle/body.md', 'x');
  truncateSync(s.path('bridge/inbox/MAIN/bundle/body.md'), 20e9);
  const { pid } = await s.up(t);
  s.drop(order('WO-GOOD'));
  await until(() => isDone(s, 'WO-GOOD') && s.rejections().length === 4, 'all are answered');
  assert.deepEqual(
    s
      .rejections()
      .map((r) => `${r.file} ${r.error?.code ?? ''}`)
      .sort(),
    ['bundle TOO_LARGE', 'just-over.yaml TOO_LARGE', 'sparse.json TOO_LARGE', 'sparse.yaml TOO_LARGE'],
  );
  assert.equal(statSync(s.path('bridge/inbox/MAIN/sparse.yaml')).size, 20e9);
  if (process.platform === 'linux') {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    assert.ok(Number(peak) < 600_000, `${peak} kB`);
  }
});

test('a lane or a file that the station may not read never stops the others; the tracker names the lane', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, CLC: {}, LOCKED: {}}\n' });
  s.drop(order('WO-LOCKED'), 'LOCKED');
  s.drop(order('WO-SECRET'), 'CLC');
  s.drop(order('WO-GOOD'));
  chmodSync(s.path('bridge/inbox/CLC/WO-SECRET.json'), 0o000);
  chmodSync(s.path('bridge/inbox/LOCKED'), 0o000);
  t.defer(() => chmodSync(s.path('bridge/inbox/LOCKED'), 0o755));
  drainUnprivileged(t, s);
  assert.ok(isDone(s, 'WO-GOOD'));
  assert.deepEqual(
    s.rejections('CLC').map((r) => `${r.file} ${r.error?.code ?? ''}`),
    ['WO-SECRET.json UNCLAIMABLE'],
  );
  const { lanes } = JSON.parse(s.read('state/followup.json')) as { lanes: { lane: string; readable: boolean }[] };
  assert.deepEqual(
    lanes.map((l) => [l.lane, l.readable]),
    [
      ['CLC', true],
      ['LOCKED', false],
      ['MAIN', true],
    ],
  );
  // mended, it is taken
  chmodSync(s.path('bridge/inbox/CLC/WO-SECRET.json'), 0o644);
  chmodSync(s.path('bridge/inbox/LOCKED'), 0o755);
  drainUnprivileged(t, s);
  assert.ok(isDone(s, 'WO-SECRET') && isDone(s, 'WO-LOCKED'));
});

/** Permissions mean nothing to root, under which containers run tests: then the station runs as another user. */
function drainUnprivileged(t: TestContext, s: TestStation): void {
  if (process.getuid?.() !== 0) {
    s.drain();
    return;
  }
  const home = t.tempDir();
  execFileSync('chown', ['-R', '65534:65534', s.root, home]);
  for (let folder = s.root; folder !== '/'; folder = join(folder, '..')) spawnSync('chmod', ['a+x', folder]);
  // twice: what was refused is not refused again
  for (let starts = 0; starts < 2; starts++) {
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'up', '--drain'], {
      cwd: s.root,
      uid: 65534,
      gid: 65534,
      env: { PATH: process.env['PATH'], HOME: home },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  }
  execFileSync('chown', ['-R', '0:0', s.root]);
}

test('a bundle that is written to after its claim is caught before the first effect (rule 2)', (t) => {
  const s = testStation(t);
  s.write('bridge/inbox/MAIN/WO-B/WO-B.json', JSON.stringify({ ...order('WO-B'), hold: true }));
  s.write('bridge/inbox/MAIN/WO-B/note.txt', 'note');
  s.drain();
  const claim = s.names('.git/waybill/claimed')[0] ?? '';
  appendFileSync(s.path('.git/waybill/claimed', claim, 'MAIN@WO-B/note.txt'), ' and more');
  s.waybill('release', 'WO-B');
  s.drain();
  assert.equal(s.state('WO-B').last_error?.code, 'CHANGED_AFTER_CLAIM');
  assert.ok(!isDone(s, 'WO-B'));
});

test('a bundle that cannot be claimed is refused once, and a drain ends; names that are no UTF-8 are told', (t) => {
  const s = testStation(t, { settings: 'intake: {settle_ms: 20}\n' });
  s.write('bridge/inbox/MAIN/WO-1/WO-1.json', JSON.stringify(order('WO-1')));
  s.write('bridge/inbox/MAIN/WO-1/secret.txt', 'x');
  s.write('bridge/inbox/MAIN/WO-GIT/WO-GIT.json', JSON.stringify(order('WO-GIT')));
  s.write('bridge/inbox/MAIN/WO-GIT/.git/HEAD', 'ref: refs/heads/main');
  const odd = Buffer.concat([Buffer.from(s.path('bridge/inbox/MAIN/bad-')), Buffer.from([0xff]), Buffer.from('.yaml')]);
  writeFileSync(odd, 'wo_id: WO-ODD\n');
  chmodSync(s.path('bridge/inbox/MAIN/WO-1/secret.txt'), 0o000);
  drainUnprivileged(t, s);
  assert.deepEqual(
    s
      .rejections()
      .map((r) => `${r.file} ${r.error?.code ?? ''}`)
      .sort(),
    ['WO-1 UNCLAIMABLE', 'WO-GIT NOT_A_FILE', 'bad-\ufffd.yaml UNCLAIMABLE'],
  );
  assert.ok(s.exists('bridge/inbox/MAIN/WO-1/WO-1.json') && s.exists('bridge/inbox/MAIN/WO-GIT/.git/HEAD'));
});

test('what a writer adds after its file was claimed and carried out is kept, and told (rule 1)', (t) => {
  const s = testStation(t);
  s.drop(order('WO-W'));
  // while the order is under way, its author still has the file open
  const late = `for f in .git/waybill/claimed/*/MAIN@WO-W.json; do echo " and more" >> "$f"; done`;
  s.drainKilledAt(10_000, { at: 'landing 6: refs committed', command: late });
  assert.ok(isDone(s, 'WO-W'));
  const [kept = ''] = s.kept();
  assert.match(kept, /^claim-[0-9A-Z]{26}$/);
  assert.match(s.waybill('keep', 'show', kept, 'MAIN/WO-W.json').stdout, / and more\n$/);
  assert.deepEqual(s.names('.git/waybill/late'), []);
  assert.equal(s.telemetry().filter((line) => line.event === 'wo_written_late').length, 1);
});

test('a thousand files that wait at the start, in two lanes, are each taken once', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, CLC: {}}\n' });
  for (let n = 0; n < 1000; n++) {
    const woId = `WO-${String(n).padStart(5, '0')}`;
    s.drop({ wo_id: woId, type: 'ping' }, n % 2 === 0 ? 'MAIN' : 'CLC');
  }
  s.drain();
  assert.equal(s.names('bridge/outbox/MAIN').length + s.names('bridge/outbox/CLC').length, 1000);
  assert.deepEqual([...s.names('bridge/inbox/MAIN'), ...s.names('bridge/inbox/CLC')], []);
  assert.equal(s.telemetry().filter((line) => line.event === 'wo_completed').length, 1000);
  assert.deepEqual(s.rejections(), []);
  assert.deepEqual(s.leftovers(), []);
});

test.run();
