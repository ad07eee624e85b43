import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bringBack } from '../../src/pipeline/backup/bring-back.ts';
import { openLog } from '../../src/platform/log.ts';
import { openStation } from '../../src/station/station.ts';
import {
  assertVerifies,
  backUp,
  bareRepository,
  carryOut,
  emptyMachine,
  idOf,
  journalOf,
  ledgerOf,
  refusal,
} from '../support/backups.ts';
import { ANYTHING, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 1, "nothing is lost", when `.git` was replaced by an older copy: what the backup has comes back, and nothing goes back in time. */

const test = suite('what comes back from a backup', { timeoutMs: 250_000 });

test('on its own machine only what is newer comes back, and nothing goes back in time', (t) => {
  const s = testStation(t);
  const remote = bareRepository(t);
  s.write('waybill.yaml', `lanes: {MAIN: {}}\nbackup: {to: ${remote}, every_hours: 1000}\n`);
  s.commitAll('Name a backup');
  carryOut(s, 'WO-1');
  const old = join(t.tempDir(), 'old');
  cpSync(s.path('.git'), old, { recursive: true });
  carryOut(s, 'WO-2');
  s.drop({ wo_id: 'WO-H', title: 'held', hold: true, files: [{ path: 'h.txt', content: 'h\n' }] });
  s.drain();
  backUp(s);
  const [ledger, journal] = [ledgerOf(s), journalOf(s)];

  assert.match(s.waybill('restore', '--from', remote).stdout, /no records that are not here/);
  rmSync(s.path('.git'), { recursive: true });
  cpSync(old, s.path('.git'), { recursive: true });
  assert.ok(ledgerOf(s).length < ledger.length);
  const back = s.waybill('restore', '--from', remote);
  assert.equal(back.code, 0, back.stderr);
  assert.deepEqual(ledgerOf(s), ledger);
  assert.equal(journalOf(s), journal);
  assertVerifies(s);
  s.waybill('release', 'WO-H');
  s.drain();
  assert.equal(s.state('WO-H').status, 'done');
  assertVerifies(s);
  assert.match(s.waybill('restore', '--from', remote).stdout, /no records that are not here/);

  // two histories: an older copy went on by itself
  rmSync(s.path('.git'), { recursive: true });
  cpSync(old, s.path('.git'), { recursive: true });
  // nothing tells of the backup any more
  rmSync(s.path('.git/waybill/backup.json'));
  s.git('reset', '--quiet', '--hard');
  s.write('waybill.yaml', 'lanes: {MAIN: {}}\n');
  carryOut(s, 'WO-X');
  const own = ledgerOf(s);
  assert.deepEqual(
    [refusal(s, 'restore', '--from', remote).code, refusal(s, 'restore', '--from', remote).exit],
    ['BACKUP_DIVERGED', 65],
  );
  assert.deepEqual(ledgerOf(s), own);
  assert.equal(refusal(s, 'backup', remote).code, 'BACKUP_DIVERGED');
});

test('bringBack appends what the backup has beyond the ledger, and null is its answer to everything else', async (t) => {
  const log = openLog('silent');
  const s = testStation(t);
  const settings = (to: string) =>
    s.write('waybill.yaml', `lanes: {MAIN: {}}\nbackup: {to: ${to}, every_hours: 1000}\n`);
  carryOut(s, 'WO-1');
  assert.equal(await bringBack(await openStation(s.root), log), null, 'none is configured');
  settings('../nowhere.git');
  assert.equal(await bringBack(await openStation(s.root), log), null, 'it cannot be reached');
  settings('../ops.bundle');
  const old = join(t.tempDir(), 'old');
  cpSync(s.path('.git'), old, { recursive: true });
  // a line that a crash left torn does not stand in the way
  writeFileSync(join(old, 'waybill/ledger/000000000001.jsonl'), '{"v":1,"seq":', { flag: 'a' });
  carryOut(s, 'WO-2', 'WO-3');
  s.git('update-ref', `refs/waybill/${idOf(s)}/keep/WO-0`, 'HEAD');
  backUp(s);
  const [ledger, journal, keep] = [ledgerOf(s), journalOf(s), s.git('rev-parse', 'HEAD')];
  assert.equal(await bringBack(await openStation(s.root), log), null, 'nothing is newer');
  rmSync(s.path('.git'), { recursive: true });
  cpSync(old, s.path('.git'), { recursive: true });
  const torn = ledgerOf(s).length - 1;
  const brought = await bringBack(await openStation(s.root), log);
  assert.deepEqual(brought, { records: ledger.length - torn, to: s.path('../ops.bundle').replace('/repo/..', '') });
  assert.deepEqual(ledgerOf(s), ledger);
  assert.equal(journalOf(s), journal);
  assert.equal(s.git('rev-parse', `refs/waybill/${idOf(s)}/keep/WO-0`), keep);
  assert.equal(s.git('for-each-ref', `refs/waybill/${idOf(s)}/fetched`), '');
  assert.equal(await bringBack(await openStation(s.root), log), null, 'once');
  assertVerifies(s);
  carryOut(s, 'WO-4');
  assertVerifies(s);
});

test('a backup that was made by hand is asked as well; what it does not have either is told before and after', (t) => {
  const s = testStation(t);
  const bundle = s.path('../ops.bundle');
  carryOut(s, 'WO-1');
  backUp(s, bundle);
  const old = join(t.tempDir(), 'old');
  cpSync(s.path('.git'), old, { recursive: true, preserveTimestamps: true });
  carryOut(s, 'WO-2');
  backUp(s, bundle);
  const has = ledgerOf(s);
  carryOut(s, 'WO-3');
  const whole = join(t.tempDir(), 'whole');
  cpSync(s.root, whole, { recursive: true, preserveTimestamps: true });
  const putBack = () => {
    rmSync(s.root, { recursive: true });
    cpSync(whole, s.root, { recursive: true, preserveTimestamps: true });
    rmSync(s.path('.git'), { recursive: true });
    cpSync(old, s.path('.git'), { recursive: true, preserveTimestamps: true });
  };

  putBack();
  const verified = s.waybill('verify');
  assert.equal(verified.code, 1);
  assert.match(verified.stdout, /records were lost\. Remove nothing/);
  assert.ok(!verified.stdout.includes('stray'), verified.stdout);
  assert.match(refusal(s, 'restore').message, /records were lost/);
  const back = s.waybill('restore', '--from', bundle);
  assert.equal(back.code, 0, back.stderr);
  assert.match(back.stdout, /brought back from .*: \d+ records/);
  assert.match(back.stderr, /records are still missing/);
  assert.deepEqual(ledgerOf(s), has);
  s.drain();
  assert.match(ledgerOf(s)[has.length] ?? '', /"event":"gap"/);
  assert.equal(s.state('WO-2').status, 'done');
  assertVerifies(s);

  putBack();
  s.drain();
  assert.deepEqual(ledgerOf(s).slice(0, has.length), has);
  assert.match(ledgerOf(s)[has.length] ?? '', /"event":"gap".*"brought_back":[1-9]/);
  assert.equal(s.state('WO-2').status, 'done');
  assertVerifies(s);
});

test('restore --ledger never writes an empty ledger, and keeps what follows the journal', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const steps = s.drainKilledAt(0).steps;
  s.drop({ wo_id: 'WO-2', title: 'two', files: [{ path: 'b.txt', content: 'b\n' }] });
  assert.ok(s.drainKilledAt(steps.length > 0 ? 4 : 0).killed);
  const all = ledgerOf(s);
  const rebuilt = s.waybill('restore', '--ledger');
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  assert.match(rebuilt.stdout, /and took over \d+ that only the old ledger had/);
  assert.deepEqual(ledgerOf(s), all);
  s.drain();
  assert.equal(s.state('WO-2').status, 'done');
  assertVerifies(s);

  const whole = ledgerOf(s);
  s.git('update-ref', '-d', `refs/waybill/${idOf(s)}/journal`);
  assert.deepEqual(
    [refusal(s, 'restore', '--ledger').code, refusal(s, 'restore', '--ledger').exit],
    ['LEDGER_BROKEN', 65],
  );
  assert.deepEqual(ledgerOf(s), whole);
});

