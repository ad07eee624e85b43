import fc from 'fast-check';
import type { EventData, Recorded } from '../../../src/order/event.ts';
import type { Reserved, SteppedData } from '../../../src/order/mission.ts';
import type { Span } from '../../../src/platform/otlp/span.ts';
import { orderSpanId } from '../../../src/record/spans/ids.ts';
import { OrderSpans } from '../../../src/record/spans/order-spans.ts';
import {
  admitted,
  admittedData,
  cancelled,
  ERROR,
  EXECUTED,
  failed,
  LANDING,
  live,
  outcomeData,
  record,
  rejectedData,
  retried,
  started,
  succeeded,
  waits,
} from '../../order/lives.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('record/spans: an order');

const BEGUN = Date.parse('2026-11-20T10:00:00.000Z');
const TRACE = admittedData().trace_id;
const NOTHING: Reserved = { tokens: null, usd: null, seconds: null };

/** The same record at so many milliseconds, with a hash of its own. */
let made = 0;
function at(ms: number, one: Recorded): Recorded {
  const hash = `sha256:${String(++made).padStart(16, '0')}${'0'.repeat(48)}`;
  return { ...one, ts: new Date(BEGUN + ms).toISOString(), hash };
}

function foldAll(records: readonly Recorded[]): Span[] {
  const [first] = records;
  const spans = first === undefined ? null : OrderSpans.from(first, null);
  assert.ok(spans !== null);
  return records.flatMap((one) => spans.add(one));
}

const command = (n: number, name: string) => record('command', { n, name, idempotent: true });
const step = (n: number, name: string, agent: string | null = 'own', model?: string) =>
  record('step', {
    n,
    step: name,
    role: agent === null ? null : 'builder',
    agent,
    reserved: NOTHING,
    ...(model === undefined ? {} : { model }),
  });
const stepped = (n: number, name: string, more: Partial<SteppedData> = {}) =>
  record('stepped', {
    n,
    step: name,
    role: 'builder',
    agent: 'own',
    ok: (more.code ?? null) === null,
    code: null,
    why: null,
    failure: null,
    verdict: null,
    outputs: [],
    usage: null,
    seconds: 1,
    diff_sha256: null,
    diff_lines: 0,
    session: null,
    checkpoint: null,
    ...more,
  });

/** One line a span: where it lies, when, and how it ended. */
function lines(spans: readonly Span[]): string[] {
  const names = new Map(spans.map((span) => [span.spanId, span.name]));
  return spans.map(({ name, parentId, startMs, endMs, error, ok }) => {
    const above = parentId === null ? '' : `${names.get(parentId) ?? parentId} > `;
    return `${above}${name} ${startMs - BEGUN}-${endMs - BEGUN}${error === null ? '' : ` !${error}`}${ok ? ' ok' : ''}`;
  });
}

test('an order is a span from when it came to its end, with its waits, commands, checks and landing in it', () => {
  const spans = foldAll([
    at(10, record('admitted', admittedData({ waiting_for: 'hold' }), { to: 'parked' })),
    at(100, record('released', { why: 'somebody let it go' }, { to: 'ready' })),
    at(120, started()),
    at(130, command(1, 'make')),
    at(200, command(2, 'it greets')),
    at(
      260,
      record('executed', { ...EXECUTED, checks: [{ name: 'it greets', ok: true, exit_code: 0, duration_ms: 40 }] }),
    ),
    at(300, record('landing', LANDING)),
    at(350, record('landed', { commits: ['c1'], how: 'landed' })),
    at(360, succeeded()),
  ]);
  assert.deepEqual(lines(spans), [
    'order MAIN > wait hold 10-100',
    'order MAIN > command 130-200',
    'order MAIN > command 200-240 ok',
    'order MAIN > land 300-350 ok',
    'order MAIN 0-360 ok',
  ]);
  const [wait, make, check, , order] = spans;
  assert.deepEqual(order?.attributes, {
    'waybill.order': 'WO-1',
    'waybill.lane': 'MAIN',
    'waybill.type': 'apply_patch',
    'waybill.attempt': 1,
    'waybill.status': 'done',
    'waybill.files': 1,
    'waybill.commit': outcomeData().commits[0],
  });
  assert.equal(order?.spanId, orderSpanId(TRACE));
  assert.equal(wait?.attributes['waybill.waiting_for'], 'hold');
  assert.equal(make?.attributes['waybill.command.number'], 1);
  assert.deepEqual([check?.attributes['waybill.check'], check?.attributes['process.exit.code']], [true, 0]);
  assert.deepEqual(
    order?.events.map(({ name, atMs }) => `${name} ${atMs - BEGUN}`),
    ['started 120'],
  );
});

