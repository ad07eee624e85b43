import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  backUp,
  bareRepository,
  carryOut,
  idOf,
  journalOf,
  ledgerOf,
  refsIn,
  refusal,
  renameStation,
} from '../support/backups.ts';
import { CLI, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 1, "nothing is lost", beyond the disk: what `waybill backup` says has arrived is there, and what was there before is never made worse. */

const test = suite('waybill backup', { timeoutMs: 250_000 });

test('a bare repository gets journal and keeps, and nothing else; later ones only what is new', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const remote = bareRepository(t);
  s.git('update-ref', `refs/waybill/${idOf(s)}/keep/WO-0`, 'HEAD');
  const first = backUp(s, remote);
  assert.equal(first.verified, 'contents');
  assert.equal(first.seq, ledgerOf(s).length);
  assert.deepEqual(
    [...refsIn(remote)],
    [
      [`refs/waybill/${idOf(s)}/journal`, journalOf(s)],
      [`refs/waybill/${idOf(s)}/keep/WO-0`, s.git('rev-parse', 'HEAD')],
    ],
  );
  assert.deepEqual(JSON.parse(s.read('.git/waybill/backup.json')).seq, first.seq);
  assert.equal(s.telemetry().at(-1)?.event, 'backup_done');

  carryOut(s, 'WO-2');
  assert.match(s.waybill('status').stdout, /backup \d+s ago in .*remote\.git, up to record \d+; \d+ records behind/);
  // a keep that went on, and one that was pruned here: what is there stays
  s.git('update-ref', '-d', `refs/waybill/${idOf(s)}/keep/WO-0`);
  s.git('remote', 'add', 'safe', remote);
  const second = backUp(s, 'safe');
  assert.ok(second.seq > first.seq);
  assert.equal(second.to, 'safe');
  assert.equal(refsIn(remote).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
  assert.ok(refsIn(remote).has(`refs/waybill/${idOf(s)}/keep/WO-0`), 'a backup deletes nothing');
  assert.deepEqual(s.names('.git/waybill/tmp'), []);

  const url = backUp(s, `file://${remote}`);
  assert.equal(url.journal, second.journal);
  assert.equal(url.verified, 'contents');
});

test('without a place it is a usage error; what looks like an option is no place', (t) => {
  const s = testStation(t);
  assert.deepEqual([refusal(s, 'backup').code, refusal(s, 'backup').exit], ['USAGE', 64]);
  const option = s.waybill('backup', '--json', '--', '--upload-pack=touch x');
  assert.equal(option.code, 64, option.stdout);
  const { code, message } = refusal(s, 'backup', 'x.bundle');
  assert.equal(code, 'BACKUP_FAILED');
  assert.match(message, /nothing to back up yet/);
});

test('two stations and two clones of the project share a remote', (t) => {
  const remote = bareRepository(t);
  const one = testStation(t);
  const two = testStation(t);
  renameStation(two);
  carryOut(one, 'WO-1');
  carryOut(two, 'WO-1', 'WO-2');
  one.git('push', '--quiet', remote, 'main');
  const folder = join(t.tempDir(), 'clone');
  execFileSync('git', ['clone', '--quiet', '--branch', 'main', remote, folder]);
  const clone = testStation(t);
  rmSync(clone.root, { recursive: true });
  cpSync(folder, clone.root, { recursive: true });
  clone.git('config', 'user.name', 'Bert');
  clone.git('config', 'user.email', 'bert@example.invalid');
  carryOut(clone, 'WO-3');
  const stations = [one, two, clone];
  assert.equal(new Set(stations.map(idOf)).size, 3);
  for (const s of [...stations, ...stations]) backUp(s, remote);
  for (const s of stations) assert.equal(refsIn(remote).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
  carryOut(one, 'WO-4');
  backUp(one, remote);
  for (const s of stations) assert.equal(refsIn(remote).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
});

test('a remote where something else stands after the push is found out', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const remote = bareRepository(t);
  const hook = join(remote, 'hooks/post-receive');
  writeFileSync(
    hook,
    `#!/bin/sh\ngit update-ref refs/waybill/${idOf(s)}/journal $(git rev-parse refs/waybill/${idOf(s)}/journal~1)\n`,
  );
  chmodSync(hook, 0o755);
  const { code, message, exit } = refusal(s, 'backup', remote);
  assert.deepEqual([code, exit], ['BACKUP_FAILED', 69]);
  assert.match(message, /did not arrive/);
  assert.ok(!s.exists('.git/waybill/backup.json'), 'it is no backup');
  assert.equal(s.telemetry().at(-1)?.event, 'backup_failed');
  assert.match(s.waybill('status').stdout, /failed \d+s ago: .*did not arrive/);
  rmSync(hook);
  backUp(s, remote);
  assert.ok(!s.waybill('status').stdout.includes('failed'), 'a backup that arrived ends the failure');
});

test('a remote that names the commits but lost what is in them is found out', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const remote = bareRepository(t);
  backUp(s, remote);
  const blob = s.git('rev-parse', `${journalOf(s)}:station/waybill.yaml`);
  for (const pack of readdirSync(join(remote, 'objects/pack')).filter((n) => n.endsWith('.pack'))) {
    const bytes = readFileSync(join(remote, 'objects/pack', pack));
    rmSync(join(remote, 'objects/pack'), { recursive: true });
    execFileSync('git', ['unpack-objects', '-q'], { cwd: remote, input: bytes, stdio: ['pipe', 'ignore', 'ignore'] });
  }
  rmSync(join(remote, 'objects', blob.slice(0, 2), blob.slice(2)));
  assert.equal(refusal(s, 'backup', remote).code, 'BACKUP_FAILED');
});

test('what cannot be reached is said soon, and no password with it', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  for (const to of [
    s.path('no/such/repository'),
    'git://127.0.0.1:1/x.git',
    'https://anna:se%23cret@127.0.0.1:1/x.git',
  ]) {
    const { code, stdout, stderr } = s.waybill('backup', to);
    assert.equal(code, 69, stdout + stderr);
    const everything =
      stdout + stderr + s.read('.git/waybill/backup-failure.json') + s.read('state/telemetry/unified.jsonl');
    assert.match(everything, /BACKUP_FAILED/);
    assert.ok(!everything.includes('cret'), everything);
  }
});