test('rule 4: a command that had begun when the backup was made is not run again on another machine', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  const station = await s.up(t);
  s.drop({ wo_id: 'WO-1', title: 'deploy', actions: [{ action: 'command', command: 'sleep 300' }] });
  await until(() => ledgerOf(s).some((line) => line.includes('"event":"command"')), 'the command has begun', 60_000);
  const bundle = join(t.tempDir(), 'ops.bundle');
  backUp(s, bundle);
  s.waybill('cancel', 'WO-1');
  await station.stop();
  const fresh = emptyMachine(t);
  assert.equal(fresh.waybill('restore', '--from', bundle).code, 0);
  assertVerifies(fresh);
  assert.equal(fresh.state('WO-1').status, 'running');
  fresh.drain();
  assert.equal(fresh.state('WO-1').last_error?.code, 'EFFECT_UNVERIFIED');
  assertVerifies(fresh);
});

test('a clone that knows of more than the backup has is told so', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const remote = bareRepository(t);
  backUp(s, remote);
  carryOut(s, 'WO-2');
  s.git('push', '--quiet', remote, 'main');
  const clone = emptyMachine(t);
  execFileSync('git', ['clone', '--quiet', '--branch', 'main', remote, clone.root]);
  const { code, stdout } = clone.waybill('restore', '--from', remote, '--json');
  assert.equal(code, 0);
  assert.ok(((JSON.parse(stdout) as { beyond: number | null }).beyond ?? 0) > ledgerOf(clone).length);
  assert.equal(clone.waybill('verify').code, 1, 'what happened in between is not on record, and nobody hides it');
});

test.run();