test('what failed carries the code: the command, the check, the attempt, the order', () => {
  const error = { ...ERROR, code: 'COMMAND_FAILED' };
  const broke = (to: 'failed' | 'parked') =>
    record('failed', { ...outcomeData({ error, checks: [], commits: [] }), retry_at: null }, { to });
  const checks = [
    { name: 'twice', ok: true, duration_ms: 5 },
    { name: 'twice', ok: false, exit_code: 2, duration_ms: 5 },
  ];
  const notOk = record(
    'failed',
    { ...outcomeData({ error: ERROR, checks, commits: [] }), retry_at: null },
    { to: 'failed' },
  );
  const spans = foldAll([
    at(0, admitted()),
    at(10, started()),
    at(20, command(1, 'twice')),
    at(30, command(2, 'make')),
    at(40, broke('parked')),
    at(100, record('released', { why: 'a second try' }, { to: 'ready', attempt: 2 })),
    at(110, started()),
    at(120, command(1, 'twice')),
    at(130, command(2, 'twice')),
    at(150, command(3, 'twice')),
    at(170, notOk),
  ]);
  assert.deepEqual(lines(spans), [
    'order MAIN > command 20-30',
    'order MAIN > command 30-40 !COMMAND_FAILED',
    'order MAIN > wait time 40-100',
    'order MAIN > command 120-130',
    'order MAIN > command 130-135 ok',
    'order MAIN > command 150-155 !CHECK_FAILED',
    'order MAIN 0-170 !CHECK_FAILED',
  ]);
  const order = spans.at(-1);
  assert.deepEqual(
    order?.events.map(({ name }) => name),
    ['started', 'failed', 'started'],
  );
  assert.equal(order?.attributes['error.type'], 'CHECK_FAILED');
});

test("a step holds its agent's part, which ends when the agent did, and the checks that the step asked for", () => {
  const usage = { input: 100, cache_read: 30, cache_write: 5, output: 10, tokens: 145, usd: 0.25 };
  const more = { usage, agent_seconds: 0.2, session: 's1', verdict: 'approved' as const };
  const spans = foldAll([
    at(0, admitted({ type: 'mission' })),
    at(10, record('started', { ...startedData(), mission: MISSION }, { to: 'running' })),
    at(20, step(1, 'hydrate', null)),
    at(30, stepped(1, 'hydrate', { agent: null, role: null })),
    at(40, step(2, 'build', 'own', 'large')),
    at(250, command(1, 'it greets')),
    at(300, stepped(2, 'build', more)),
    at(310, step(3, 'build')),
    at(320, command(2, 'it greets')),
    at(330, stepped(3, 'build', { code: 'CHECK_FAILED', failure: 'test_failure', agent_seconds: 0.005 })),
    at(340, step(4, 'build')),
    at(350, stepped(4, 'build', { code: 'AGENT_TIMEOUT', failure: 'timeout' })),
    at(400, succeeded()),
  ]);
  assert.deepEqual(lines(spans), [
    'order MAIN > step hydrate 20-30 ok',
    'step build > command 250-300 ok',
    'step build > invoke_agent own 40-240 ok',
    'order MAIN > step build 40-300 ok',
    'step build > command 320-330 !CHECK_FAILED',
    'step build > invoke_agent own 310-315',
    'order MAIN > step build 310-330 !CHECK_FAILED',
    'step build > invoke_agent own 340-350 !AGENT_TIMEOUT',
    'order MAIN > step build 340-350 !AGENT_TIMEOUT',
    'order MAIN 0-400 ok',
  ]);
  const { 'waybill.order': _order, 'waybill.lane': _lane, 'waybill.type': _type, ...own } = spans[2]?.attributes ?? {};
  assert.deepEqual(own, {
    'waybill.attempt': 1,
    'waybill.step': 'build',
    'waybill.step.number': 2,
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'own',
    'gen_ai.request.model': 'large',
    'gen_ai.conversation.id': 's1',
    'gen_ai.usage.input_tokens': 135,
    'gen_ai.usage.output_tokens': 10,
    'gen_ai.usage.cache_read.input_tokens': 30,
    'gen_ai.usage.cache_creation.input_tokens': 5,
    'waybill.usage.usd': 0.25,
  });
  assert.equal(spans.at(-1)?.attributes['gen_ai.workflow.name'], 'short');
  assert.deepEqual(
    [spans[3]?.attributes['waybill.role'], spans[3]?.attributes['waybill.verdict']],
    ['builder', 'approved'],
  );
});

