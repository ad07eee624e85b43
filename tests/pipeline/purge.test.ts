import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '../../src/order/canonical-json.ts';
import type { Recorded } from '../../src/order/event.ts';
import { entombed, PURGED_TEXT } from '../../src/order/tombstone.ts';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** `waybill purge`: a secret leaves everything that the station can reach, `verify` stays green, and what can't be reached is named. */

const test = suite('purge');
const SECRET = 'tok-7f3a9c-do-not-keep';

/** Everywhere in the station's folder where the secret stands: files as they are, and every object of the repository. */
function whereItStands(s: TestStation): string[] {
  const files = execFileSync('sh', ['-c', `grep -rlF "${SECRET}" . --exclude-dir=objects || true`], {
    cwd: s.root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((name) => name !== '');
  const ids = s
    .git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  const objects = ids.filter((id) => s.git('cat-file', '-p', id).includes(SECRET));
  return [...files, ...objects.map((id) => `object ${id}`)];
}

function purge(s: TestStation, id: string): { out_of_reach: { what: string; hint: string }[]; objects: number } {
  const asked = s.waybill('purge', id, '--secret', '--reason', 'it was leaked');
  assert.equal(asked.code, 0, asked.stderr);
  s.drain();
  return JSON.parse(readFileSync(s.path('.git/waybill/purged', `${id}.json`), 'utf8')) as ReturnType<typeof purge>;
}

function verifies(s: TestStation): void {
  const { code, stdout, stderr } = s.waybill('verify');
  assert.equal(code, 0, stdout + stderr);
}

test('an order that failed with a secret in request, title, plan and command output leaves no trace but a tombstone', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-BEFORE', title: 'before', files: [{ path: 'a', content: 'a' }] });
  s.drain();
  s.drop({
    wo_id: 'WO-LEAK',
    title: `use ${SECRET}`,
    tags: [SECRET],
    files: [{ path: 'secret.txt', content: SECRET }],
    tests: [{ name: 'it fails', command: `echo ${SECRET}; false`, expected: SECRET }],
  });
  s.drain();
  s.drop({ wo_id: 'WO-AFTER', title: 'after', files: [{ path: 'b', content: 'b' }] });
  s.drain();
  assert.equal(s.state('WO-LEAK').status, 'failed');
  assert.ok(whereItStands(s).length > 5);
  const report = purge(s, 'WO-LEAK');
  assert.deepEqual(whereItStands(s), []);
  assert.ok(report.objects > 0);
  verifies(s);
  assert.equal(s.state('WO-LEAK').title, '(purged)');
  assert.equal(s.result('WO-LEAK').status, 'failed');
  assert.match(s.waybill('log', 'WO-LEAK').stdout, /purged/);
  // what others told is untouched
  assert.equal(s.state('WO-AFTER').title, 'after');
  assert.equal(s.git('fsck', '--no-dangling'), '');
  // and the ledger can still be rebuilt from the journal, without what was purged
  assert.equal(s.waybill('restore', '--ledger', '--all').code, 0);
  s.drain();
  verifies(s);
  assert.match(s.waybill('retry', 'WO-LEAK').stdout, /waiting/);
  s.drain();
  assert.equal(s.state('WO-LEAK').status, 'failed');
});

test('an order that asked a person leaves no trace of that in ledger, journal and state', (t) => {
  const s = testStation(t, { policy: 'version: 1\n' });
  s.drop({ wo_id: 'WO-LEAK', title: 'asks', actions: [{ action: 'command', command: `echo ${SECRET}` }] });
  s.drain();
  assert.equal(s.state('WO-LEAK').waiting_for, 'approval');
  assert.equal(s.waybill('cancel', 'WO-LEAK').code, 0);
  s.drain();
  assert.ok(whereItStands(s).length > 0);
  purge(s, 'WO-LEAK');
  // what people were told meanwhile stands in the alerts file, which a purge does not write anew
  assert.deepEqual(
    whereItStands(s).filter((place) => !place.endsWith('guardrail_alerts.log')),
    [],
  );
  verifies(s);
});

test('what landed on a branch is out of reach, and the report names commit, branch and file', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-LANDED', title: 'x', files: [{ path: 'config.txt', content: `key=${SECRET}\n` }] });
  s.drain();
  const [commit = ''] = s.commitsOf('WO-LANDED');
  const report = purge(s, 'WO-LANDED');
  verifies(s);
  const left = whereItStands(s);
  const blob = s.git('rev-parse', `${commit}:config.txt`);
  assert.deepEqual(left, ['./config.txt', `object ${blob}`]);
  assert.ok(report.out_of_reach.some(({ what }) => what.includes(commit) && what.includes('main')));
  assert.ok(report.out_of_reach.some(({ what }) => what.includes('config.txt')));
  // once the branch is rewritten, a second purge takes the object too
  s.git('reset', '--quiet', '--hard', `${commit}^`);
  s.git('reflog', 'expire', '--expire=now', '--all');
  s.git('update-ref', '-d', 'ORIG_HEAD');
  purge(s, 'WO-LANDED');
  assert.deepEqual(whereItStands(s), []);
});

