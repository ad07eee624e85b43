import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
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

test('an object whose bytes are not those of its commit, read by a second implementation of git', (t) => {
  const s = finished(t);
  const blob = s.git('rev-parse', 'HEAD:f3.txt');
  const packs = s
    .names('.git/objects/pack')
    .filter((n) => n.endsWith('.pack'))
    .map((n) => readFileSync(s.path('.git/objects/pack', n)));
  rmSync(s.path('.git/objects/pack'), { recursive: true });
  for (const pack of packs) {
    execFileSync('git', ['unpack-objects', '-q'], { cwd: s.root, input: pack, stdio: ['pipe', 'ignore', 'ignore'] });
  }
  assert.equal(s.waybill('verify').code, 0, 'unpacking changes nothing');
  const path = s.path('.git/objects', blob.slice(0, 2), blob.slice(2));
  rmSync(path);
  writeFileSync(path, deflateSync(Buffer.from('blob 7\0forged\n')));
  assertFound(s, /commit WO-3: commit \w+ holds other bytes at f3\.txt/);
});

test.run();
