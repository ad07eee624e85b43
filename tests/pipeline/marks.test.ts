import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/**
 * The tree without `.git` deleted, or replaced by an older copy of it (`rsync --delete`). Rule 1: nothing recorded is lost, projections
 * come back by themselves; rule 12: a station at rest writes no marks.
 */

const test = suite('the tree put back from an older copy', { timeoutMs: 250_000 });

const WAIT_MS = 90_000;
const FOLDERS = ['state', 'bridge'];
const SETTINGS = 'intake: {scan_seconds: 1}\n';
const SHOWN = '.git/waybill/shown.json';

function file(n: number | string): { wo_id: string; [key: string]: unknown } {
  return { wo_id: `WO-${n}`, title: `order ${n}`, files: [{ path: `f${n}.txt`, content: `${n}\n` }] };
}

/** What `rsync -a --delete` from the copy does: everything but `.git` becomes as it was then. */
function olderTree(s: TestStation, t: TestContext): () => void {
  const copy = join(t.tempDir(), 'tree');
  const without = (path: string) => !path.startsWith(s.path('.git'));
  cpSync(s.root, copy, { recursive: true, preserveTimestamps: true, filter: without });
  return () => mirror(copy, s.root);
}

/** Until it is gone: the station makes lanes and projections again while they are deleted. */
function removeRunning(path: string): void {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch {
      // again
    }
  }
}

function mirror(from: string, to: string): void {
  for (const name of readdirSync(to))
    if (!existsSync(join(from, name)) && name !== '.git') rmSync(join(to, name), { recursive: true, force: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      mkdirSync(target, { recursive: true });
      mirror(source, target);
    } else {
      cpSync(source, `${target}.rsync`, { preserveTimestamps: true });
      renameSync(`${target}.rsync`, target);
    }
  }
}

function projections(s: TestStation): Record<string, string> {
  const found: Record<string, string> = {};
  for (const folder of ['state/orders', 'bridge/outbox/MAIN'])
    for (const name of s.names(folder)) found[`${folder}/${name}`] = s.read(`${folder}/${name}`);
  return found;
}

function isAtRest(s: TestStation): boolean {
  if (!s.exists(SHOWN)) return false;
  const text = s.read(SHOWN);
  const head = s.read('.git/waybill/ledger/000000000001.jsonl').trimEnd().split('\n').at(-1) ?? '{}';
  const { seq } = JSON.parse(head) as { seq: number };
  return (
    (JSON.parse(text) as { seq: number }).seq === seq &&
    ['state/orders', 'state/evidence', 'bridge/outbox'].every(
      (folder) => s.exists(`${folder}/.waybill`) && s.read(`${folder}/.waybill`) === text,
    )
  );
}

function assertWhole(s: TestStation, wanted: Record<string, string>, woIds: readonly string[]): void {
  assert.deepEqual(projections(s), wanted);
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 0, stdout);
  for (const woId of woIds) assert.equal(s.commitsOf(woId).length, 1, woId);
}

test('rule 1: an older tree under a running station; its state, results and evidence come back by themselves', async (t) => {
  const s = testStation(t, { settings: SETTINGS });
  s.drop(file(1));
  s.drop({ ...file('HELD'), hold: true });
  s.write('bridge/inbox/MAIN/broken.json', '{"wo_id": "WO-X", "nonsense": }');
  const up = await s.up(t);
  // a broken file may still be in the middle of being written, and is answered later
  const isBrokenTold = () => s.names('bridge/outbox/MAIN').some((name) => name.startsWith('broken.json'));
  await until(
    () => s.exists('bridge/outbox/MAIN/WO-1.result.json') && isBrokenTold() && isAtRest(s),
    'the first is done',
    WAIT_MS,
  );
  const putBack = olderTree(s, t);
  s.drop(file(2));
  s.waybill('release', 'WO-HELD');
  await until(
    () => ['WO-2', 'WO-HELD'].every((id) => s.exists(`bridge/outbox/MAIN/${id}.result.json`)) && isAtRest(s),
    'the others are done',
    WAIT_MS,
  );
  const wanted = projections(s);
  putBack();
  // a working tree of the person's own goes back as well, and is hers to mend
  s.git('checkout', '--quiet', '.');
  await until(
    () =>
      s.telemetry().some((e) => e.event === 'projections_restored') && s.exists('state/evidence/WO-2') && isAtRest(s),
    'they come back',
    WAIT_MS,
  );
  assertWhole(s, wanted, ['WO-1', 'WO-2', 'WO-HELD']);
  await up.stop();
  assertWhole(s, wanted, ['WO-1', 'WO-2', 'WO-HELD']);
});

