import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
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
  renameStation,
} from '../support/backups.ts';
import { program } from '../support/program.ts';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rule 1, "nothing is lost", when the disk is: what a backup has comes back, byte for byte, and never over something newer. */

const test = suite('waybill restore --from', { timeoutMs: 250_000 });

/** Files of a folder with their bytes, apart from what is sealed and which process ran. */
function files(s: TestStation, folder: string): Map<string, string> {
  const names = execFileSync(
    'find',
    ['.', '-type', 'f', '-not', '-path', '*/.sealed/*', '-not', '-name', 'running.json', '-not', '-name', '.waybill'],
    {
      cwd: s.path(folder),
      encoding: 'utf8',
    },
  );
  return new Map(
    names
      .split('\n')
      .filter(Boolean)
      .sort()
      .map((name): [string, string] => [name, readFileSync(s.path(folder, name), 'base64')]),
  );
}

/** Orders of every kind that waits, beside ones that ended. */
function busyStation(t: TestContext): TestStation {
  const s = testStation(t, {
    policy: ANYTHING,
    settings: 'lanes: {MAIN: {}}\nretry: {backoff_seconds: 86400, max_backoff_seconds: 86400}\n',
  });
  carryOut(s, 'WO-1');
  s.write('bridge/inbox/MAIN/bad.yaml', 'wo_id: [\n...\n');
  s.drop({ wo_id: 'WO-HELD', title: 'held', hold: true, files: [{ path: 'held.txt', content: 'held\n' }] });
  s.drop({
    wo_id: 'WO-AGAIN',
    title: 'again',
    retries: 2,
    post_verify: ['false'],
    files: [{ path: 'x.txt', content: 'x\n' }],
  });
  s.drop({
    wo_id: 'WO-AFTER',
    title: 'after',
    depends_on: ['WO-HELD'],
    files: [{ path: 'after.txt', content: 'a\n' }],
  });
  s.write('order.yaml', 'wo_id: WO-SENT\ntitle: sent\nhold: true\nfiles:\n  - {path: sent.txt, content: "sent\\n"}\n');
  assert.equal(s.waybill('drop', 'order.yaml').code, 0);
  rmSync(s.path('order.yaml'));
  s.drain();
  return s;
}

test('an empty machine gets the station with its living orders, which are then carried out', (t) => {
  const s = busyStation(t);
  const bundle = join(t.tempDir(), 'ops.bundle');
  backUp(s, bundle);
  const fresh = emptyMachine(t);
  const done = fresh.waybill('restore', '--from', bundle, '--json');
  assert.equal(done.code, 0, done.stdout + done.stderr);
  const told = JSON.parse(done.stdout) as {
    station: string;
    records: number;
    claims: number;
    settings: boolean;
    policy: boolean;
  };
  assert.deepEqual([told.station, told.records, told.claims], [idOf(s), ledgerOf(s).length, 4]);
  assert.deepEqual([told.settings, told.policy], [true, true]);
  assert.equal(idOf(fresh), idOf(s));
  assert.equal(journalOf(fresh), journalOf(s));
  assert.deepEqual(ledgerOf(fresh), ledgerOf(s), 'byte for byte');
  assert.deepEqual(files(fresh, '.git/waybill/claimed'), files(s, '.git/waybill/claimed'));
  assert.deepEqual(files(fresh, 'state/evidence'), files(s, 'state/evidence'));
  assert.deepEqual(files(fresh, 'bridge/quarantine'), files(s, 'bridge/quarantine'));
  for (const name of ['waybill.yaml', 'policy.yaml']) assert.equal(fresh.read(name), s.read(name), name);
  assert.equal(fresh.git('symbolic-ref', 'HEAD'), 'refs/heads/main');
  const verified = fresh.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  assert.match(verified.stdout, /lost WO-1/);

  fresh.git('config', 'user.name', 'Anna');
  fresh.git('config', 'user.email', 'anna@example.invalid');
  fresh.waybill('release', 'WO-HELD');
  fresh.waybill('release', 'WO-SENT');
  fresh.drain();
  for (const id of ['WO-HELD', 'WO-AFTER', 'WO-SENT']) assert.equal(fresh.state(id).status, 'done', id);
  assert.equal(fresh.read('held.txt'), 'held\n');
  assert.equal(fresh.read('sent.txt'), 'sent\n');
  assert.deepEqual([fresh.state('WO-AGAIN').status, fresh.state('WO-AGAIN').waiting_for], ['parked', 'time']);
  fresh.waybill('release', 'WO-AGAIN');
  fresh.drain();
  assert.equal(fresh.state('WO-AGAIN').attempt, 2);
  assertVerifies(fresh);
  backUp(fresh, bundle);
});