test('rejected input is purged by its claim: quarantine, journal, results', (t) => {
  const s = testStation(t);
  s.write('bridge/inbox/MAIN/broken.yaml', `wo_id: [\nnote: ${SECRET}\n...\n`);
  s.drain();
  const [rejection] = s.names('bridge/outbox/MAIN');
  const claim = rejection?.split('.').at(-3) ?? '';
  assert.ok(whereItStands(s).length > 1);
  purge(s, claim);
  assert.deepEqual(whereItStands(s), []);
  assert.deepEqual(s.names('bridge/quarantine/MAIN'), []);
  verifies(s);
});

test('a kill at any step of a purge is finished by the next start', (t) => {
  const count = (() => {
    const s = leaked(t);
    return s.drainKilledAt(10_000).steps.length;
  })();
  // every sixth step, begun by chance: npm test has to stay short
  for (let n = 1 + Math.floor(Math.random() * 6); n <= count; n += 6) {
    const s = leaked(t);
    s.drainKilledAt(n);
    s.drain();
    assert.deepEqual(whereItStands(s), [], `killed at step ${n}`);
    verifies(s);
    assert.ok(s.exists('.git/waybill/purged/WO-LEAK.json'));
    assert.ok(!s.exists('.git/waybill/purges/WO-LEAK.json'));
    assert.deepEqual(s.leftovers(), []);
  }
});

function leaked(t: Parameters<typeof testStation>[0]): TestStation {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-LEAK', title: SECRET, actions: [{ action: 'delete', path: SECRET }] });
  s.drain();
  assert.equal(s.waybill('purge', 'WO-LEAK', '--secret').code, 0);
  return s;
}

test('an order that was purged twice is still an order: it can be dropped again, and the station goes on', (t) => {
  const s = testStation(t);
  const leak = { wo_id: 'WO-LEAK', title: SECRET, actions: [{ action: 'delete', path: 'nowhere' }] };
  // names of files are anybody's: control characters in them must not confuse the rewriting
  s.write('bridge/inbox/MAIN/we\u0001ird\u0002\nname.yaml', '{');
  s.drop(leak);
  s.drain();
  purge(s, 'WO-LEAK');
  purge(s, 'WO-LEAK');
  s.waybill('retry', 'WO-LEAK');
  s.drain();
  assert.equal(s.state('WO-LEAK').attempt, 1, 'there is nothing to try again');
  s.drop({ ...leak, title: 'without it' });
  s.drain();
  assert.deepEqual([s.state('WO-LEAK').title, s.state('WO-LEAK').revision], ['without it', 2]);
  // the very same file brings its words back, as its author wants
  s.drop(leak);
  s.drain();
  assert.equal(s.state('WO-LEAK').title, SECRET);
  purge(s, 'WO-LEAK');
  assert.deepEqual(whereItStands(s), []);
  verifies(s);
  s.drain();
});

