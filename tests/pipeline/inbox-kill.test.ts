import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Claims of every kind under a real SIGKILL (rules 1 and 3). */

const test = suite('kills of claims', { timeoutMs: 250_000 });

const order = (woId: string) => ({ wo_id: woId, title: woId, files: [{ path: `out/${woId}`, content: woId }] });

test('an order, a bundle and a file that a rule names, killed at every tenth step, end once and leave nothing (rules 1 and 3)', (t) => {
  const settings =
    'intake: {settle_ms: 20}\nlanes: {MAIN: {take: [{match: "*.patch", order: {actions: [{action: patch, patch: "{content}"}]}}]}}\n';
  const prepared = () => {
    const s = testStation(t, { settings, files: { p: '1\n' } });
    s.write('bridge/inbox/MAIN/WO-B/WO-B.json', JSON.stringify(order('WO-B')));
    s.write('bridge/inbox/MAIN/WO-B/note.txt', 'note');
    s.write('bridge/inbox/MAIN/fix.patch', '--- a/p\n+++ b/p\n@@ -1 +1 @@\n-1\n+2\n');
    s.write('bridge/inbox/MAIN/bad/bad.yaml', 'wo_id: [\n');
    return s;
  };
  const { steps } = prepared().drainKilledAt(10_000);
  // every tenth step, begun by chance: npm test has to stay short
  for (let n = 1 + Math.floor(Math.random() * 10); n <= steps.length; n += 10) {
    const s = prepared();
    assert.ok(s.drainKilledAt(n).killed);
    s.drain();
    const where = `killed at step ${n}, ${steps[n - 1]}`;
    assert.equal(s.result('WO-B').status, 'done', where);
    assert.equal(s.commitsOf('WO-B').length, 1, where);
    assert.equal(s.read('p'), '2\n', where);
    assert.equal(s.git('rev-list', '--count', 'HEAD'), '3', where);
    assert.equal(s.rejections().length, 1, where);
    assert.equal(s.read('state/evidence/WO-B/request/note.txt'), 'note', where);
    assert.equal(s.waybill('verify').code, 0, where);
    assert.deepEqual(s.leftovers(), [], where);
  }
});

test('a copy across file systems that was cut short is no claim, also when its folder is gone at the next start', (t) => {
  let far: string;
  try {
    far = realpathSync(mkdtempSync('/dev/shm/waybill-test-'));
  } catch {
    return; // no second file system here
  }
  t.defer(() => rmSync(far, { recursive: true, force: true }));
  const s = testStation(t, { settings: 'intake: {settle_ms: 20}\nlanes: {MAIN: {}, FAR: {}}\n' });
  mkdirSync(join(far, 'lane'));
  rmSync(s.path('bridge/inbox/FAR'), { recursive: true, force: true });
  symlinkSync(join(far, 'lane'), s.path('bridge/inbox/FAR'));
  const files = 300;
  s.write('bridge/inbox/FAR/WO-FAR/WO-FAR.json', JSON.stringify(order('WO-FAR')));
  for (let n = 0; n < files; n++) s.write(`bridge/inbox/FAR/WO-FAR/part-${n}`, `${n}`);
  // killed while it copies: as soon as the first parts are there
  const script = `${JSON.stringify(process.execPath)} ${JSON.stringify(CLI)} up --drain & p=$!; while [ "$(ls .git/waybill/claimed/.*/FAR@WO-FAR 2>/dev/null | wc -l)" -lt 5 ] && kill -0 $p 2>/dev/null; do :; done; kill -9 $p`;
  spawnSync('sh', ['-c', script], { cwd: s.root });
  if (!existsSync(join(far, 'lane/WO-FAR'))) {
    renameSync(join(far, 'lane'), join(far, 'unmounted'));
    s.drain();
    assert.ok(!s.exists('out/WO-FAR'), 'half of a bundle is nothing');
    renameSync(join(far, 'unmounted'), join(far, 'lane'));
  }
  s.drain();
  assert.equal(s.result('WO-FAR', 'FAR').status, 'done');
  assert.equal(s.names('state/evidence/WO-FAR/request').length, files);
  assert.deepEqual(s.rejections('FAR'), []);
  assert.deepEqual(s.leftovers(), []);
});

test.run();