test('what a killed station could not write to the journal is in the next backup', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'a.txt', content: 'a\n' }] });
  const steps = s.drainKilledAt(0).steps;
  s.drop({ wo_id: 'WO-2', title: 'two', files: [{ path: 'b.txt', content: 'b\n' }] });
  assert.ok(s.drainKilledAt(steps.indexOf('ledger: started') + 1).killed);
  const report = backUp(s, bareRepository(t));
  assert.equal(report.seq, ledgerOf(s).length, 'nothing is behind');
  s.drain();
  assert.equal(s.state('WO-2').status, 'done');
});

test('a running station makes it beside its work, and refuses with the reason', async (t) => {
  const s = testStation(t);
  const remote = bareRepository(t);
  await s.up(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'a.txt', content: 'a\n' }] });
  await until(() => s.exists('bridge/outbox/MAIN/WO-1.result.json'), 'WO-1 is done', 60_000);
  const report = backUp(s, remote);
  assert.equal(report.seq, ledgerOf(s).length);
  assert.equal(refsIn(remote).get(`refs/waybill/${idOf(s)}/journal`), report.journal);
  const { code, exit } = refusal(s, 'backup', join(dirname(remote), 'nowhere/x.bundle'));
  assert.deepEqual([code, exit], ['BACKUP_FAILED', 69]);
  assert.deepEqual(s.names('.git/waybill/commands'), []);
});

test('a remote that never answers holds up neither an order nor the stop', async (t) => {
  const s = testStation(t);
  const pids = join(t.tempDir(), 'pids');
  const ssh = join(t.tempDir(), 'ssh.sh');
  writeFileSync(ssh, `#!/bin/sh\necho $$ >>${pids}\nexec sleep 300\n`);
  chmodSync(ssh, 0o755);
  s.git('config', 'core.sshCommand', ssh);
  s.git('config', 'ssh.variant', 'simple');
  carryOut(s, 'WO-0');
  const station = await s.up(t);
  const asked = spawn(process.execPath, [CLI, 'backup', 'git@far.invalid:ops.git'], { cwd: s.root, stdio: 'ignore' });
  const answered = new Promise<number | null>((done) => asked.once('exit', done));
  await until(() => existsSync(pids), 'git talks to the remote', 60_000);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'a.txt', content: 'a\n' }] });
  await until(() => s.exists('bridge/outbox/MAIN/WO-1.result.json'), 'WO-1 is done meanwhile', 25_000);
  const begun = Date.now();
  assert.equal(await station.stop(), 0);
  assert.ok(Date.now() - begun < 15_000, 'it stops at once');
  assert.equal(await answered, 0);
  for (const pid of readFileSync(pids, 'utf8').split('\n').filter(Boolean))
    await until(() => !existsSync(`/proc/${pid}`), 'nothing of it is left', 60_000);
  assert.equal(s.names('.git/waybill/commands').length, 1, 'the wish waits for the next start');
});

test.run();
