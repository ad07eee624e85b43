import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { writePack } from '../../src/git/objects/pack.ts';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Each gate on its producer's real output, and on a known-bad one: rule 14 and 15, "an edit, a deletion and a tail cut back are all found". */

const LEDGER = '.git/waybill/ledger/000000000001.jsonl';
const test = suite('verify names what does not hold');

function finished(t: Parameters<typeof testStation>[0]): TestStation {
  const s = testStation(t);
  for (const n of [1, 2, 3])
    s.drop({ wo_id: `WO-${n}`, title: `order ${n}`, files: [{ path: `f${n}.txt`, content: `${n}\n` }] });
  s.drain();
  assert.equal(s.waybill('verify').code, 0);
  return s;
}

function lines(s: TestStation): string[] {
  return s.read(LEDGER).split('\n').filter(Boolean);
}

function assertFound(s: TestStation, pattern: RegExp): void {
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 1, stdout);
  assert.match(stdout, pattern);
  const json = JSON.parse(s.waybill('verify', '--json').stdout) as {
    v: number;
    ok: boolean;
    findings: { message: string }[];
  };
  assert.equal(json.v, 1);
  assert.equal(json.ok, false);
}

test('an edited ledger line', (t) => {
  const s = finished(t);
  const all = lines(s);
  const n = all.findIndex((l) => l.includes('"succeeded"'));
  all[n] = (all[n] ?? '').replace('WO-', 'WO_');
  s.write(LEDGER, `${all.join('\n')}\n`);
  assertFound(s, new RegExp(`ledger record ${n + 1} .*(changed|not follow)`));
});

test('a record edited together with its own hash', (t) => {
  const s = finished(t);
  const all = lines(s);
  const record = JSON.parse(all[2] ?? '') as Record<string, unknown>;
  all[2] = JSON.stringify({ ...record, ts: '2020-01-01T00:00:00.000Z' });
  s.write(LEDGER, `${all.join('\n')}\n`);
  assertFound(s, /ledger record 3 .*changed/);
});

test('a deleted middle line', (t) => {
  const s = finished(t);
  const all = lines(s);
  all.splice(4, 1);
  s.write(LEDGER, `${all.join('\n')}\n`);
  assertFound(s, /ledger record 5 .*(missing|doubled)/);
});

test('a tail cut back past an anchor', (t) => {
  const s = finished(t);
  const all = lines(s);
  s.write(LEDGER, `${all.slice(0, -3).join('\n')}\n`);
  assertFound(s, /its tail was cut/);
});

test('the whole ledger removed', (t) => {
  const s = finished(t);
  rmSync(s.path('.git/waybill/ledger'), { recursive: true });
  assertFound(s, /its tail was cut/);
});

test('a changed, a missing, a stray evidence file, and a changed manifest', (t) => {
  for (const [damage, pattern] of [
    [
      (s: TestStation) => appendFileSync(s.path('state/evidence/WO-2/changes.patch'), 'x'),
      /evidence WO-2: evidence changes\.patch is changed/,
    ],
    [
      (s: TestStation) => rmSync(s.path('state/evidence/WO-2/plan.json')),
      /evidence WO-2: evidence plan\.json is missing/,
    ],
    [
      (s: TestStation) => writeFileSync(s.path('state/evidence/WO-2/extra.txt'), 'x'),
      /evidence WO-2: evidence extra\.txt is stray/,
    ],
    [
      (s: TestStation) => appendFileSync(s.path('state/evidence/WO-2/manifest.json'), '\n'),
      /evidence WO-2: evidence manifest\.json is changed/,
    ],
  ] as const) {
    const s = finished(t);
    damage(s);
    assertFound(s, pattern);
    assert.equal(s.waybill('verify', 'WO-1').code, 0, 'another order is not touched by it');
    s.waybill('restore', '--all');
    assert.equal(s.waybill('verify').code, 0, 'restore brings it back from the journal');
  }
});

test('a rewritten commit and a lost one are told apart, and are no errors: a person may do that', (t) => {
  const s = finished(t);
  s.git('commit', '--quiet', '--amend', '--no-edit', '--date', '2020-01-01T00:00:00Z');
  const rewritten = s.waybill('verify');
  assert.match(rewritten.stdout, /rewritten WO-\d: commit \w+ was rewritten as \w+/);
  s.git('reset', '--quiet', '--hard', 'HEAD~1');
  const lost = s.waybill('verify');
  assert.match(lost.stdout, /lost WO-\d: commit \w+ is not on/);
  assert.equal(lost.code, 0);
});

test('an object whose bytes are not those of its commit', (t) => {
  const s = finished(t);
  const blob = s.git('rev-parse', 'HEAD:f3.txt');
  unpacked(s);
  assert.equal(s.waybill('verify').code, 0, 'unpacking changes nothing');
  const path = s.path('.git/objects', blob.slice(0, 2), blob.slice(2));
  rmSync(path);
  writeFileSync(path, deflateSync(Buffer.from('blob 7\0forged\n')));
  assertFound(s, /commit WO-3: commit \w+ holds other bytes at f3\.txt/);
});

