import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TelemetryPage } from '../../../src/views/telemetry/page.ts';
import { type FoundLine, searchTelemetry, type WantedLines } from '../../../src/views/telemetry/search.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** Telemetry is found newest first through files that were turned, in pieces that are bounded, and what is no telemetry is shown as that. */

const test = suite('views/telemetry/search');

const MINUTE = 60_000;
const BEGUN = Date.parse('2026-11-20T10:00:00.000Z');

/** The n-th line of a station that says something every minute. */
function line(n: number, more: object = {}): string {
  const ts = new Date(BEGUN + n * MINUTE).toISOString();
  return JSON.stringify({
    v: 1,
    ts,
    agent: 'executor',
    event: 'wo_completed',
    ok: true,
    wo_id: `WO-${n}`,
    lane: 'MAIN',
    ...more,
  });
}

function lines(from: number, to: number, more: (n: number) => object = () => ({})): string {
  return Array.from({ length: to - from }, (_, i) => `${line(from + i, more(from + i))}\n`).join('');
}

/** Telemetry in three files: 0-99, 100-199, and 200-299 in the present one. */
function turned(t: TestContext): string {
  const folder = join(t.tempDir(), 'telemetry');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'unified.2026-11-20.1.jsonl'), lines(0, 100));
  writeFileSync(join(folder, 'unified.2026-11-20.2.jsonl'), lines(100, 200));
  writeFileSync(join(folder, 'unified.jsonl'), lines(200, 300));
  return join(folder, 'unified.jsonl');
}

const idsOf = (found: readonly FoundLine[]) => found.map(({ line: l }) => Number(l?.wo_id?.slice(3)));
const count = (from: number, to: number) => Array.from({ length: from - to }, (_, i) => from - 1 - i);

function all(path: string, wanted: WantedLines, perPage: number): number[] {
  const found: number[] = [];
  for (let next = searchTelemetry(path, wanted, null, perPage); ; ) {
    found.push(...idsOf(next.lines));
    if (next.next === null) return found;
    next = searchTelemetry(path, wanted, next.next, perPage);
  }
}

test('pages through files that were turned give every line once, newest first', (t) => {
  const path = turned(t);
  for (const perPage of [1, 7, 50, 100, 1000]) assert.deepEqual(all(path, {}, perPage), count(300, 0), String(perPage));
});

test('a page goes on at its place also when the file was turned meanwhile', (t) => {
  const path = turned(t);
  const first = searchTelemetry(path, {}, null, 50);
  renameSync(path, path.replace('.jsonl', '.2026-11-20.3.jsonl'));
  writeFileSync(path, lines(300, 310));
  assert.deepEqual(idsOf(searchTelemetry(path, {}, first.next, 50).lines), count(250, 200));
});

test('each filter keeps what it says, and together what all say', (t) => {
  const path = turned(t);
  appendFileSync(path, `${line(300, { ok: false, event: 'wo_failed', code: 'EDIT_NO_MATCH', lane: 'CLC' })}\n`);
  appendFileSync(
    path,
    `${line(301, { agent: 'guardrail', event: 'wo_pipeline_healthy', wo_id: null, lane: undefined })}\n`,
  );
  const one = (wanted: WantedLines) =>
    searchTelemetry(path, wanted, null, 1000).lines.map(({ line: l }) => l?.ts.slice(11, 16));
  for (const wanted of [
    { event: 'failed' },
    { ok: false },
    { lane: 'CLC' },
    { order: 'WO-300' },
    { words: 'edit_no_match clc' },
    { event: 'wo_failed', lane: 'CLC', agent: 'executor', ok: false },
  ])
    assert.deepEqual(one(wanted), ['15:00'], JSON.stringify(wanted));
  assert.deepEqual(one({ agent: 'guardrail' }), ['15:01']);
  assert.deepEqual(one({ event: 'wo_failed', lane: 'MAIN' }), []);
  // the name of a field is no event, and a part of an id is another order
  assert.deepEqual(one({ event: 'agent' }), []);
  assert.deepEqual(one({ order: 'WO-30' }), ['10:30']);
});

