import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScanSettings } from '../../src/intake/lanes.ts';
import { type Drop, InboxScanner, ruleFor } from '../../src/intake/scan.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('intake/scan');

const SETTLE = 120;

function settings(more: Partial<ScanSettings> = {}): ScanSettings {
  return { settleMs: SETTLE, maxOrderBytes: 4096, lanes: {}, ...more };
}

function inbox(t: TestContext, settleMs = SETTLE): { inbox: string; lane: string; scanner: InboxScanner } {
  const folder = t.tempDir();
  mkdirSync(join(folder, 'MAIN'));
  const scanner = new InboxScanner(folder, settings({ settleMs }));
  return { inbox: folder, lane: join(folder, 'MAIN'), scanner };
}

/** Writes these files below a folder, with what folders they need. */
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A drop without what names it at this very moment. */
const whereIs = ({ lane, folder, name }: Drop) => ({ lane, folder, name });
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
  assert.deepEqual(scanner.scan(100).drops.map(whereIs), [{ lane: 'MAIN', folder: lane, name: 'slow.yaml' }]);
  assert.equal(statSync(path).size, full.length);
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

test('rule 10: links, pipes and sockets are named for what they are, and never opened', async (t) => {
  const { inbox: folder, lane, scanner } = inbox(t, 0);
  const elsewhere = join(folder, 'elsewhere.yaml');
  writeFileSync(elsewhere, 'a: 1\n...\n');
  symlinkSync(elsewhere, join(lane, 'link.yaml'));
  symlinkSync('/nowhere', join(lane, 'dangling.json'));
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

const laneNames = (scanner: InboxScanner) =>
  scanner
    .lanes()
    .map(({ lane }) => lane)
    .sort();

test("lane: only folders with plain names are lanes, and files beside them are nobody's", (t) => {
  const { inbox: folder, scanner } = inbox(t);
  for (const name of ['CLC', 'a_b-9', '.git', '-x', 'a b', 'é', 'x'.repeat(65)]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'file'), '');
  assert.deepEqual(laneNames(scanner), ['CLC', 'MAIN', 'a_b-9']);
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

/** Scans until a pass ends, and takes away what each scan brought, as claiming does. */
function wholePass(scanner: InboxScanner, limit: number): string[][] {
  const scans: string[][] = [];
  for (;;) {
    const { drops, settlesIn } = scanner.scan(limit);
    for (const drop of drops) rmSync(join(drop.folder, drop.name), { recursive: true });
    scans.push(drops.map(({ lane, name }) => `${lane}/${name}`));
    if (settlesIn !== 0) return scans;
    assert.ok(scans.length < 1000, 'the pass does not end');
  }
}

test('rule 11: a pass over many files in small scans visits each once', (t) => {
  const { lane, scanner } = inbox(t);
  const all = Array.from({ length: 100 }, (_, i) => `${String(i).padStart(3, '0')}.json`);
  for (const limit of [1, 7, 100, 1000]) {
    for (const name of all) writeFileSync(join(lane, name), '{}');
    const scans = wholePass(scanner, limit);
    assert.ok(scans.every((names) => names.length <= limit));
    assert.deepEqual(
      scans.flat(),
      all.map((name) => `MAIN/${name}`),
      `limit ${limit}`,
    );
  }
});

test('rule 11: a file claimed in the middle of a pass, or come in it, confuses nothing', (t) => {
  const { lane, scanner } = inbox(t);
  for (let i = 0; i < 9; i++) writeFileSync(join(lane, `${i}.json`), '{}');
  assert.deepEqual(
    scanner.scan(3).drops.map((d) => d.name),
    ['0.json', '1.json', '2.json'],
  );
  for (const i of [0, 1, 2, 4]) rmSync(join(lane, `${i}.json`)); // claimed, and withdrawn
  writeFileSync(join(lane, '00.json'), '{}');
  assert.deepEqual(wholePass(scanner, 3).flat(), [
    'MAIN/3.json',
    'MAIN/5.json',
    'MAIN/6.json',
    'MAIN/7.json',
    'MAIN/8.json',
  ]);
  assert.deepEqual(wholePass(scanner, 3).flat(), ['MAIN/00.json']);
});

test('rule 11: the lanes take turns, so that a full one keeps nobody waiting', (t) => {
  const { inbox: folder, scanner } = inbox(t);
  const count = { AAA: 9, MAIN: 2, ZEBRA: 3 };
  for (const [lane, n] of Object.entries(count))
    write(join(folder, lane), Object.fromEntries(Array.from({ length: n }, (_, i) => [`${i}.json`, '{}'])));
  const scans = wholePass(scanner, 4);
  assert.deepEqual(scans[0], ['AAA/0.json', 'MAIN/0.json', 'ZEBRA/0.json', 'AAA/1.json']);
  assert.equal(scans.flat().length, 14);
});

test('rule 11: a scan goes on with the lane whose turn it is, also when it may take only one', (t) => {
  const { inbox: folder, scanner } = inbox(t);
  for (const lane of ['AAA', 'MAIN', 'ZEBRA']) write(join(folder, lane), { '0.json': '{}', '1.json': '{}' });
  assert.deepEqual(
    wholePass(scanner, 1).flat(),
    ['0', '1'].flatMap((n) => ['AAA', 'MAIN', 'ZEBRA'].map((lane) => `${lane}/${n}.json`)),
  );
});

test("rule 11: what was refused in place takes nobody else's turn, until it is something else", (t) => {
  const { lane, scanner } = inbox(t, 0);
  symlinkSync('/nowhere', join(lane, 'a.yaml'));
  const [odd] = scanner.scan(1).oddities;
  assert.ok(odd !== undefined);
  scanner.pass(odd.folder, odd.name, odd.identity);
  for (let i = 0; i < 3; i++) assert.deepEqual(scanner.scan(1), { drops: [], oddities: [], settlesIn: null });
  rmSync(join(lane, 'a.yaml'));
  scanner.scan(1);
  writeFileSync(join(lane, 'a.yaml'), 'a: 1\n...\n');
  assert.deepEqual(names(scanner), ['a.yaml']);
});

test('rule 10: a file that is too large is named with its size, and never read', (t) => {
  const { lane, scanner } = inbox(t, 0);
  writeFileSync(join(lane, 'exact.json'), `"${'x'.repeat(4094)}"`);
  writeFileSync(join(lane, 'over.json'), `"${'x'.repeat(4095)}"`);
  // sparse: it has no bytes on disk, and nobody could hold it in memory
  for (const name of ['sparse.json', 'sparse.yaml', 'sparse']) {
    writeFileSync(join(lane, name), '');
    truncateSync(join(lane, name), 20 * 1024 ** 3);
  }
  const { drops, oddities } = scanner.scan(100);
  assert.deepEqual(
    drops.map((d) => d.name),
    ['exact.json'],
  );
  assert.deepEqual(
    oddities.map(({ name, code, what }) => [name, code, what]),
    [
      ['over.json', 'TOO_LARGE', '4097 bytes'],
      ['sparse', 'TOO_LARGE', '21474836480 bytes'],
      ['sparse.json', 'TOO_LARGE', '21474836480 bytes'],
      ['sparse.yaml', 'TOO_LARGE', '21474836480 bytes'],
    ],
  );
});

test('rule 2: a file that grows is not called too large before it is still', async (t) => {
  const { lane, scanner } = inbox(t);
  writeFileSync(join(lane, 'a.json'), 'x'.repeat(5000));
  const { drops, oddities, settlesIn } = scanner.scan(100);
  assert.deepEqual([drops, oddities], [[], []]);
  await sleep((settlesIn ?? 0) + 5);
  assert.deepEqual(
    scanner.scan(100).oddities.map((o) => o.name),
    ['a.json'],
  );
});

test('rule 2: a folder bundle settles as a whole: whatever changes in it begins the wait anew', async (t) => {
  const { lane, scanner } = inbox(t);
  const folder = join(lane, 'WO-1');
  // an end marker says that the order is whole, not that its body has come
  write(folder, { 'WO-1.yaml': 'wo_id: WO-1\n...\n' });
  assert.deepEqual(names(scanner), []);
  const changes: (() => void)[] = [
    () => writeFileSync(join(folder, 'body.md'), 'a'),
    () => appendFileSync(join(folder, 'body.md'), 'b'),
    () => write(folder, { 'evidence/deep/manifest.json': '{}' }),
    () => utimesSync(join(folder, 'evidence/deep/manifest.json'), new Date(), new Date(Date.now() + 5000)),
    () => rmSync(join(folder, 'body.md')),
  ];
  for (const [i, change] of changes.entries()) {
    await sleep(4 * SETTLE + 5);
    change();
    assert.deepEqual(names(scanner), [], `change ${i}`);
  }
  await sleep(4 * SETTLE + 5);
  assert.deepEqual(scanner.scan(100).drops.map(whereIs), [{ lane: 'MAIN', folder: lane, name: 'WO-1' }]);
});

test('rule 2: a folder in which nothing has come, or something is still coming, waits without a word', async (t) => {
  const { lane, scanner } = inbox(t, 0);
  mkdirSync(join(lane, 'empty', 'deep'), { recursive: true });
  write(join(lane, 'WO-1'), { 'WO-1.yaml': 'wo_id: WO-1\n', 'body.md.part': 'a' });
  write(join(lane, 'WO-2'), { 'WO-2.yaml': 'wo_id: WO-2\n', 'evidence/x.tmp': 'a' });
  write(join(lane, 'WO-3'), { 'WO-3.yaml': 'wo_id: WO-3\n', '.WO-3.yaml.swp': '', 'a.bak': '', '.DS_Store': '' });
  const { drops, oddities, settlesIn } = scanner.scan(100);
  assert.deepEqual(
    [drops.map(whereIs), oddities, settlesIn],
    [[{ lane: 'MAIN', folder: lane, name: 'WO-3' }], [], null],
  );
  renameSync(join(lane, 'WO-1', 'body.md.part'), join(lane, 'WO-1', 'body.md'));
  assert.deepEqual(names(scanner), ['WO-1', 'WO-3']);
});

test('rule 10: a folder that can be no order is refused as a whole, and says why', (t) => {
  const { lane, scanner } = inbox(t, 0);
  write(lane, {
    'LINK/LINK.yaml': 'x',
    'PIPE/PIPE.yaml': 'x',
    'PIPE/evidence/a': '',
    'NONE/readme.md': 'x',
    'TWO/a.yaml': 'x',
    'TWO/b.yaml': 'x',
    'LARGE/LARGE.yaml': 'x'.repeat(2000),
    'LARGE/body.md': 'x'.repeat(2097),
    'FITS/FITS.yaml': 'x'.repeat(2000),
    'FITS/body.md': 'x'.repeat(2096),
  });
  symlinkSync('/etc/hostname', join(lane, 'LINK', 'body.md'));
  execFileSync('mkfifo', [join(lane, 'PIPE', 'evidence', 'p')]);
  write(join(lane, 'MANY'), Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}.md`, ''])));
  write(join(lane, 'SPARSE'), { 'SPARSE.yaml': 'x', 'body.md': '' });
  truncateSync(join(lane, 'SPARSE', 'body.md'), 20 * 1024 ** 3);
  const { drops, oddities } = scanner.scan(100);
  assert.deepEqual(
    drops.map((d) => d.name),
    ['FITS'],
  );
  const told = Object.fromEntries(oddities.map(({ name, code, what }) => [name, `${code} ${what}`]));
  assert.deepEqual(told, {
    LARGE: 'TOO_LARGE a folder of 4097 bytes',
    LINK: 'NOT_A_FILE a folder that holds a symbolic link, body.md',
    MANY: 'NOT_A_FILE a folder with more than 1000 entries',
    NONE: 'NOT_A_FILE a folder without an order: it would be NONE/NONE.yaml, and no other',
    PIPE: 'NOT_A_FILE a folder that holds a pipe, evidence/p',
    SPARSE: 'TOO_LARGE a folder of 21474836481 bytes',
    TWO: 'NOT_A_FILE a folder without an order: it would be TWO/TWO.yaml, and no other',
  });
});

test('rule 10: a refused folder is refused anew when its author mended it', (t) => {
  const { lane, scanner } = inbox(t, 0);
  write(lane, { 'WO-1/body.md': 'x' });
  const [odd] = scanner.scan(100).oddities;
  assert.ok(odd !== undefined);
  scanner.pass(odd.folder, odd.name, odd.identity);
  assert.deepEqual(scanner.scan(100), { drops: [], oddities: [], settlesIn: null });
  write(lane, { 'WO-1/WO-1.yaml': 'wo_id: WO-1\n' });
  assert.deepEqual(names(scanner), ['WO-1']);
});

const RULE = { match: '*.patch', order: { files: [] } };

test('lane: a linked folder is a lane only where settings name it, because what lies there is moved', (t) => {
  const { inbox: folder, scanner } = inbox(t, 0);
  const elsewhere = t.tempDir();
  write(elsewhere, { 'a.json': '{}' });
  for (const name of ['LINKED', 'STRANGER']) symlinkSync(elsewhere, join(folder, name));
  symlinkSync('/nowhere', join(folder, 'DANGLING'));
  assert.deepEqual(laneNames(scanner), ['MAIN']);
  assert.deepEqual(names(scanner), []);
  const named = { folder: null, take: [] };
  scanner.useSettings(settings({ settleMs: 0, lanes: { LINKED: named, DANGLING: named } }));
  assert.deepEqual(laneNames(scanner), ['LINKED', 'MAIN']);
  assert.deepEqual(
    scanner.scan(100).drops.map(({ lane, name }) => `${lane}/${name}`),
    ['LINKED/a.json'],
  );
});

test('lane: from a folder outside the inbox only what a rule names is taken', (t) => {
  const { inbox: folder } = inbox(t);
  const outside = t.tempDir();
  write(outside, {
    'a.patch': 'diff',
    'B.PATCH': 'diff',
    'a.yaml': 'wo_id: WO-1\n',
    'a.patch.part': 'di',
    '.b.patch': 'diff',
    'deep/c.patch': 'diff',
    'd.patch/d.yaml': 'wo_id: WO-2\n',
  });
  symlinkSync(join(outside, 'a.yaml'), join(outside, 'link.patch'));
  const lanes = { PATCHES: { folder: outside, take: [RULE] }, GONE: { folder: join(outside, 'gone'), take: [RULE] } };
  const scanner = new InboxScanner(folder, settings({ settleMs: 0, lanes }));
  assert.deepEqual(laneNames(scanner), ['MAIN', 'PATCHES']);
  const { drops, oddities } = scanner.scan(100);
  assert.deepEqual(drops.map(whereIs), [
    { lane: 'PATCHES', folder: outside, name: 'B.PATCH' },
    { lane: 'PATCHES', folder: outside, name: 'a.patch' },
  ]);
  assert.deepEqual(
    oddities.map((o) => o.name),
    ['link.patch'],
  );
  scanner.useSettings(settings({ settleMs: 0, lanes: { PATCHES: { folder: outside, take: [] } } }));
  assert.deepEqual(names(scanner), [], 'without rules, nothing');
});

test('lane: a lane in the inbox and its folder outside are one lane', (t) => {
  const { inbox: folder, lane } = inbox(t);
  const outside = t.tempDir();
  write(outside, { 'a.patch': '' });
  write(lane, { 'b.patch': '' });
  const lanes = { MAIN: { folder: outside, take: [RULE] } };
  const scanner = new InboxScanner(folder, settings({ settleMs: 0, lanes }));
  assert.deepEqual(
    scanner.scan(100).drops.map((d) => [d.lane, d.name]),
    [
      ['MAIN', 'b.patch'],
      ['MAIN', 'a.patch'],
    ],
  );
});

test('lane: the first rule that matches counts, in any case of letters', () => {
  const second = { match: '{a,b}?.*' };
  assert.equal(ruleFor([RULE, second], 'X.Patch'), RULE);
  assert.equal(ruleFor([RULE, second], 'a1.patch'), RULE);
  assert.equal(ruleFor([second, RULE], 'a1.patch'), second);
  assert.equal(ruleFor([RULE, second], 'c1.diff'), null);
  assert.equal(ruleFor([RULE], '.patch'), null, "a hidden file is nobody's");
  assert.equal(ruleFor([], 'a.patch'), null);
});

test.run();
