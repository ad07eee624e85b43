import { appendFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from '../../src/platform/log.ts';
import { catchUpIndex, IdIndex } from '../../src/record/id-index.ts';
import { FileLedger } from '../../src/record/ledger.ts';
import { admittedData, record, rejectedData } from '../order/lives.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('record/id-index');

const born = (woId: string, seq: number) => record('admitted', admittedData(), { woId, seq, to: 'ready' });

test('rule 11: an order of any age is found by its id, in any case of letters', (t) => {
  const index = new IdIndex(join(t.tempDir(), 'ids'));
  assert.deepEqual([index.upTo, index.born('WO-1')], [0, null]);
  index.catchUp([
    born('WO-1', 1),
    born('Wo-Two', 2),
    record('held', { by: 'a', reason: '' }, { woId: 'WO-1', seq: 3 }),
  ]);
  assert.equal(index.upTo, 3);
  assert.deepEqual(index.born('wo-1'), { id: 'WO-1', born: 1 });
  assert.deepEqual(index.born('WO-TWO'), { id: 'Wo-Two', born: 2 });
  assert.equal(index.born('WO-3'), null);
});

test('order states: a rejection with an id is a birth, one without is none', (t) => {
  const index = new IdIndex(join(t.tempDir(), 'ids'));
  index.catchUp([
    record('rejected', rejectedData(), { woId: 'WO-R', seq: 1, to: 'rejected' }),
    record('rejected', rejectedData(), { woId: null, seq: 2, to: 'rejected' }),
  ]);
  assert.deepEqual([index.born('WO-R')?.born, index.upTo], [1, 2]);
});

test('rule 11: catching up goes on from where it stood, and nothing to note keeps it there', (t) => {
  const index = new IdIndex(join(t.tempDir(), 'ids'));
  index.catchUp([born('WO-1', 1)]);
  index.catchUp([]);
  assert.equal(index.upTo, 1);
  index.catchUp([born('WO-2', 2)]);
  assert.deepEqual([index.upTo, index.born('WO-1')?.born, index.born('WO-2')?.born], [2, 1, 2]);
});

test('rule 7: without a whole mark nothing of the index is trusted: it is built again from the records', (t) => {
  const folder = join(t.tempDir(), 'ids');
  const index = new IdIndex(folder);
  index.catchUp([born('WO-FALSE', 1)]);
  for (const harm of [
    () => rmSync(join(folder, 'marked')),
    () => writeFileSync(join(folder, 'marked'), '12'),
    () => writeFileSync(join(folder, 'marked'), 'x\n'),
  ]) {
    harm();
    assert.equal(index.upTo, 0);
    index.catchUp([born('WO-1', 1)]);
    assert.deepEqual([index.born('WO-FALSE'), index.born('WO-1')?.born], [null, 1]);
  }
});

test('rule 3: a line torn by a kill hides neither the one noted again nor those after it', (t) => {
  const folder = join(t.tempDir(), 'ids');
  const index = new IdIndex(folder);
  index.catchUp([born('WO-1', 1)]);
  const bucket = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((f) => f.endsWith('.jsonl')) ?? '';
  appendFileSync(join(folder, bucket), '\n{"key":"wo-1","id":"WO-1","bo');
  index.note(born('wo-1', 9));
  assert.equal(index.born('WO-1')?.born, 1);
  rmSync(join(folder, bucket));
  appendFileSync(join(folder, bucket), '\n{"key":"wo-1","id":"WO-1","bo');
  assert.equal(index.born('WO-1'), null);
  index.note(born('WO-1', 1));
  assert.equal(index.born('WO-1')?.born, 1);
});

test('rule 11: thousands of ids are each found', (t) => {
  const index = new IdIndex(join(t.tempDir(), 'ids'));
  index.catchUp(Array.from({ length: 3000 }, (_, i) => born(`WO-${i}`, i + 1)));
  for (const i of [0, 1, 1499, 2999]) assert.equal(index.born(`wo-${i}`)?.born, i + 1);
  assert.equal(index.born('WO-3000'), null);
});

/** A ledger with so many orders, each of two records. */
function ledgerOf(folder: string, orders: number): FileLedger {
  const ledger = new FileLedger(folder, () => {});
  for (let n = 1; n <= orders; n++)
    ledger.append([
      { event: 'admitted', woId: `WO-${n}`, attempt: 1, from: null, to: 'ready', data: admittedData() },
      { event: 'held', woId: `WO-${n}`, attempt: 1, from: 'ready', to: 'parked', data: { by: 'a', reason: '' } },
    ]);
  return ledger;
}

test('rule 7: an index that is missing, or ahead of the ledger, is built again, and somebody is told how far it is', (t) => {
  const ledger = ledgerOf(join(t.tempDir(), 'ledger'), 300);
  t.defer(() => ledger.close());
  const index = new IdIndex(join(t.tempDir(), 'ids'));
  const log = openLog('silent');
  for (const harm of [() => {}, () => index.catchUp([born('WO-FALSE', 601)]), () => index.discard()]) {
    harm();
    const told: [number, number][] = [];
    catchUpIndex(index, ledger, log, (done, total) => told.push([done, total]));
    assert.deepEqual([index.upTo, index.born('WO-300')?.born, index.born('WO-FALSE')], [600, 599, null]);
    assert.deepEqual(told.at(-1), [600, 600]);
    assert.ok(told.length > 3 && told.every(([done], i) => i === 0 || done >= (told[i - 1]?.[0] ?? 0)), String(told));
  }
  catchUpIndex(index, ledger, log, () => assert.fail('nothing is missing'));
  const lines: object[] = [];
  const listens = Object.assign(openLog('silent'), { info: (about: object) => void lines.push(about) });
  index.discard();
  catchUpIndex(index, ledger, listens, null);
  assert.equal((lines[0] as { records: number }).records, 600);
  assert.equal(lines.length, 2, 'nobody looks on: the log tells of the beginning and the end');
});

test('rule 11: what stands in the ledger beside births is passed over unread', (t) => {
  const folder = join(t.tempDir(), 'ledger');
  const ledger = ledgerOf(folder, 3);
  t.defer(() => ledger.close());
  assert.deepEqual(
    [...ledger.births(2)].map((r) => [r.seq, r.event]),
    [
      [3, 'admitted'],
      [5, 'admitted'],
    ],
  );
  // a line that begins unlike ours is read, and refused
  appendFileSync(join(folder, '000000000001.jsonl'), '{"seq":7}\n');
  assert.throws(() => [...ledger.births(1)], /LEDGER_BROKEN|no ledger record/);
});

test.run();