test('rule 1: an older tree while the station is stopped; the next start mends it, and writes only what differs', (t) => {
  const s = testStation(t);
  s.drop(file(1));
  s.drain();
  const putBack = olderTree(s, t);
  s.drop(file(2));
  s.drop({ wo_id: 'WO-1', title: 'order 1', files: [{ path: 'f1.txt', content: '1\n' }] });
  s.drain();
  const wanted = projections(s);
  putBack();
  s.git('checkout', '--quiet', '.');
  const before = statSync(s.path('state/evidence/WO-1/manifest.json')).ino;
  s.write('state/orders/note.txt', 'hers');
  s.drain();
  assert.equal(statSync(s.path('state/evidence/WO-1/manifest.json')).ino, before, 'what is right is not written again');
  assert.equal(s.read('state/orders/note.txt'), 'hers', 'what the ledger knows nothing of stays');
  rmSync(s.path('state/orders/note.txt'));
  assertWhole(s, wanted, ['WO-1', 'WO-2']);
});

test('deleted folders, one or all, running or stopped, come back; marks of an older version are no attack', async (t) => {
  const s = testStation(t, { settings: SETTINGS });
  s.drop(file(1));
  s.drain();
  const wanted = projections(s);
  for (const folders of [['state'], ['bridge/outbox'], ['state/evidence'], ['state', 'bridge/outbox']]) {
    for (const folder of folders) rmSync(s.path(folder), { recursive: true });
    assert.equal(s.waybill('restore').code, 0);
    assertWhole(s, wanted, ['WO-1']);
  }
  for (const folder of ['state/orders', 'state/evidence', 'bridge/outbox', 'bridge/quarantine'])
    s.write(`${folder}/.waybill`, 'repo-abcd\n');
  rmSync(s.path(SHOWN));
  assert.ok(!s.drain().includes('older copy'));
  assertWhole(s, wanted, ['WO-1']);
  await s.up(t);
  for (const folder of FOLDERS) removeRunning(s.path(folder));
  await until(
    () => Object.keys(projections(s)).length === Object.keys(wanted).length && isAtRest(s),
    'they come back',
    WAIT_MS,
  );
  assertWhole(s, wanted, ['WO-1']);
});

test('what was purged does not come back with an older tree', (t) => {
  const s = testStation(t);
  s.drop({ ...file(1), title: 'topsecret' });
  s.drop(file(2));
  s.drain();
  const putBack = olderTree(s, t);
  s.waybill('purge', 'WO-1', '--secret');
  s.drain();
  const wanted = projections(s);
  putBack();
  s.drain();
  assertWhole(s, wanted, ['WO-2']);
  assert.ok(!s.exists('state/evidence/WO-1'));
});

test('rule 12: a station at rest writes no marks, and each work gives the tree another one', async (t) => {
  const s = testStation(t, { settings: SETTINGS });
  await s.up(t);
  s.drop(file(1));
  await until(() => s.exists('bridge/outbox/MAIN/WO-1.result.json') && isAtRest(s), 'done', WAIT_MS);
  const seen = () => [SHOWN, 'state/orders/.waybill'].map((path) => `${statSync(s.path(path)).ino}`).join();
  const [mark, at] = [readFileSync(s.path(SHOWN), 'utf8'), seen()];
  let beats = 0;
  let beat = s.read('.git/waybill/heartbeat.json');
  await until(
    () => {
      const now = s.read('.git/waybill/heartbeat.json');
      if (now !== beat) beats++;
      beat = now;
      return beats >= 4;
    },
    'four looks of the idle station',
    WAIT_MS,
  );
  assert.equal(seen(), at);
  s.drop(file(2));
  await until(() => s.exists('bridge/outbox/MAIN/WO-2.result.json') && isAtRest(s), 'done', WAIT_MS);
  assert.notEqual(readFileSync(s.path(SHOWN), 'utf8'), mark);
});

test.run();
