import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgedEnds } from '../../src/record/aged-ends.ts';
import { segmentPath } from '../../src/record/ledger.ts';
import { admittedData, outcomeData, record } from '../order/lives.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rule 11: what ended long ago is found without a look at all that there are. */

const test = suite('record/aged-ends');

const DAY = 86_400_000;
const at = (ms: number) => new Date(ms).toISOString();

function ledger(t: TestContext): { mark: string; folder: string } {
  const folder = t.tempDir();
  const records = [1, 2, 3, 4].flatMap((n) => [
    { ...record('admitted', admittedData(), { woId: `WO-${n}`, seq: n * 2 - 1, to: 'ready' }), ts: at(n * DAY) },
    { ...record('succeeded', outcomeData(), { woId: `WO-${n}`, seq: n * 2, to: 'done' }), ts: at(n * DAY + 1) },
  ]);
  writeFileSync(segmentPath(folder, 1), records.map((r) => `${JSON.stringify(r)}\n`).join(''));
  return { mark: join(t.tempDir(), 'mark'), folder };
}

test('each is returned once, when it is old enough, and over restarts', (t) => {
  const { mark, folder } = ledger(t);
  const of = () => new AgedEnds(mark, folder);
  assert.deepEqual(of().next(2 * DAY, 2 * DAY, 10).woIds, []);
  const first = of().next(2 * DAY, 4.5 * DAY, 10);
  assert.deepEqual(first.woIds, ['WO-1', 'WO-2']);
  assert.deepEqual(of().next(2 * DAY, 4.5 * DAY, 10).woIds, first.woIds, 'what was not done comes again');
  first.done();
  assert.deepEqual(of().next(2 * DAY, 4.5 * DAY, 10).woIds, []);
  const rest = of().next(2 * DAY, 99 * DAY, 1);
  assert.deepEqual(rest.woIds, ['WO-3']);
  rest.done();
  assert.deepEqual(of().next(2 * DAY, 99 * DAY, 1).woIds, ['WO-4'], 'the rest comes at once');
});

test('nothing is read before something can be old enough, unless the age changes', (t) => {
  const { mark, folder } = ledger(t);
  const ends = new AgedEnds(mark, folder);
  ends.next(2 * DAY, 4.5 * DAY, 10).done();
  rmSync(segmentPath(folder, 1));
  writeFileSync(segmentPath(folder, 1), 'not a record\n');
  assert.deepEqual(new AgedEnds(mark, folder).next(2 * DAY, 4.9 * DAY, 10).woIds, []);
  assert.throws(() => new AgedEnds(mark, folder).next(2 * DAY, 5.1 * DAY, 10), /no JSON/);
  assert.throws(() => new AgedEnds(mark, folder).next(1 * DAY, 4.9 * DAY, 10), /no JSON/);
});

test('a mark that is lost, or torn, begins anew', (t) => {
  const { mark, folder } = ledger(t);
  new AgedEnds(mark, folder).next(DAY, 99 * DAY, 10).done();
  for (const text of ['', '{"seq":', '{"v":1,"seq":"7"}', 'null']) {
    writeFileSync(mark, text);
    assert.equal(new AgedEnds(mark, folder).next(DAY, 99 * DAY, 10).woIds.length, 4, text);
  }
});

test.run();
