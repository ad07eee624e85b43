import { execFileSync, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  backUp,
  bareRepository,
  carryOut,
  idOf,
  journalOf,
  refsIn,
  refusal,
  renameStation,
} from '../support/backups.ts';
import { CLI, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 1, "nothing is lost", beyond the disk: what `waybill backup` says has arrived is there, and what was there before is never made worse. */

const test = suite('waybill backup to a bundle', { timeoutMs: 250_000 });

test('a bundle is replaced by a newer one of the same station only', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  s.write('sub/note', 'x');
  const bundle = s.path('sub/ops.bundle');
  // relative to where one stands
  const made = execFileSync(process.execPath, [CLI, 'backup', 'ops.bundle', '--json'], { cwd: s.path('sub') });
  assert.equal((JSON.parse(made.toString()) as { to: string }).to, bundle);
  assert.equal(refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
  const before = join(t.tempDir(), 'git');
  cpSync(s.path('.git'), before, { recursive: true });

  carryOut(s, 'WO-2');
  backUp(s, bundle);
  assert.equal(refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
  const newest = readFileSync(bundle);

  // an older copy of .git came back: it knows nothing of what the bundle has
  rmSync(s.path('.git'), { recursive: true });
  cpSync(before, s.path('.git'), { recursive: true });
  assert.deepEqual([refusal(s, 'backup', bundle).code, refusal(s, 'backup', bundle).exit], ['BACKUP_DIVERGED', 65]);
  const remote = bareRepository(t);
  execFileSync('git', ['fetch', '--quiet', bundle, 'refs/*:refs/*'], { cwd: remote });
  assert.equal(refusal(s, 'backup', remote).code, 'BACKUP_DIVERGED');
  assert.ok(readFileSync(bundle).equals(newest), 'the newer one is untouched');

  const other = testStation(t);
  renameStation(other);
  carryOut(other, 'WO-9');
  assert.match(refusal(other, 'backup', bundle).message, /is not of station/);
  assert.ok(readFileSync(bundle).equals(newest));
  writeFileSync(s.path('sub/notes.bundle'), 'my notes\n');
  assert.match(refusal(s, 'backup', s.path('sub/notes.bundle')).message, /no bundle/);
  assert.equal(s.read('sub/notes.bundle'), 'my notes\n');
  assert.match(refusal(s, 'backup', s.path('nowhere/ops.bundle')).message, /does not exist/);
  assert.deepEqual(readdirSync(s.path('sub')).sort(), ['note', 'notes.bundle', 'ops.bundle']);
});

test('a bundle that a backup was killed in the middle of is the old one or the new one, whole', async (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const folder = t.tempDir();
  const bundle = join(folder, 'ops.bundle');
  backUp(s, bundle);
  const started = Date.now();
  carryOut(s, 'WO-2');
  backUp(s, join(folder, 'measure.bundle'));
  const takes = Date.now() - started;
  for (let n = 1; n <= 6; n += 2) {
    const old = refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`);
    s.git('commit', '--quiet', '--allow-empty', '-m', `${n}`);
    carryOut(s, `WO-K${n}`);
    const child = spawn(process.execPath, [CLI, 'backup', bundle], { cwd: s.root, stdio: 'ignore', detached: true });
    const gone = new Promise((done) => child.once('exit', done));
    await Promise.race([gone, new Promise((done) => setTimeout(done, (takes * n) / 8))]);
    child.kill('SIGKILL');
    await gone;
    assert.ok([old, journalOf(s)].includes(refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`)), `after ${n}`);
    const copy = join(folder, `copy-${n}`);
    execFileSync('git', ['init', '--quiet', '--bare', copy]);
    execFileSync('git', ['fetch', '--quiet', bundle, 'refs/waybill/*:refs/waybill/*'], { cwd: copy });
    execFileSync('git', ['fsck', '--connectivity-only'], { cwd: copy, stdio: 'ignore' });
  }
  // git may be at its last breath
  await until(() => !readdirSync(folder).some((name) => name.endsWith('.lock')), 'no git writes there', 60_000);
  backUp(s, bundle);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
    'what killed backups left is swept',
  );
  assert.equal(refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
});

test.run();