/** Makes every object loose, so that any of them can be taken away. */
function unpacked(s: TestStation): void {
  const packs = s.names('.git/objects/pack').filter((n) => n.endsWith('.pack'));
  const bytes = packs.map((n) => readFileSync(s.path('.git/objects/pack', n)));
  rmSync(s.path('.git/objects/pack'), { recursive: true });
  for (const input of bytes)
    execFileSync('git', ['unpack-objects', '-q'], { cwd: s.root, input, stdio: ['pipe', 'ignore', 'ignore'] });
}

/** Puts other bytes under an object's id, in a pack, where git does not hold them against it. */
async function forge(s: TestStation, id: string, type: 'blob' | 'commit', change: (bytes: Buffer) => Buffer) {
  unpacked(s);
  const bytes = execFileSync('git', ['cat-file', type, id], { cwd: s.root });
  rmSync(s.path('.git/objects', id.slice(0, 2), id.slice(2)));
  await writePack(s.path('.git'), s.path('.git/scratch'), [{ id, type, bytes: change(bytes), base: null }]);
}

test('a file and a commit in a pack that are not what their ids say', async (t) => {
  const s = finished(t);
  await forge(s, s.git('rev-parse', 'HEAD~1:f2.txt'), 'blob', () => Buffer.from('forged\n'));
  assertFound(s, /commit WO-2: commit \w+ holds other bytes at f2\.txt/);
  const other = finished(t);
  await forge(other, other.git('rev-parse', 'HEAD~1'), 'commit', (bytes) =>
    Buffer.from(bytes.toString('utf8').replace('order 2', 'Order 2')),
  );
  assertFound(other, /commit WO-2: commit \w+ cannot be read, or its bytes are not those of its id/);
});

test('a pack of ours that was changed where git did not look, read by the second implementation', (t) => {
  const s = finished(t);
  const packs = s.names('.git/objects/pack').filter((n) => n.endsWith('.pack'));
  const [pack = ''] = packs.filter((n) =>
    s.git('verify-pack', '-v', `.git/objects/pack/${n}`).includes(s.git('rev-parse', 'HEAD')),
  );
  const journal = s.git('for-each-ref', '--format=%(refname)', 'refs/waybill/*/journal');
  const entry = s
    .git('ls-tree', '-r', journal)
    .split('\n')
    .find((line) => /attempt-1\/receipt\.json$/.test(line));
  const blob = /[0-9a-f]{40}/.exec(entry ?? '')?.[0] ?? '';
  const line = s
    .git('verify-pack', '-v', `.git/objects/pack/${pack}`)
    .split('\n')
    .find((l) => l.startsWith(blob));
  const at = Number(line?.trim().split(/\s+/)[4]) + 20;
  const path = s.path('.git/objects/pack', pack);
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  rmSync(path);
  writeFileSync(path, bytes);
  assertFound(
    s,
    /commit WO-\d: commit \w+ cannot be read by a second implementation of git: Packfile payload corrupted/,
  );
});

test('each step tells how long it took, that of commits apart', (t) => {
  const s = finished(t);
  const steps = (...args: string[]) =>
    (JSON.parse(s.waybill('verify', '--json', ...args).stdout) as { steps: { name: string; ms: number }[] }).steps;
  assert.deepEqual(
    steps().map(({ name }) => name),
    ['anchors', 'ledger and evidence', 'commits'],
  );
  assert.ok(steps().every(({ ms }) => Number.isInteger(ms) && ms >= 0));
  assert.deepEqual(
    steps('--skip-commits').map(({ name }) => name),
    ['anchors', 'ledger and evidence'],
  );
});

test('an order that ended and goes on: its attempts, its repetitions and its purge are counted right', (t) => {
  const s = finished(t);
  const fails = { wo_id: 'WO-4', title: 'fails', actions: [{ action: 'delete', path: 'gone' }] };
  s.drop(fails);
  s.drain();
  s.waybill('retry', 'WO-4');
  s.drop({ wo_id: 'WO-1', title: 'order 1', files: [{ path: 'f1.txt', content: '1\n' }] });
  s.drain();
  const counts = () => {
    const { ok, orders, evidence, commits } = JSON.parse(s.waybill('verify', '--json').stdout) as Record<
      string,
      unknown
    >;
    return { ok, orders, evidence, commits };
  };
  assert.deepEqual(counts(), { ok: true, orders: 4, evidence: 5, commits: 3 });
  rmSync(s.path('state/evidence/WO-4'), { recursive: true });
  assertFound(s, /evidence WO-4: evidence manifest\.json is missing/);
  s.waybill('purge', 'WO-4', '--secret');
  s.drain();
  assert.deepEqual(counts(), { ok: true, orders: 4, evidence: 3, commits: 3 });
});

test.run();