test('what a kill cut short ends where that is told, as interrupted, and what is done again is another span', () => {
  const spans = foldAll([
    at(0, admitted()),
    at(10, started()),
    at(20, step(1, 'build')),
    at(30, command(1, 'it greets')),
    at(900, record('interrupted', { why: 'the station died' }, { to: 'ready' })),
    at(910, started()),
    at(920, step(2, 'build')),
    at(930, stepped(2, 'build')),
    at(940, record('landing', LANDING)),
    at(950, record('interrupted', { why: 'its landing was cut short' }, { to: 'ready' })),
    at(955, started()),
    at(960, record('landing', LANDING)),
    at(970, record('landed', { commits: [], how: 'landed' })),
    at(980, succeeded()),
  ]);
  assert.deepEqual(lines(spans), [
    'step build > command 30-900 !interrupted',
    'step build > invoke_agent own 20-900 !interrupted',
    'order MAIN > step build 20-900 !interrupted',
    'step build > invoke_agent own 920-930 ok',
    'order MAIN > step build 920-930 ok',
    'order MAIN > land 940-950 !interrupted',
    'order MAIN > land 960-970 ok',
    'order MAIN 0-980 ok',
  ]);
});

test("what a person's retry begins is a span of its own in the same trace, below the order's and after it", () => {
  const spans = foldAll([
    at(0, admitted()),
    at(10, started()),
    at(20, failed()),
    at(500, retried()),
    at(510, started()),
    at(520, command(1, 'make')),
    at(530, succeeded()),
  ]);
  const [first, make, second] = spans;
  assert.deepEqual(lines(spans), [
    'order MAIN 0-20 !CHECK_FAILED',
    'order MAIN > command 520-530',
    'order MAIN > order MAIN 500-530 ok',
  ]);
  assert.equal(second?.parentId, first?.spanId);
  assert.equal(make?.parentId, second?.spanId);
  assert.equal(second?.attributes['waybill.retried'], true);
});

test('a refusal is a trace of one span, also where the id is somebody else’s', () => {
  const [span] = foldAll([at(50, record('rejected', rejectedData(), { woId: null, to: 'rejected' }))]);
  assert.deepEqual(span && [span.name, span.parentId, span.error, span.endMs - span.startMs], [
    'order MAIN',
    null,
    'YAML_INVALID',
    50,
  ]);
  assert.equal(span?.attributes['waybill.order'], undefined);
});

test('of an order whose beginning was not seen the life says of which trace it is', () => {
  const life = live(admitted(), started());
  const first = at(200, command(3, 'make'));
  const spans = OrderSpans.from(first, life);
  assert.ok(spans !== null);
  assert.deepEqual(lines([...spans.add(first), ...spans.add(at(300, succeeded()))]), [
    'order MAIN > command 200-300',
    'order MAIN 0-300 ok',
  ]);
  assert.equal(OrderSpans.from(first, null), null);
});

