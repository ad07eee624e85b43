import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InboxScanner } from '../../src/intake/scan.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('intake/scan');

const SETTLE = 120;

function inbox(t: TestContext, settleMs = SETTLE): { inbox: string; lane: string; scanner: InboxScanner } {
  const folder = t.tempDir();
  mkdirSync(join(folder, 'MAIN'));
  return { inbox: folder, lane: join(folder, 'MAIN'), scanner: new InboxScanner(folder, settleMs) };
}

const names = (scanner: InboxScanner) => scanner.scan(100).drops.map((d) => d.name);

test('rule 2: JSON is complete as soon as it parses, and not before', (t) => {
  const { lane, scanner } = inbox(t, 60_000);
  writeFileSync(join(lane, 'a.json'), '{"wo_id": "WO-1", "files": [');
  assert.deepEqual(names(scanner), []);
  appendFileSync(join(lane, 'a.json'), ']}');
  assert.deepEqual(names(scanner), ['a.json']);
  writeFileSync(join(lane, 'b.json'), '\ufeff{}');
  assert.deepEqual(names(scanner), ['a.json', 'b.json']);
});

test('rule 2: YAML is complete with its end marker, in every form of line end', (t) => {
  const { lane, scanner } = inbox(t, 60_000);
  const forms = { a: '...\n', b: '...', c: '... \t\n', d: '...\r\n', e: 'x: 1\n...' };
  for (const [name, end] of Object.entries(forms)) writeFileSync(join(lane, `${name}.yaml`), `wo_id: WO-1\n${end}`);
  writeFileSync(join(lane, 'only.yaml'), '...\n');
  assert.deepEqual(names(scanner), ['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'e.yaml', 'only.yaml']);
});

test('rule 2: dots that are no end marker complete nothing', (t) => {
  const { lane, scanner } = inbox(t, 60_000);
  const texts = [
    'a: b...\n',
    'a: |\n  ...\n',
    '...\na: 1\n',
    '....\n',
    '# ...\n',
    `a: wait for it...${' '.repeat(12)}\n`,
    `a: x...${' '.repeat(13)}`,
    '..',
  ];
  for (const [i, text] of texts.entries()) writeFileSync(join(lane, `${i}.yaml`), text);
  assert.deepEqual(names(scanner), []);
  writeFileSync(join(lane, 'json-in-name-only.yaml'), '{"wo_id": "WO-1"}');
  assert.deepEqual(names(scanner), []);
});

test('rule 2: YAML without a marker waits until it was still for the settle time', async (t) => {
  const { lane, scanner } = inbox(t);
  writeFileSync(join(lane, 'a.yaml'), 'wo_id: WO-1\n');
  const first = scanner.scan(100);
  assert.deepEqual(first.drops, []);
  assert.ok(first.settlesIn !== null && first.settlesIn > 0 && first.settlesIn <= SETTLE);
  await sleep(SETTLE / 2);
  const second = scanner.scan(100);
  assert.ok(second.settlesIn !== null && second.settlesIn < first.settlesIn);
  assert.deepEqual(second.drops, []);
  await sleep(second.settlesIn + 5);
  const third = scanner.scan(100);
  assert.deepEqual([third.drops.map((d) => d.name), third.settlesIn], [['a.yaml'], null]);
});

test('rule 2: a file that a slow writer lengthens is never taken while it grows', async (t) => {
  const { lane, scanner } = inbox(t);
  const path = join(lane, 'slow.yaml');
  const full = Array.from({ length: 8 }, (_, i) => `key${i}: ${'v'.repeat(20)}\n`).join('');
  for (let at = 0; at < full.length; at += 24) {
    appendFileSync(path, full.slice(at, at + 24));
    assert.deepEqual(names(scanner), [], `taken at ${at}`);
    await sleep(SETTLE / 3);
    assert.deepEqual(names(scanner), [], `taken at ${at}`);
  }
  await sleep(SETTLE + 5);
  const [drop] = scanner.scan(100).drops;
  assert.deepEqual([drop?.name, drop?.size], ['slow.yaml', full.length]);
});

test('rule 2: same size and another time, or another file under the name, begin the wait anew', async (t) => {
  const { lane, scanner } = inbox(t);
  const path = join(lane, 'a.yaml');
  writeFileSync(path, 'a: 1\n');
  names(scanner);
  await sleep(SETTLE + 5);
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
  assert.deepEqual(names(scanner), []);
  await sleep(SETTLE + 5);
  const other = join(lane, '.other');
  writeFileSync(other, 'a: 2\n');
  utimesSync(other, new Date(), new Date(Date.now() + 5000));
  renameSync(other, path);
  assert.deepEqual(names(scanner), []);
  await sleep(SETTLE + 5);
  assert.deepEqual(names(scanner), ['a.yaml']);
});

test('rule 2: an empty file may be the beginning of one: it settles before it is refused', async (t) => {
  const { lane, scanner } = inbox(t);
  for (const name of ['a.yaml', 'b.json']) writeFileSync(join(lane, name), '');
  assert.deepEqual(names(scanner), []);
  await sleep(SETTLE + 5);
  assert.deepEqual(names(scanner), ['a.yaml', 'b.json']);
});

test('rule 2: JSON that never parses is taken when it settled, so that its author hears of it', async (t) => {
  const { lane, scanner } = inbox(t);
  writeFileSync(join(lane, 'a.json'), '{"a": ');
  assert.deepEqual(names(scanner), []);
  await sleep(SETTLE + 5);
  assert.deepEqual(names(scanner), ['a.json']);
});

test('rule 2: names that mean unfinished are skipped, whatever is in them', async (t) => {
  const { lane, scanner } = inbox(t);
  const unfinished = [
    '.hidden.yaml',
    '.a.yaml.swp',
    '#a.yaml#',
    'a.yaml~',
    'a.yaml.tmp',
    'a.TEMP',
    'a.yaml.part',
    'a.partial',
    'a.crdownload',
    'a.download',
    'a.swx',
    'a.yaml.bak',
    '..weird',
  ];
  for (const name of unfinished) writeFileSync(join(lane, name), 'a: 1\n...\n');
  mkdirSync(join(lane, '.folder'));
  const first = scanner.scan(100);
  assert.deepEqual([first.drops, first.oddities, first.settlesIn], [[], [], null]);
  renameSync(join(lane, 'a.yaml.tmp'), join(lane, 'a.yaml'));
  assert.deepEqual(names(scanner), ['a.yaml']);
});

test('rule 10: links, pipes, folders and sockets are named for what they are, and never opened', async (t) => {
  const { inbox: folder, lane, scanner } = inbox(t, 0);
  const elsewhere = join(folder, 'elsewhere.yaml');
  writeFileSync(elsewhere, 'a: 1\n...\n');
  symlinkSync(elsewhere, join(lane, 'link.yaml'));
  symlinkSync('/nowhere', join(lane, 'dangling.json'));
  mkdirSync(join(lane, 'folder.yaml'));
  execFileSync('mkfifo', [join(lane, 'pipe.yaml'), join(lane, 'pipe.json')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(lane, 'socket.yaml'), resolve));
  t.defer(() => new Promise((resolve) => server.close(resolve)));
  const { drops, oddities } = scanner.scan(100);
  assert.deepEqual(drops, []);
  assert.deepEqual(
    oddities.map((o) => [o.name, o.what]),
    [
      ['dangling.json', 'a symbolic link'],
      ['folder.yaml', 'a folder'],
      ['link.yaml', 'a symbolic link'],
      ['pipe.json', 'a pipe'],
      ['pipe.yaml', 'a pipe'],
      ['socket.yaml', 'a socket'],
    ],
  );
  assert.equal(new Set(oddities.map((o) => o.identity)).size, oddities.length);
  assert.deepEqual(
    scanner.scan(100).oddities.map((o) => o.identity),
    oddities.map((o) => o.identity),
    'told once',
  );
});

test('rule 10: one bad lane never stops the others', (t) => {
  const { inbox: folder, scanner } = inbox(t);
  mkdirSync(join(folder, 'LOCKED'));
  mkdirSync(join(folder, 'ZEBRA'));
  writeFileSync(join(folder, 'ZEBRA', 'z.json'), '{}');
  chmodSync(join(folder, 'LOCKED'), 0o000);
  t.defer(() => chmodSync(join(folder, 'LOCKED'), 0o755));
  assert.deepEqual(names(scanner), ['z.json']);
});

test("lane: only folders with plain names are lanes, and files beside them are nobody's", (t) => {
  const { inbox: folder, scanner } = inbox(t);
  for (const name of ['CLC', 'a_b-9', '.git', '-x', 'a b', 'é', 'x'.repeat(65)]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'file'), '');
  assert.deepEqual(scanner.lanes().sort(), ['CLC', 'MAIN', 'a_b-9']);
  rmSync(folder, { recursive: true });
  assert.deepEqual(scanner.lanes(), []);
  assert.deepEqual(scanner.scan(10), { drops: [], oddities: [], settlesIn: null });
});

test('rule 11: a scan takes at most what it is asked for, by name, and says that there is more', (t) => {
  const { lane, scanner } = inbox(t);
  for (let i = 9; i >= 0; i--) writeFileSync(join(lane, `${i}.json`), '{}');
  const first = scanner.scan(3);
  assert.deepEqual([first.drops.map((d) => d.name), first.settlesIn], [['0.json', '1.json', '2.json'], 0]);
});

test.run();