test('a fresh clone of the project becomes the station again, with its commits', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const remote = bareRepository(t);
  s.git('remote', 'add', 'origin', remote);
  s.git('push', '--quiet', 'origin', 'main');
  backUp(s, 'origin');
  const clone = emptyMachine(t);
  execFileSync('git', ['clone', '--quiet', '--branch', 'main', remote, clone.root]);
  assert.equal(clone.waybill('restore', '--from', 'origin').code, 0);
  assert.equal(idOf(clone), idOf(s));
  const { code, stdout } = clone.waybill('verify');
  assert.equal(code, 0);
  assert.ok(!stdout.includes('lost'), stdout);
  assert.equal(clone.git('status', '--porcelain'), '');
  assert.equal(clone.waybill('restore', '--from', 'origin').code, 0, 'once more changes nothing');
  assert.deepEqual(ledgerOf(clone), ledgerOf(s));
});

test('which station is meant must be plain, and nothing else is overwritten', (t) => {
  const [one, two] = [testStation(t), testStation(t)];
  renameStation(two);
  carryOut(one, 'WO-1');
  carryOut(two, 'WO-1', 'WO-2');
  const remote = bareRepository(t);
  backUp(one, remote);
  backUp(two, remote);
  const fresh = emptyMachine(t);
  const unclear = refusal(fresh, 'restore', '--from', remote);
  assert.deepEqual([unclear.code, unclear.exit], ['USAGE', 64]);
  for (const s of [one, two]) assert.ok(unclear.message.includes(idOf(s)));
  assert.equal(refusal(fresh, 'restore', '--from', remote, '--station-id', 'nobody').exit, 69);
  assert.equal(fresh.waybill('restore', '--from', remote, '--station-id', 'other-st').code, 0);
  assert.equal(idOf(fresh), 'other-st');

  const before = ledgerOf(one);
  assert.equal(refusal(one, 'restore', '--from', remote, '--station-id', 'other-st').code, 'BACKUP_DIVERGED');
  assert.deepEqual(ledgerOf(one), before);
  const full = emptyMachine(t);
  full.write('photo.jpg', 'mine');
  assert.equal(refusal(full, 'restore', '--from', remote, '--station-id', 'other-st').code, 'REPO_UNSUPPORTED');
  assert.deepEqual(full.names('.'), ['photo.jpg']);
  assert.equal(refusal(fresh, 'restore', '--from', join(remote, 'no.bundle')).exit, 66);
});

test('a bundle that was cut short is refused, and a whole one then taken', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  const bundle = join(t.tempDir(), 'ops.bundle');
  backUp(s, bundle);
  const cut = join(t.tempDir(), 'cut.bundle');
  cpSync(bundle, cut);
  const fresh = emptyMachine(t);
  for (const left of [readFileSync(bundle).length - 30, 200, 0]) {
    truncateSync(cut, left);
    const { code, exit } = refusal(fresh, 'restore', '--from', cut);
    assert.deepEqual([code, exit], ['BACKUP_FAILED', 69], `${left} bytes`);
    assert.ok(!fresh.exists('.git/waybill/ledger'), 'no half of a station');
  }
  assert.equal(fresh.waybill('restore', '--from', bundle).code, 0);
  assertVerifies(fresh);
});

test('killed at any durable operation, a restore is finished by the next one', (t) => {
  const s = testStation(t);
  carryOut(s, 'WO-1');
  s.drop({ wo_id: 'WO-H', title: 'held', hold: true, files: [{ path: 'h.txt', content: 'h\n' }] });
  s.drain();
  const bundle = join(t.tempDir(), 'ops.bundle');
  backUp(s, bundle);
  let [killed, begun] = [0, 0];
  for (let n = 1; ; n += 6) {
    const fresh = emptyMachine(t, `at-${n}`);
    const run = spawnSync(process.execPath, [program('restore-killed'), fresh.root, bundle, String(n)], {
      encoding: 'utf8',
    });
    if (run.signal === null) {
      assert.equal(run.status, 0, run.stderr);
      break;
    }
    killed++;
    if (fresh.exists('.git/waybill/continue.json')) {
      // a start finds it begun, and goes on with it
      begun++;
      fresh.drain();
      assert.deepEqual(ledgerOf(fresh).slice(0, ledgerOf(s).length), ledgerOf(s), `killed at ${n}`);
      assert.equal(fresh.state('WO-H').status, 'parked');
      assert.ok(!fresh.exists('.git/waybill/continue.json'));
      continue;
    }
    const again = fresh.waybill('restore', '--from', bundle);
    assert.equal(again.code, 0, `killed at ${n}: ${again.stderr}`);
    assert.deepEqual(ledgerOf(fresh), ledgerOf(s), `killed at ${n}`);
    assert.deepEqual(files(fresh, '.git/waybill/claimed'), files(s, '.git/waybill/claimed'), `killed at ${n}`);
    assert.equal(journalOf(fresh), journalOf(s), `killed at ${n}`);
    assert.equal(fresh.git('for-each-ref', `refs/waybill/${idOf(s)}/fetched`), '');
  }
  assert.ok(killed - begun >= 3 && begun >= 1, `${killed} kills, ${begun} with the continuation begun`);
});

test.run();