test('no words of an author are in any span', () => {
  const words = admittedData({ title: 'SECRETWORD', summary: 'SECRETWORD', tags: ['SECRETWORD'], why: 'SECRETWORD' });
  const spans = foldAll([
    at(0, record('admitted', { ...words, waiting_for: 'hold' }, { to: 'parked' })),
    at(5, record('held', { by: 'SECRETWORD', reason: 'SECRETWORD' }, { to: 'parked' })),
    at(10, started()),
    at(20, command(1, 'SECRETWORD')),
    at(30, record('executed', { ...EXECUTED, checks: [{ name: 'SECRETWORD', ok: false, actual: 'SECRETWORD' }] })),
    at(40, record('waits', { waiting_for: 'approval', until: null, why: 'SECRETWORD' }, { to: 'parked' })),
    at(50, cancelled('parked')),
  ]);
  assert.equal(spans.length, 5);
  assert.ok(!JSON.stringify(spans).includes('SECRETWORD'));
});

const MISSION = { chain: 'short', chain_sha256: '', reviewers: 1, policy_sha256: '' };
const startedData = (): EventData['started'] => (started() as Recorded<'started'>).data;

/** Whatever happens within an order, in whatever order it happens. */
const WITHIN: readonly (() => Recorded)[] = [
  started,
  () => command(1, 'make'),
  () => command(2, 'it greets'),
  () => record('executed', { ...EXECUTED, checks: [{ name: 'it greets', ok: false, duration_ms: 999_999 }] }),
  () => step(1, 'build'),
  () => step(2, 'hydrate', null),
  () => stepped(1, 'build', { agent_seconds: 99_999 }),
  () => record('landing', LANDING),
  () => record('landed', { commits: [], how: 'landed' }),
  () => waits(),
  () => waits('approval'),
  () => failed('parked'),
  () => record('held', { by: 'a', reason: '' }, { to: 'parked' }),
  () => record('released', { why: '' }, { to: 'ready' }),
  () => record('interrupted', { why: '' }, { to: 'ready' }),
  () => record('restored', { paths: [], unrestored: [], left: [] }),
];
const ENDS: readonly (() => Recorded)[] = [succeeded, () => failed(), cancelled];

test('whatever comes, and however the clock is set: ids are unique, parents are there, and what lies within another lies within its time', () => {
  const moment = fc.tuple(fc.integer({ min: -50, max: 500 }), fc.constantFrom(...WITHIN));
  const run = fc.tuple(
    fc.array(moment, { maxLength: 25 }),
    fc.integer({ min: -50, max: 500 }),
    fc.constantFrom(...ENDS),
  );
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 3 }), (runs) => {
      let ms = 0;
      const records: Recorded[] = [at(0, admitted())];
      for (const [i, [moments, last, end]] of runs.entries()) {
        if (i > 0) records.push(at(ms, retried()));
        for (const [more, one] of [...moments, [last, end] as const]) {
          ms = Math.max(0, ms + more);
          records.push(at(ms, one()));
        }
      }
      const spans = foldAll(records);
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      assert.equal(byId.size, spans.length);
      for (const span of spans) {
        assert.equal(span.traceId, TRACE);
        assert.ok(span.startMs <= span.endMs);
        const above = span.parentId === null ? null : byId.get(span.parentId);
        assert.ok(above !== undefined, `${span.name} has no parent`);
        if (above === null) continue;
        if (span.attributes['waybill.retried'] === true) assert.ok(span.startMs >= above.endMs);
        else assert.ok(above.startMs <= span.startMs && span.endMs <= above.endMs, lines([above, span]).join(' | '));
      }
      assert.equal(spans.filter(({ parentId }) => parentId === null).length, 1);
    }),
    { numRuns: 500 },
  );
});

test.run();
