import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Lanes that watch folders outside the bridge, and rules that make orders of files that are none. */

const test = suite('rules of lanes');

const SETTINGS = `lanes:
  MAIN: {}
  PATCHES:
    folder: ../drop
    take:
      - match: "*.patch"
        order:
          title: "Apply {file}"
          tags: ["from {lane}"]
          actions: [{action: patch, patch: "{content}"}]
      - match: "*.png"
        order: {title: "Keep {file}", files: [{path: "images/{file}", content: "{base64}", encoding: base64}]}
      - match: "*.wo.yaml"
`;
const PATCH = '--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1 +1 @@\n-hello\n+hello {content} $(date)\n';

function outside(s: TestStation, name: string, content: string | Buffer): void {
  const path = join(s.root, '../drop', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

test('a dropped .patch file becomes an order, lands, and is evidence byte for byte; other files are left alone', (t) => {
  const s = testStation(t, { settings: SETTINGS, files: { 'greeting.txt': 'hello\n' } });
  outside(s, 'fix greeting.patch', PATCH);
  outside(s, 'holiday.jpg', 'no rule');
  outside(s, 'pixel.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]));
  outside(s, 'own.wo.yaml', 'wo_id: WO-OWN\nfiles:\n  - {path: own, content: own}\n...\n');
  outside(s, 'WO-NOT-TAKEN.yaml', 'wo_id: WO-NOT-TAKEN\nfiles:\n  - {path: n, content: n}\n...\n');
  s.drain();
  assert.equal(s.read('greeting.txt'), 'hello {content} $(date)\n');
  const woId =
    s
      .names('state/orders')
      .find((n) => n.startsWith('fix-greeting-'))
      ?.slice(0, -5) ?? '';
  assert.equal(s.result(woId, 'PATCHES').status, 'done');
  assert.equal(s.state(woId).title, 'Apply fix greeting.patch');
  assert.deepEqual(s.state(woId).tags, ['from PATCHES']);
  assert.equal(s.read(`state/evidence/${woId}/request/fix greeting.patch`), PATCH);
  assert.equal(s.result('WO-OWN', 'PATCHES').status, 'done');
  assert.ok(s.exists('images/pixel.png'));
  assert.deepEqual(s.names('../drop'), ['WO-NOT-TAKEN.yaml', 'holiday.jpg']);
  assert.equal(s.waybill('verify').code, 0);
  assert.deepEqual(s.leftovers(), []);
});

test('the same patch dropped twice is answered again; one that does not apply fails, and can be retried from the journal', (t) => {
  const s = testStation(t, { settings: SETTINGS, files: { 'greeting.txt': 'hello\n' } });
  outside(s, 'fix.patch', PATCH);
  s.drain();
  outside(s, 'fix.patch', PATCH);
  s.drain();
  assert.equal(s.git('rev-list', '--count', 'HEAD'), '2');
  outside(s, 'late.patch', PATCH.replace('-hello', '-hallo'));
  s.drain();
  const woId =
    s
      .names('state/orders')
      .find((n) => n.startsWith('late-'))
      ?.slice(0, -5) ?? '';
  assert.equal(s.result(woId, 'PATCHES').error?.code, 'PATCH_FAILED');
  s.write('greeting.txt', 'hallo\n');
  s.commitAll('Say it in German');
  // the rule is gone by now, and what it made of the file stays what it was
  s.write('waybill.yaml', 'lanes: {MAIN: {}}\n');
  s.commitAll('No more patches');
  s.waybill('retry', woId);
  s.drain();
  assert.equal(s.state(woId).status, 'done', JSON.stringify(s.state(woId).last_error));
});

test('what a rule cannot make an order of is refused, and lies in quarantine as it was dropped', (t) => {
  const s = testStation(t, { settings: SETTINGS });
  outside(s, 'binary.patch', Buffer.from([0xff, 0xfe, 0x00]));
  outside(s, 'prose.patch', 'this is no diff\n');
  s.drain();
  const refusals = Object.fromEntries(s.rejections('PATCHES').map((r) => [r.file, r.error?.code]));
  assert.deepEqual(refusals, { 'binary.patch': 'NOT_UTF8', 'prose.patch': 'PATCH_INVALID' });
  const kept = s.names('bridge/quarantine/PATCHES').find((n) => n.endsWith('-prose.patch')) ?? '';
  assert.equal(s.read(`bridge/quarantine/PATCHES/${kept}`), 'this is no diff\n');
});

test('a running station notices files in a folder outside, also when that folder appears later (rule 6)', async (t) => {
  const s = testStation(t, {
    settings: SETTINGS.replace('lanes:', 'intake: {scan_seconds: 1}\nlanes:'),
    files: { 'greeting.txt': 'hello\n' },
  });
  await s.up(t);
  outside(s, 'fix.patch', PATCH);
  await until(() => s.read('greeting.txt').startsWith('hello {'), 'the patch landed');
});

test('a rule needs a pattern, and a folder outside needs rules (rule 7)', (t) => {
  const s = testStation(t);
  s.write('waybill.yaml', 'lanes: {X: {folder: ../drop}}\n');
  const { code, stderr } = s.waybill('up', '--drain');
  assert.equal(code, 65);
  assert.match(stderr, /SETTINGS_INVALID.*take/s);
  s.write('waybill.yaml', 'lanes: {MAIN: {take: [{match: "*", order: {post_verify: ["cat {file}"]}}]}}\n');
  assert.match(s.waybill('up', '--drain').stderr, /would reach a shell/);
});

test.run();
