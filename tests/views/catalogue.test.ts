import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Recorded } from '../../src/order/event.ts';
import { advance, laneOf, type OrderLife } from '../../src/order/life.ts';
import { isLegal, isTerminal, type Status, type WaitingFor } from '../../src/order/transition.ts';
import { type Draft, FileLedger, segmentPath, segments } from '../../src/record/ledger.ts';
import { Catalogue } from '../../src/views/catalogue.ts';
import type { Wake } from '../../src/views/feed.ts';
import { History } from '../../src/views/history.ts';
import { recordsByRow } from '../../src/views/order/order-records.ts';
import { admittedData, ERROR, outcomeData, rejectedData, STARTED } from '../order/lives.ts';
import { LedgerLines } from '../support/ledger-lines.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** What lists, filters and searches show is what the ledger says, however it is cut into segments. */

const test = suite('views/catalogue');

const WAITS: WaitingFor[] = ['approval', 'checkpoint', 'dependency', 'time', 'hold', 'agent', 'repository', 'budget'];

/** A wake that rests until it is rung, and tells when all was read. */
class Bell implements Wake {
  #ring = () => {};
  #rest: (() => void)[] = [];

  moved(signal: AbortSignal): Promise<void> {
    for (const tell of this.#rest.splice(0)) tell();
    return new Promise((resolve) => {
      this.#ring = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  }

  atRest(): Promise<void> {
    return new Promise((resolve) => this.#rest.push(resolve));
  }

  async ring(): Promise<void> {
    const rest = this.atRest();
    this.#ring();
    await rest;
  }
}

interface Open {
  readonly catalogue: Catalogue;
  readonly bell: Bell;
  close(): Promise<void>;
}

async function open(folder: string): Promise<Open> {
  const bell = new Bell();
  const catalogue = new Catalogue();
  const stop = new AbortController();
  const rest = bell.atRest();
  const over = new History(folder, bell, [catalogue]).follow(stop.signal);
  await Promise.race([rest, over]);
  const close = async () => {
    stop.abort();
    await over;
  };
  return { catalogue, bell, close };
}

/** What may happen to an order next, by the table of transitions; `pick` chooses. */
function nextDraft(life: OrderLife | null, woId: string, pick: (n: number) => number): Draft | null {
  const title = ['Say hello', 'MEND the door', 'x'.repeat(400)][pick(3)] ?? '';
  const lane = ['MAIN', 'OPS'][pick(2)] ?? 'MAIN';
  const error = { ...ERROR, code: ['CHECK_FAILED', 'IO_ERROR'][pick(2)] ?? '' };
  const wait = WAITS[pick(WAITS.length)] ?? 'time';
  const outcome = outcomeData();
  const bad = outcomeData({ error, commits: [] });
  const all: [Draft['event'], Status | null, unknown][] = [
    [
      'admitted',
      'ready',
      admittedData({ title, lane, priority: pick(4), type: pick(2) === 0 ? 'mission' : 'command' }),
    ],
    ['admitted', 'parked', admittedData({ title, lane, waiting_for: 'hold', why: 'asked for' })],
    ['rejected', 'rejected', rejectedData({ title: pick(2) === 0 ? null : title, lane, error })],
    ['released', 'ready', { why: 'it is over' }],
    ['started', 'running', STARTED],
    ['command', null, { n: 1, name: 'make', idempotent: true }],
    ['waits', 'parked', { waiting_for: wait, until: null, why: 'so' }],
    ['held', 'parked', { by: 'anna', reason: 'later' }],
    ['succeeded', 'done', outcome],
    ['failed', 'failed', { ...bad, retry_at: null }],
    ['failed', 'parked', { ...bad, retry_at: '2026-11-20T10:01:00.000Z' }],
    ['cancelled', 'cancelled', { ...bad, by: 'anna' }],
    ['retried', 'ready', { by: 'anna', claim: 'c' }],
    ['revised', 'ready', admittedData({ title: 'Anew', lane })],
    ['interrupted', 'ready', { why: 'the station ended' }],
    ['purged', null, { by: 'anna', reason: '', records: [], claims: [] }],
  ];
  const from = life?.status ?? null;
  const able = all.filter(([event, to]) =>
    to === null
      ? life !== null && (event !== 'command' || from === 'running')
      : isLegal(event as never, from, to, life?.waitingFor ?? null),
  );
  const [event, to, data] = able[pick(able.length)] ?? [];
  if (event === undefined || to === undefined) return null;
  const attempt = Math.max(1, (life?.attempt ?? 1) + (event === 'retried' || event === 'revised' ? 1 : 0));
  return { event, woId, attempt, from: to === null ? null : from, to, data } as Draft;
}

/** Writes the lives of some orders, mixed, and returns their records by id. */
function writeLives(folder: string, choices: readonly number[], lives: Map<string, OrderLife>): void {
  const ledger = new FileLedger(folder, () => {});
  let at = 0;
  const pick = (n: number) => (choices[at++ % choices.length] ?? 0) % Math.max(1, n);
  for (let n = 0; n < choices.length / 4; n++) {
    const woId = `WO-${pick(6)}`;
    const draft = nextDraft(lives.get(woId) ?? null, woId, pick);
    if (draft === null) continue;
    for (const record of ledger.append([draft])) lives.set(woId, advance(lives.get(woId) ?? null, record));
  }
  ledger.sync();
  ledger.close();
}

/** Cuts the newest segment into more, as a ledger of more records would have them. */
function cut(folder: string, every: number): void {
  const first = segments(folder).at(-1) ?? 1;
  const lines = readFileSync(segmentPath(folder, first), 'utf8').split('\n').filter(Boolean);
  for (let at = 0; at < lines.length; at += every)
    writeFileSync(segmentPath(folder, first + at), `${lines.slice(at, at + every).join('\n')}\n`);
}

function allRecords(folder: string): Recorded[] {
  return segments(folder).flatMap((first) =>
    readFileSync(segmentPath(folder, first), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Recorded),
  );
}

/** What it failed with last, unless a person had it done again since. */
function codeOf(records: readonly Recorded[]): string | null {
  const last = records.findLast(({ event, data }) => 'error' in data || event === 'retried' || event === 'revised');
  return (last?.data as { error?: { code: string } | null } | undefined)?.error?.code ?? null;
}

function assertRows(folder: string, catalogue: Catalogue, lives: ReadonlyMap<string, OrderLife>): void {
  assert.equal(catalogue.size, lives.size);
  for (const [woId, life] of lives) {
    const row = catalogue.get(woId);
    assert.ok(row !== null, woId);
    const source = life.admitted ?? life.rejected;
    const isPurged = life.purgedAttempts > 0;
    assert.deepEqual(
      {
        ...{ status: row.status, waitingFor: row.waitingFor, attempt: row.attempt, lane: row.lane, last: row.last },
        ...{ born: row.born, startedAt: row.startedAt, finishedAt: row.finishedAt, code: row.code },
      },
      {
        ...{ status: life.status, waitingFor: life.waitingFor, attempt: life.attempt, lane: laneOf(life) },
        ...{ last: life.lastSeq, born: life.born, startedAt: life.startedAt, finishedAt: life.finishedAt },
        code: isTerminal(life.status) ? codeOf(allRecords(folder).filter((one) => one.wo_id === woId)) : null,
      },
      `${woId}: ${JSON.stringify(
        allRecords(folder)
          .filter((one) => one.wo_id === woId)
          .map(({ event, to }) => [event, to]),
      )}`,
    );
    if (!isPurged) assert.equal(row.title, (source?.title ?? source?.file ?? '').slice(0, 160));
    const layout = { ledger: folder };
    const records = recordsByRow({ layout } as never, row);
    assert.deepEqual(
      records?.map(({ seq }) => seq),
      allRecords(folder).flatMap((one) => (one.wo_id === woId ? [one.seq] : [])),
    );
  }
}

const CHOICES = fc.array(fc.nat(1000), { minLength: 8, maxLength: 240 });

test('property: rows say what the lives of the ledger say, and name the segments that hold them', async (t) => {
  await fc.assert(
    fc.asyncProperty(CHOICES, CHOICES, fc.integer({ min: 1, max: 30 }), async (before, after, every) => {
      const folder = join(t.tempDir(), 'ledger');
      const lives = new Map<string, OrderLife>();
      writeLives(folder, before, lives);
      cut(folder, every);
      const { catalogue, bell, close } = await open(folder);
      assert.equal(catalogue.isWhole, true);
      assertRows(folder, catalogue, lives);
      writeLives(folder, after, lives);
      await bell.ring();
      assertRows(folder, catalogue, lives);
      const order = catalogue.page({}, 1, 100).rows.map(({ updatedAt }) => updatedAt);
      assert.deepEqual(order, [...order].sort().reverse(), 'the newest change first');
      await close();
    }),
    { numRuns: 40 },
  );
});

function draft(
  event: Draft['event'],
  woId: string,
  to: Status | null,
  data: unknown,
  from: Status | null = null,
): Draft {
  return { event, woId, attempt: 1, from, to, data } as Draft;
}

/** Ten orders: odd ones fail, the last one waits. */
async function tenOrders(t: TestContext): Promise<{ folder: string } & Open> {
  const folder = join(t.tempDir(), 'ledger');
  const ledger = new FileLedger(folder, () => {});
  for (let n = 0; n < 10; n++) {
    const woId = `WO-${n}`;
    const lane = n < 3 ? 'OPS' : 'MAIN';
    ledger.append([
      draft('admitted', woId, 'ready', admittedData({ title: `Number ${n}, 100%`, lane, type: 'command' })),
      draft('started', woId, 'running', STARTED, 'ready'),
      n === 9
        ? draft('waits', woId, 'parked', { waiting_for: 'agent', until: null, why: 'so' }, 'running')
        : n % 2 === 1
          ? draft('failed', woId, 'failed', { ...outcomeData({ error: ERROR }), retry_at: null }, 'running')
          : draft('succeeded', woId, 'done', outcomeData(), 'running'),
    ]);
  }
  ledger.close();
  return { folder, ...(await open(folder)) };
}

test('filters hold together, searches find words whatever their case, and pages keep within their bounds', async (t) => {
  const { catalogue, close } = await tenOrders(t);
  t.defer(close);
  const ids = (wanted: Parameters<Catalogue['page']>[0], page = 1, perPage = 100) =>
    catalogue
      .page(wanted, page, perPage)
      .rows.map(({ woId }) => woId.slice(3))
      .join('');
  assert.equal(ids({}), '9876543210');
  assert.equal(ids({ statuses: ['failed'] }), '7531');
  assert.equal(ids({ statuses: ['failed', 'parked'] }), '97531');
  assert.equal(ids({ statuses: ['failed'], lane: 'OPS' }), '1');
  assert.equal(ids({ waitingFor: 'agent' }), '9');
  assert.equal(ids({ code: 'CHECK_FAILED' }), '7531');
  assert.equal(ids({ type: 'command', lane: 'OPS' }), '210');
  assert.equal(ids({ type: 'mission' }), '');
  assert.equal(ids({ search: '  NUMBER 4 ' }), '4');
  assert.equal(ids({ search: 'check_failed ops' }), '1');
  assert.equal(ids({ search: '100%' }), '9876543210');
  assert.equal(ids({ search: '.*' }), '', 'what is searched for is text');
  assert.equal(ids({}, 2, 4), '5432');
  assert.equal(ids({}, 3, 4), '10');
  assert.deepEqual({ ...catalogue.page({}, 99, 4), rows: 0 }, { rows: 0, total: 10, page: 3, pages: 3 });
  assert.deepEqual({ ...catalogue.page({}, -5, 4), rows: 0 }, { rows: 0, total: 10, page: 1, pages: 3 });
  assert.deepEqual(catalogue.page({ lane: 'NONE' }, 1, 4), { rows: [], total: 0, page: 1, pages: 1 });
  assert.equal(catalogue.get('wo-3')?.woId, 'WO-3', 'ids are found whatever their case');
  assert.equal(catalogue.get('WO-33'), null);
});

test('a ledger that was written anew counts, and nothing of the one before', async (t) => {
  const { folder, catalogue, bell, close } = await tenOrders(t);
  t.defer(close);
  const path = segmentPath(folder, 1);
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  // as a purge does: the same records with words taken out, in a new file
  writeFileSync(`${path}.new`, `${lines.map((line) => line.replaceAll('Number 4', '(purged)')).join('\n')}\n`);
  renameSync(`${path}.new`, path);
  await bell.ring();
  assert.equal(catalogue.page({ search: 'number 4' }, 1, 10).total, 0);
  assert.equal(catalogue.get('WO-4')?.title, '(purged), 100%');
  assert.equal(catalogue.size, 10);
  // as a restore from an older copy does
  writeFileSync(`${path}.new`, `${lines.slice(0, 6).join('\n')}\n`);
  renameSync(`${path}.new`, path);
  await bell.ring();
  assert.equal(catalogue.size, 2);
  assert.equal(catalogue.isWhole, true);
});

test('an order of which the birth is not there makes no row, and half a line is not read', async (t) => {
  const { folder, catalogue, bell, close } = await tenOrders(t);
  t.defer(close);
  const path = segmentPath(folder, 1);
  const before = readFileSync(path, 'utf8');
  const last = JSON.parse(before.trimEnd().split('\n').at(-1) ?? '') as Recorded;
  const stranger = JSON.stringify({ ...last, seq: last.seq + 1, wo_id: 'WO-STRANGE' });
  writeFileSync(path, `${before}${stranger}\n{"v":1,"seq":${last.seq + 2},"ts":"2026`);
  await bell.ring();
  assert.equal(catalogue.get('WO-STRANGE'), null);
  assert.equal(catalogue.seq, last.seq + 1);
});

test('an order whose try failed and that goes on has no code; one that failed has', async (t) => {
  const ledger = new LedgerLines(t.tempDir());
  for (const id of ['WO-AGAIN', 'WO-FAILS']) ledger.admitted(id, 1000);
  ledger.failedOnce('WO-AGAIN', 2000, 'CHECK_FAILED');
  ledger.failed('WO-FAILS', 3000, 'CHECK_FAILED');
  ledger.write();
  const { catalogue, close } = await open(ledger.folder);
  t.defer(close);
  assert.equal(catalogue.get('WO-AGAIN')?.code, null);
  assert.equal(catalogue.get('WO-FAILS')?.code, 'CHECK_FAILED');
});

test.run();
