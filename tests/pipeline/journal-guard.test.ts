import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sampled } from '../support/sample.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The journal ref deleted or set back by somebody, and cleaned up by git. Rule 1: nothing recorded is lost, and nothing stands still. */

const test = suite('the journal ref is moved by somebody', { timeoutMs: 250_000 });

const WAIT_MS = 90_000;

function ref(s: TestStation): string {
  const { id } = JSON.parse(s.read('.git/waybill/station.json')) as { id: string };
  return `refs/waybill/${id}/journal`;
}

function order(n: number | string): { wo_id: string; [key: string]: unknown } {
  return { wo_id: `WO-${n}`, title: `order ${n}`, files: [{ path: `f${n}.txt`, content: `${n}\n` }] };
}

/** Three commits ago, or the oldest of a journal that was just written again. */
function back(s: TestStation): string {
  const ids = s.git('rev-list', '--first-parent', '--max-count=4', ref(s)).split('\n');
  return ids.at(-1) ?? '';
}

/** Whether the journal says that it holds every record of the ledger. */
function isFlushed(s: TestStation): boolean {
  const records = s.read('.git/waybill/ledger/000000000001.jsonl').trimEnd().split('\n').length;
  try {
    return s.git('log', '-1', '--format=%B', ref(s)).split('\n').includes(`Upto: ${records}`);
  } catch {
    return false; // not there at this moment
  }
}

function cleanUp(s: TestStation, ...update: string[]): void {
  s.git('update-ref', ...update);
  s.git('reflog', 'expire', '--expire=now', '--all');
  s.git('gc', '--quiet', '--prune=now');
}

/** Everything is where it belongs, and comes back from the journal alone. */
function assertWhole(s: TestStation, woIds: readonly string[]): void {
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  for (const woId of woIds) {
    assert.equal(s.state(woId).status, 'done', woId);
    assert.equal(s.commitsOf(woId).length, 1, woId);
  }
  const results = s.names('bridge/outbox/MAIN').map((name) => s.read(`bridge/outbox/MAIN/${name}`));
  for (const folder of ['state', 'bridge/outbox', 'bridge/quarantine', '.git/waybill/ledger'])
    rmSync(s.path(folder), { recursive: true, force: true });
  assert.equal(s.waybill('restore', '--ledger').code, 0);
  assert.deepEqual(
    s.names('bridge/outbox/MAIN').map((name) => s.read(`bridge/outbox/MAIN/${name}`)),
    results,
  );
  const again = s.waybill('verify');
  assert.equal(again.code, 0, again.stdout);
  assert.deepEqual(
    s.leftovers().filter((name) => !name.includes('/keep/journal-') && !name.endsWith('.marks')),
    [],
  );
  s.git('fsck', '--strict', '--no-dangling');
}

function made(s: TestStation): string[] {
  const ids = ['WO-1', 'WO-2', 'WO-3'];
  for (const n of [1, 2, 3]) {
    s.drop(order(n));
    s.drain();
  }
  return ids;
}

const DAMAGES: [string, (s: TestStation) => void][] = [
  ['deleted', (s) => s.git('update-ref', '-d', ref(s))],
  ['set back', (s) => s.git('update-ref', ref(s), back(s))],
  ['put elsewhere', (s) => s.git('update-ref', ref(s), 'HEAD')],
  ['deleted and cleaned up', (s) => cleanUp(s, '-d', ref(s))],
  ['set back and cleaned up', (s) => cleanUp(s, ref(s), back(s))],
];

for (const [name, damage] of sampled(DAMAGES, 1, ([name]) => name)) {
  test(`while the station is stopped: ${name}`, (t) => {
    const s = testStation(t);
    const ids = made(s);
    damage(s);
    s.drop(order(4));
    const said = s.drain();
    assert.match(said, /journal/);
    assert.ok(s.telemetry().some((e) => e.event === 'journal_mended'));
    if (name === 'put elsewhere') assert.match(s.git('for-each-ref', 'refs/waybill'), /keep\/journal-/);
    // what is dropped again is known, and answered
    s.drop(order(1));
    s.drain();
    assert.equal(s.telemetry().filter((e) => e.event === 'journal_mended').length, 1);
    assertWhole(s, [...ids, 'WO-4']);
  });
}

test('while the station runs, in two of these ways one after the other', async (t) => {
  const s = testStation(t, { settings: 'intake: {scan_seconds: 1}\n' });
  const ids = made(s);
  const up = await s.up(t);
  await until(() => isFlushed(s), 'the start is in the journal', WAIT_MS);
  let n = 3;
  for (const [name, damage] of sampled(DAMAGES, 2, ([name]) => name)) {
    damage(s);
    n++;
    // before the station looks: a new order, and one that is known
    s.drop(order(n));
    s.drop(order(1), 'MAIN');
    ids.push(`WO-${n}`);
    await until(() => s.exists(`bridge/outbox/MAIN/WO-${n}.result.json`), `${name}: WO-${n} is done`, WAIT_MS);
    await until(() => isFlushed(s), `${name}: the journal holds every record`, WAIT_MS);
  }
  await up.stop();
  assertWhole(s, ids);
});

test('a purge is no damage, also where it is cut short', (t) => {
  const s = testStation(t);
  made(s);
  s.waybill('purge', 'WO-1', '--secret');
  const steps = s.drainKilledAt(0).steps;
  const journal = steps.indexOf('purge: journal');
  assert.ok(journal > 0);
  s.waybill('purge', 'WO-2', '--secret');
  assert.ok(s.drainKilledAt(journal + 1).killed);
  s.drain();
  s.drain();
  assert.ok(!s.telemetry().some((e) => e.event === 'journal_mended'));
  assert.ok(!s.git('log', '-p', ref(s)).includes('order 2'));
  assert.equal(s.waybill('verify').code, 0);
});

test('a ref that was put back while gc removed its objects is written again, at the next flush and at a start', async (t) => {
  const s = testStation(t, { settings: 'intake: {scan_seconds: 1}\n' });
  const ids = made(s);
  const hollow = () => {
    const tip = s.git('rev-parse', ref(s));
    cleanUp(s, '-d', ref(s));
    mkdirSync(dirname(join(s.root, '.git', ref(s))), { recursive: true });
    s.write(`.git/${ref(s)}`, `${tip}\n`);
  };
  hollow();
  s.drain();
  const up = await s.up(t);
  await until(() => isFlushed(s), 'the start is in the journal', WAIT_MS);
  hollow();
  s.drop(order(4));
  await until(() => s.exists('bridge/outbox/MAIN/WO-4.result.json') && isFlushed(s), 'WO-4 is done', WAIT_MS);
  await up.stop();
  assertWhole(s, [...ids, 'WO-4']);
});

test.run();
