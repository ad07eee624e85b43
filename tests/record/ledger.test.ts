import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '../../src/order/canonical-json.ts';
import { WaybillError } from '../../src/order/error.ts';
import type { Recorded } from '../../src/order/event.ts';
import { decorateFileSystem, fs } from '../../src/platform/fs.ts';
import { conforms } from '../../src/platform/schema.ts';
import {
  type Draft,
  FileLedger,
  GENESIS,
  type Ledger,
  type LedgerHead,
  readCheckpoint,
  readLedger,
  segmentPath,
  segments,
  writeCheckpoint,
  writeSegments,
} from '../../src/record/ledger.ts';
import { admittedData } from '../order/lives.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('record/ledger');

const draft = (n: number): Draft => ({
  event: 'admitted',
  woId: `WO-${n}`,
  attempt: 1,
  from: null,
  to: 'ready',
  data: admittedData({ title: `é ${n}` }),
});
const drafts = (count: number, from = 1) => Array.from({ length: count }, (_, i) => draft(from + i));

interface Opened {
  ledger: FileLedger;
  heads: LedgerHead[];
}

function open(t: TestContext, folder: string): Opened {
  const heads: LedgerHead[] = [];
  const ledger = new FileLedger(folder, (head) => {
    heads.push(head);
    writeCheckpoint(folder, head, []);
  });
  t.defer(() => ledger.close());
  return { ledger, heads };
}

function assertChained(records: readonly Recorded[], after: LedgerHead = GENESIS): void {
  let head = after;
  for (const record of records) {
    const { hash, ...body } = record;
    assert.equal(record.seq, head.seq + 1);
    assert.equal(record.prev, head.hash);
    assert.equal(hash, hashOf(body));
    head = { seq: record.seq, hash };
  }
}

const broken = (code: string) => (e: unknown) => e instanceof WaybillError && e.code === code;

/** The laws of the interface, for whatever ledger stands behind it. */
function contract(name: string, make: (t: TestContext) => { ledger: Ledger; reopen(): Ledger }): void {
  test(`ledger record (${name}): sequence without gaps, chained by the hash of the canonical JSON`, (t) => {
    const { ledger } = make(t);
    assert.deepEqual(ledger.head, GENESIS);
    const written = [...ledger.append(drafts(3)), ...ledger.append([]), ...ledger.append(drafts(2, 4))];
    ledger.sync();
    assert.deepEqual(
      written.map((r) => r.seq),
      [1, 2, 3, 4, 5],
    );
    assertChained(written);
    assert.deepEqual([...ledger.read(1)], written);
    for (const record of written) assert.ok(conforms('ledger-record', record));
    assert.deepEqual(ledger.head, { seq: 5, hash: written[4]?.hash });
  });

  test(`ledger record (${name}): reading begins where it is asked to`, (t) => {
    const { ledger } = make(t);
    ledger.append(drafts(6));
    ledger.sync();
    assert.deepEqual(
      [...ledger.read(4)].map((r) => r.seq),
      [4, 5, 6],
    );
    assert.deepEqual([...ledger.read(7)], []);
    assert.deepEqual([...ledger.read(0)].length, 6);
  });

  test(`ledger record (${name}): reopened it goes on with the chain`, (t) => {
    const { ledger, reopen } = make(t);
    const first = ledger.append(drafts(2));
    ledger.sync();
    ledger.close();
    const again = reopen();
    const second = again.append(drafts(2, 3));
    assertChained([...first, ...second]);
    assert.deepEqual([...again.read(1)], [...first, ...second]);
  });
}

contract('file', (t) => {
  const folder = t.tempDir();
  const ledger = new FileLedger(folder, () => {});
  let closed = false;
  const { close } = ledger;
  ledger.close = () => {
    if (!closed) close.call(ledger);
    closed = true;
  };
  t.defer(() => ledger.close());
  return { ledger, reopen: () => open(t, folder).ledger };
});

test('ledger record: after 4096 records a segment is sealed, and a checkpoint written before the next', (t) => {
  const folder = t.tempDir();
  const { ledger, heads } = open(t, folder);
  const first = ledger.append(drafts(4096));
  assert.deepEqual([segments(folder), heads], [[1], []]);
  const second = ledger.append(drafts(2, 5000));
  ledger.sync();
  assert.deepEqual(segments(folder), [1, 4097]);
  assert.deepEqual(heads, [{ seq: 4096, hash: first.at(-1)?.hash }]);
  assertChained([...first, ...second]);
  assert.deepEqual(
    [...ledger.read(4096)].map((r) => r.seq),
    [4096, 4097, 4098],
  );
  const sealed = readFileSync(segmentPath(folder, 1));
  ledger.append(drafts(1));
  assert.deepEqual(readFileSync(segmentPath(folder, 1)), sealed, 'sealed segments never change');
});

test('rule 11: large records seal a segment by its size: a start never reads much more than 16 MB', (t) => {
  const folder = t.tempDir();
  const { ledger, heads } = open(t, folder);
  const large: Draft = {
    event: 'admitted',
    woId: 'WO-1',
    attempt: 1,
    from: null,
    to: 'ready',
    data: admittedData({ summary: 'x'.repeat(1_000_000) }),
  };
  const all = Array.from({ length: 6 }, () => ledger.append(Array.from({ length: 5 }, () => large))).flat();
  assert.deepEqual(segments(folder), [1, 21]);
  assert.deepEqual(heads, [{ seq: 20, hash: all[19]?.hash }]);
  assert.ok(ledger.written > 30_000_000 && ledger.written < 31_000_000, String(ledger.written));
  assertChained(all);
  assert.equal(open(t, folder).ledger.head.hash, all.at(-1)?.hash);
});