test('a rejection with an id, purged by its claim, is purged as that order; other lanes and orders are named or emptied', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, OTHER: {}}\n' });
  s.write(
    'bridge/inbox/MAIN/bad.json',
    JSON.stringify({ wo_id: 'WO-BAD', title: SECRET, type: 'nonsense-xyz', files: 5 }),
  );
  s.drop({ wo_id: 'WO-MOVED', title: SECRET, actions: [{ action: 'delete', path: 'nope' }] });
  s.drop({ wo_id: 'WO-A', title: 'a', files: [{ path: 'k', content: SECRET }] });
  s.drain();
  s.drop({ wo_id: 'WO-MOVED', title: SECRET, actions: [{ action: 'delete', path: 'still-nope' }] }, 'OTHER');
  s.drop({ wo_id: 'WO-B', title: 'b', files: [{ path: 'k', content: 'clean' }] });
  s.drain();
  const claim =
    s
      .names('bridge/outbox/MAIN')
      .find((n) => n.startsWith('bad.json'))
      ?.split('.')
      .at(-3) ?? '';
  purge(s, claim);
  purge(s, 'WO-MOVED');
  const report = purge(s, 'WO-A');
  assert.ok(report.out_of_reach.some(({ what }) => what.includes('evidence of WO-B')));
  purge(s, 'WO-B');
  const left = whereItStands(s);
  assert.equal(left.length, 1, left.join('\n')); // the blob that the branch holds
  verifies(s);
});

test('nothing is purged without --secret, while it is alive, or where nothing is known', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-HELD', title: 'x', hold: true, files: [{ path: 'a', content: 'a' }] });
  s.drain();
  assert.equal(s.waybill('purge', 'WO-HELD').code, 64);
  s.waybill('purge', 'WO-HELD', '--secret');
  s.waybill('purge', 'WO-NEVER', '--secret');
  s.drain();
  const refusals = s
    .names('.git/waybill/commands')
    .map((name) => (JSON.parse(s.read(`.git/waybill/commands/${name}`)) as { code: string }).code);
  assert.deepEqual(refusals.sort(), ['ILLEGAL_TRANSITION', 'UNKNOWN_ORDER']);
  assert.equal(s.state('WO-HELD').status, 'parked');
});

test('a record marked as purged without a record that says so is a fault', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'a', content: 'a' }] });
  s.drain();
  const path = join('.git/waybill/ledger', s.names('.git/waybill/ledger').find((n) => n.endsWith('.jsonl')) ?? '');
  const lines = s.read(path).split('\n');
  const forge = (title: string) =>
    lines.map((line) => {
      if (!line.includes('"admitted"')) return line;
      const emptied = JSON.stringify(entombed(JSON.parse(line) as Recorded));
      return title === '' ? emptied : emptied.replace(PURGED_TEXT, title);
    });
  // words of one's own in it, and none, but nobody who says so
  for (const [title, told] of [
    ['y', /the record was changed/],
    ['', /marked as purged/],
  ] as const) {
    s.write(path, forge(title).join('\n'));
    const { code, stdout } = s.waybill('verify');
    assert.equal(code, 1);
    assert.match(stdout, told);
  }
});

test('a forged purge is a fault: what it emptied is not what the journal has; a real one is told as a warning', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'delete', path: 'nowhere' }] });
  s.drain();
  const path = join('.git/waybill/ledger', s.names('.git/waybill/ledger').find((n) => n.endsWith('.jsonl')) ?? '');
  const honest = s.read(path);
  const records = honest
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
  const admitted = records.findIndex((r) => r.event === 'admitted');
  const was = records[admitted] as Recorded<'admitted'>;
  const forged = entombed({ ...was, data: { ...was.data, requester: { ...was.data.requester, uid: 4711 } } });
  const last = records.at(-1) as Recorded;
  const body = {
    ...last,
    seq: last.seq + 1,
    event: 'purged',
    from: null,
    to: null,
    prev: last.hash,
    data: { by: 'nobody', reason: '', claims: [], records: [{ seq: was.seq, hash: was.hash, left: hashOf(forged) }] },
  };
  const { hash: _, ...unsigned } = body;
  const lines = [...records.map((r, n) => (n === admitted ? forged : r)), { ...unsigned, hash: hashOf(unsigned) }];
  s.write(path, lines.map((r) => `${JSON.stringify(r)}\n`).join(''));
  const found = s.waybill('verify');
  assert.equal(found.code, 1, found.stdout);
  assert.match(found.stdout, /another one than the journal has/);
  s.write(path, honest);
  purge(s, 'WO-1');
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 0);
  assert.match(stdout, /WO-1.*3 records were emptied by .*it was leaked/);
});

test.run();