test('a range of time is found where it stands', (t) => {
  const path = turned(t);
  for (const [from, to] of [
    [0, 5],
    [95, 105],
    [150, 151],
    [280, 299],
    [0, 299],
  ] as const) {
    const wanted = { since: BEGUN + from * MINUTE, until: BEGUN + to * MINUTE };
    assert.deepEqual(all(path, wanted, 1000), count(to + 1, from), `${from} to ${to}`);
  }
  assert.deepEqual(all(path, { until: BEGUN - MINUTE * 10 }, 10), []);
});

test('a range of long ago is found without reading what came after', (t) => {
  const path = turned(t);
  writeFileSync(path, lines(200, 150_000));
  const found = searchTelemetry(path, { until: BEGUN + 300 * MINUTE, since: BEGUN + 290 * MINUTE }, null, 100);
  assert.deepEqual(idsOf(found.lines), count(301, 290));
  assert.equal(found.isCut, false);
});

test('a search that finds nothing reads so much and no more, says so, and goes on', (t) => {
  const path = turned(t);
  writeFileSync(path, lines(200, 200_000));
  let found = searchTelemetry(path, { order: 'WO-3' }, null, 10);
  assert.ok(found.isCut && found.next !== null && found.back !== null, 'one piece does not do for 30 MB');
  let pieces = 1;
  for (; found.next !== null; pieces++) found = searchTelemetry(path, { order: 'WO-3' }, found.next, 10);
  assert.deepEqual(idsOf(found.lines), [3]);
  assert.ok(pieces < 100, `${pieces} pieces`);
});

test('what is no telemetry is shown as it stands, and is no order’s', (t) => {
  const path = turned(t);
  const huge = `{"v":1,"x":"${'x'.repeat(1_000_000)}"}`;
  const strangers = [
    '<script>alert(1)</script>',
    '[1,2]',
    '{"ts":"yesterday"}',
    huge,
    '{"cut off',
    Buffer.from([0xff, 0xfe]).toString('latin1'),
  ];
  appendFileSync(path, `${strangers.join('\n')}\n${line(300)}\n{"being written`);
  const found = searchTelemetry(path, {}, null, 8).lines;
  assert.deepEqual(idsOf(found), [300, ...strangers.map(() => Number.NaN), 299]);
  assert.equal(found[3]?.bytes, huge.length + 1);
  assert.ok((found[3]?.text.length ?? 0) < 300_000, 'only its beginning is kept');
  assert.equal(found.at(-2)?.text, strangers[0]);
  assert.equal(
    searchTelemetry(path, { lane: 'MAIN' }, null, 8).lines.every(({ line: l }) => l !== null),
    true,
  );
  assert.equal(searchTelemetry(path, { words: 'SCRIPT' }, null, 8).lines.length, 1);
});

test('an open page reads what is new, and holds one page', (t) => {
  const path = turned(t);
  const page = new TelemetryPage(path, { lane: 'MAIN' }, null, 50);
  const first = page.look();
  assert.equal(page.look(), first, 'nothing moved');
  appendFileSync(path, lines(300, 303));
  assert.deepEqual(idsOf(page.look().lines), count(303, 253));
  // the file is turned, and the new one grows
  renameSync(path, path.replace('.jsonl', '.2026-11-20.3.jsonl'));
  writeFileSync(path, lines(303, 310));
  const now = page.look();
  assert.deepEqual(idsOf(now.lines), count(310, 260));
  const older = searchTelemetry(path, { lane: 'MAIN' }, now.next, 5);
  assert.deepEqual(idsOf(older.lines), count(260, 255));
  // more than a page at once
  appendFileSync(path, lines(310, 500));
  assert.deepEqual(idsOf(page.look().lines), count(500, 450));
  // somebody takes all of it away
  rmSync(join(path, '..'), { recursive: true });
  assert.deepEqual(page.look().lines, []);
  mkdirSync(join(path, '..'));
  writeFileSync(path, lines(500, 503));
  assert.deepEqual(idsOf(page.look().lines), count(503, 500));
});

test('a page whose file was taken away says so', (t) => {
  const path = turned(t);
  const from = searchTelemetry(path, {}, null, 150).next;
  const page = new TelemetryPage(path, {}, from, 50);
  assert.equal(page.isGone, false);
  rmSync(path.replace('.jsonl', '.2026-11-20.2.jsonl'));
  assert.equal(page.isGone, true);
  assert.deepEqual(page.look().lines, []);
});

test.run();