test('rule 11: a ledger that is written again has segments of the same sizes', (t) => {
  const [folder, again] = [t.tempDir(), t.tempDir()];
  const records = open(t, folder).ledger.append(drafts(5000));
  writeSegments(
    again,
    1,
    records.map((record) => JSON.stringify(record)),
  );
  assert.deepEqual(segments(again), [1, 4097]);
  const { ledger } = open(t, again);
  assert.deepEqual([...ledger.read(1)], records);
  assert.deepEqual(ledger.head, { seq: 5000, hash: records.at(-1)?.hash });
});

test('rule 11: a start reads the newest segment only, and the checkpoint before it', (t) => {
  const folder = t.tempDir();
  const first = open(t, folder).ledger;
  first.append(drafts(4096));
  const last = first.append(drafts(1));
  writeFileSync(segmentPath(folder, 1), 'nobody reads this\n');
  const { ledger } = open(t, folder);
  assert.deepEqual(ledger.head, { seq: 4097, hash: last[0]?.hash });
  assert.equal(ledger.append(drafts(1))[0]?.prev, last[0]?.hash);
});

test('rule 5: a kill between the checkpoint and the first record of a segment loses nothing', (t) => {
  for (const harm of [
    (folder: string) => writeFileSync(segmentPath(folder, 4097), ''),
    (folder: string) => rmSync(segmentPath(folder, 4097)),
    (folder: string) => writeFileSync(segmentPath(folder, 4097), '{"v":1,"se'),
  ]) {
    const folder = t.tempDir();
    const first = open(t, folder).ledger;
    const records = first.append(drafts(4096));
    first.append(drafts(1));
    harm(folder);
    const { ledger } = open(t, folder);
    assert.deepEqual(ledger.head, { seq: 4096, hash: records.at(-1)?.hash });
    assertChained(
      ledger.append(drafts(2)),
      ledger.head.seq === 4098 ? { seq: 4096, hash: records.at(-1)?.hash ?? '' } : GENESIS,
    );
  }
});

test('rule 5: without its checkpoint a segment still follows the one before it', (t) => {
  const folder = t.tempDir();
  const first = open(t, folder).ledger;
  first.append(drafts(4096));
  const [last] = first.append(drafts(1));
  for (const file of ['000000004097.checkpoint.json']) rmSync(join(folder, file));
  assert.equal(readCheckpoint(folder), null);
  rmSync(segmentPath(folder, 4097));
  writeFileSync(segmentPath(folder, 4097), '');
  assert.equal(open(t, folder).ledger.append(drafts(1))[0]?.prev, last?.prev);
});

test('rule 5: a torn last line was never acknowledged: cut off, kept for the curious', (t) => {
  const folder = t.tempDir();
  const first = open(t, folder).ledger;
  const records = first.append(drafts(2));
  appendFileSync(segmentPath(folder, 1), '{"v":1,"seq":3,"ts":"20');
  assert.deepEqual([...readLedger(folder, 1)], records, 'a reader sees whole records only');
  const { ledger } = open(t, folder);
  assert.equal(ledger.torn?.toString(), '{"v":1,"seq":3,"ts":"20');
  assertChained([...records, ...ledger.append(drafts(1, 3))]);
});

test('rule 5: a write that fails leaves no gap in the sequence', (t) => {
  const folder = t.tempDir();
  const { ledger } = open(t, folder);
  const first = ledger.append(drafts(1));
  const { writeSync } = fs;
  let calls = 0;
  const cut = ((fd: number, bytes: Uint8Array, offset: number) => {
    if (++calls === 1) return writeSync(fd, bytes, offset, 10);
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  }) as typeof writeSync;
  decorateFileSystem((inner) => ({ ...inner, writeSync: cut }));
  try {
    assert.throws(() => ledger.append(drafts(3, 2)), /ENOSPC/);
  } finally {
    decorateFileSystem((inner) => ({ ...inner, writeSync }));
  }
  assert.deepEqual(ledger.head, { seq: 1, hash: first[0]?.hash });
  const second = ledger.append(drafts(1, 2));
  assertChained([...first, ...second]);
  assert.deepEqual([...ledger.read(1)], [...first, ...second]);
});

test('rule 7: a line that is no record is LEDGER_BROKEN, one of a newer version NEWER_VERSION', (t) => {
  for (const [line, code] of [
    ['not json', 'LEDGER_BROKEN'],
    ['{"v":1}', 'LEDGER_BROKEN'],
    ['', 'LEDGER_BROKEN'],
    ['{"v":2,"seq":1}', 'NEWER_VERSION'],
  ] as const) {
    const folder = t.tempDir();
    writeFileSync(segmentPath(folder, 1), `${line}\n`);
    assert.throws(() => [...readLedger(folder, 1)], broken(code), line);
    assert.throws(() => open(t, folder), broken(code), line);
  }
});

test('rule 11: a folder that is missing or empty holds no records', (t) => {
  const folder = join(t.tempDir(), 'never');
  assert.deepEqual([...readLedger(folder, 1)], []);
  assert.equal(readCheckpoint(folder), null);
  assert.equal(existsSync(folder), false);
});

test.run();
