import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Draft } from '../../src/record/ledger.ts';
import { FileLedger, segmentPath } from '../../src/record/ledger.ts';
import { type FeedPiece, followLedger, type Wake } from '../../src/views/feed.ts';
import { LedgerWatch } from '../../src/views/ledger-watch.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rule 6 for those who look on: hints may come late, twice or never, and still every record is told once, in order. */

const test = suite('views/feed');

const note = (woId: string): Draft => ({
  event: 'distrusted',
  woId,
  attempt: 1,
  from: null,
  to: null,
  data: { id: 'a', what: 'a', by: 'x' } as never,
});

/** A wake that only comes when the test says so. */
class Hand implements Wake {
  wake = () => {};
  asked = 0;

  moved(signal: AbortSignal): Promise<void> {
    this.asked++;
    return new Promise((resolve) => {
      this.wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

function ledgerOf(t: TestContext): { folder: string; ledger: FileLedger; write: (n: number) => void } {
  const folder = join(t.tempDir(), 'ledger');
  const ledger = new FileLedger(folder, () => {});
  t.defer(() => ledger.close());
  let n = 0;
  const write = (many: number) => {
    ledger.append(Array.from({ length: many }, () => note(`WO-${++n}`)));
    ledger.sync();
  };
  return { folder, ledger, write };
}

/** Collects what a follower is told, until it has so many lines. */
async function told(pieces: AsyncGenerator<FeedPiece>, many: number): Promise<(number | 'exchanged')[]> {
  const seen: (number | 'exchanged')[] = [];
  for await (const piece of pieces) {
    if (piece.kind === 'exchanged') seen.push('exchanged');
    else seen.push(...piece.lines.map(({ seq }) => seq));
    if (seen.length >= many) break;
  }
  return seen;
}

const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

test('rule 6: one late hint is enough, however much came before it and across segments', async (t) => {
  const { folder, write } = ledgerOf(t);
  const [hand, stop] = [new Hand(), new AbortController()];
  t.defer(() => stop.abort());
  write(3);
  const pieces = followLedger(folder, 1, hand, stop.signal);
  assert.deepEqual(await told(pieces, 3), [1, 2, 3]);
  // 4096 records fill a segment: the follower goes over two ends of one without a word of them
  const later = told(followLedger(folder, 2, hand, stop.signal), 9_002);
  await new Promise((done) => setTimeout(done, 50));
  for (let i = 0; i < 9; i++) write(1000);
  hand.wake();
  assert.deepEqual(await later, upTo(9003, 2));
});

test('a line that is being written is not told, and is told whole once', async (t) => {
  const { folder, write } = ledgerOf(t);
  const [hand, stop] = [new Hand(), new AbortController()];
  t.defer(() => stop.abort());
  write(2);
  const path = segmentPath(folder, 1);
  const [first = '', second = ''] = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, `${first}\n${second.slice(0, 40)}`);
  const seen = told(followLedger(folder, 1, hand, stop.signal), 2);
  await new Promise((done) => setTimeout(done, 50));
  hand.wake();
  await new Promise((done) => setTimeout(done, 50));
  appendFileSync(path, `${second.slice(40)}\n`);
  hand.wake();
  assert.deepEqual(await seen, [1, 2]);
});

test('a segment that was written anew is told, and everything is told again', async (t) => {
  const { folder, write } = ledgerOf(t);
  const [hand, stop] = [new Hand(), new AbortController()];
  t.defer(() => stop.abort());
  write(3);
  const seen = told(followLedger(folder, 1, hand, stop.signal), 7);
  await new Promise((done) => setTimeout(done, 50));
  const path = segmentPath(folder, 1);
  writeFileSync(`${path}.new`, readFileSync(path));
  renameSync(`${path}.new`, path);
  hand.wake();
  assert.deepEqual(await seen, [1, 2, 3, 'exchanged', 1, 2, 3]);
});

test('a ledger that is taken away is waited for', async (t) => {
  const { folder, ledger, write } = ledgerOf(t);
  const [hand, stop] = [new Hand(), new AbortController()];
  t.defer(() => stop.abort());
  write(2);
  const kept = readFileSync(segmentPath(folder, 1));
  const seen = told(followLedger(folder, 1, hand, stop.signal), 5);
  await new Promise((done) => setTimeout(done, 50));
  rmSync(segmentPath(folder, 1));
  hand.wake();
  await new Promise((done) => setTimeout(done, 50));
  writeFileSync(segmentPath(folder, 1), kept);
  hand.wake();
  assert.deepEqual(await seen, [1, 2, 'exchanged', 1, 2]);
  assert.equal(ledger.head.seq, 2);
});

test('a real watcher wakes who waits, and its end lets them go', async (t) => {
  const { folder, write } = ledgerOf(t);
  const stop = new AbortController();
  const watch = new LedgerWatch(folder);
  const seen = told(followLedger(folder, 1, watch, stop.signal), 500);
  for (let i = 0; i < 500; i++) write(1);
  assert.deepEqual(await seen, upTo(500));
  const waiting = watch.moved(stop.signal);
  stop.abort();
  await waiting;
  await watch.close();
});

test.run();
